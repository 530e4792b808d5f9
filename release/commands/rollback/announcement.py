"""Tells plugins that a rollback is over. They are looked for only then: a rollback depends on no plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import ReleaseError

if TYPE_CHECKING:
    from release.model.outcome import Listener, Outcome
    from release.systems.ops import Ops


def rolled_back(ops: Ops, tag: str, reason: str, ended: Outcome, listener: Listener) -> None:
    """Tell every plugin how a rollback ended; what is wrong with one becomes a line and changes nothing."""
    from release import extensions

    try:
        plugins = extensions.load(ops.config, environ=ops.environ)
    except ReleaseError as error:
        listener.line(f"no plugin was told: {error.what}")
        return
    for line in plugins.tell("release_rolled_back", tag=tag, reason=reason, ended=ended):
        listener.line(line)
