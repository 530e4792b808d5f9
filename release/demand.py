"""What demands a bump, as a plugin imports it: `from release.demand import Evidence`."""

from release.model.evidence import Evidence, Fault, Loss, Past, Surface, Verdict

__all__ = ["Evidence", "Fault", "Loss", "Past", "Surface", "Verdict"]
