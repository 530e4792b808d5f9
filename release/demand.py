"""What demands a bump, as a plugin imports it: `from release.demand import Evidence`."""

from release.model.evidence import Baseline, Evidence, Fault, Loss, Surface, Verdict

Past = Baseline  # its name in plugins that were written before

__all__ = ["Baseline", "Evidence", "Fault", "Loss", "Past", "Surface", "Verdict"]
