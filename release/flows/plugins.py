"""`inv plugins`: who adds what, and the order that results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release import checks, extensions, sequences
from release.config import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lines(root: Path) -> Iterator[str]:
    """Each plugin with its hooks, then the sequence with the plugins' steps marked."""
    config = load(root)
    plugins = extensions.load(config, (checks,))
    for name, hooks in plugins.origins():
        yield f"{name:<28} {', '.join(hooks) or 'no hooks'}"
    yield ""
    core = sequences.production(config, config.production, relive=False)
    own = {step.name for step in core}
    for number, step in enumerate(plugins.with_steps(core, config.production), 1):
        yield f"  {number:>2} {step.name}{'' if step.name in own else '   (plugin)'}"
