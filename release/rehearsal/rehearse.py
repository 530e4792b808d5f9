"""`inv rehearse`: the same release, for real, on this machine alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from release.rehearsal.control import staged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.model import Request
    from release.outcome import Listener, Outcome
    from release.run import Gate


def rehearse(
    root: Path,
    environ: Mapping[str, str],
    request: Request,
    gate: Gate,
    listening: Callable[[], Listener],
    say: Callable[[str], None],
) -> Outcome:
    """Set up a stage of its own, release on it, and take it away again. Raises StageError when it cannot be set up."""
    folder = root / ".release" / "rehearsal" / uuid4().hex[:8]
    try:
        with staged(root, folder) as ready:
            from release.flows.releasing import (  # while the stage sets itself up: it costs as long as a plan
                Asked,
                release,
            )

            listener, stage = listening(), ready(say)
            return release(
                Path(stage["RELEASE_STAGE"]), rehearsed(environ, stage), Asked(request), gate, listener
            )
    finally:
        for path in folder.parent.glob(f"{folder.name}*"):  # what a host that was killed left behind
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def rehearsed(environ: Mapping[str, str], stage: Mapping[str, str]) -> dict[str, str]:
    """The process's environment, in which every address and token is the stage's."""
    own = ("CLOUDFLARE_", "GITHUB_", "GH_", "GIT_CONFIG_", "RELEASE_", "ACTIONS_", "CF_")
    kept = {name: value for name, value in environ.items() if not name.startswith(own)}
    return {**kept, **stage}
