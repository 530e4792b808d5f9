"""What people and scripts see: terminal, plain lines, JSON. Values in, text out."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.outcome import Listener


def listener(
    *,
    json: bool = False,
    verbose: bool = False,
    out: TextIO | None = None,
    err: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> Listener:
    """The view for this invocation: a live one on a terminal, plain lines elsewhere and where TERM is `dumb`.

    In GitHub Actions: plain lines with groups and annotations, the job summary and the step's outputs.

    With `json`, stdout belongs to the one JSON object (the command writes it) and people read stderr.
    `verbose` keeps the lines of programs on a terminal; plain lines hold them always, for a log is all that a CI
    machine leaves behind. `out`, `err` and `environ` are the process's own unless given.
    """
    stream = (err or sys.stderr) if json else (out or sys.stdout)
    environ = os.environ if environ is None else environ
    from release.systems.machine.secrets import Mask
    from release.views.sink import Sink

    mask = Mask.of(environ)
    sink = Sink(stream, mask)

    if environ.get("GITHUB_ACTIONS") == "true":
        from release.model.outcome import Listeners
        from release.views import actions

        return Listeners(actions.listeners(sink, environ, mask))
    if stream.isatty() and environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}:
        from release.views.live import LiveView, console

        return LiveView(console(sink, environ), verbose=verbose)
    from release.views.plain import Plain

    return Plain(sink)
