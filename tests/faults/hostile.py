"""What somebody with bad intentions, or a broken program, puts into names, files and answers."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from release.views import listener
from tests.faults.snapshot import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.testing import Double

MARKER = "pwned"
SHELL = f"$(touch {MARKER}) `touch {MARKER}`; touch {MARKER} | touch {MARKER} && touch {MARKER} #"
WILD = "\x1b[2J\x1b]0;title\x07\x1b[31mred\x9b1m\r\x00\x08\u202eevil" + SHELL
DEEP = b"[" * 100_000 + b"]" * 100_000
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def shown(world: Double, root: Path | None = None) -> tuple[Outcome, str]:
    """Release, and what a person reads of it."""
    out = io.StringIO()
    outcome = world.release(root=root, listener=listener(out=out, err=out, environ=world.environ))
    return outcome, out.getvalue()


def is_harmless(world: Double, text: str, *, production_changed: bool = False) -> None:
    """Nothing was executed, no terminal is steered, and nothing was tagged; production is as it was unless said so."""
    assert not [path for path in world.folder.rglob(f"*{MARKER}*") if path.name == MARKER]
    assert not _CONTROL.search(text), ascii(text)
    assert "Traceback" not in text
    now = Reader(world).snapshot()
    assert [name for name in now.refs if name.startswith("refs/tags/cms-v1.2.4")] == []
    if not production_changed:
        assert {share[0][0].partition("+")[0] for share in now.shares.values()} == {"cms-v1.2.3"}
