"""The second main flow in one command: a red production, and its fix live, tagged and on main."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.processes import gone, of_folder
from tests.e2e.scene import inv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.rehearsal


@pytest.mark.whole  # a minute; its parts are walked by tests/workflows and tests/contract
def test_rehearse_hotfix_goes_from_a_red_production_to_the_fix_live(fresh_repository: Path) -> None:
    ended = inv("rehearse", "--hotfix", root=fresh_repository)
    assert ended.code == 0, str(ended)
    lines = [line for line in ended.out.splitlines() if line]
    assert lines[0].startswith(
        "Rehearsal of a hotfix, on this machine alone. Production is red: cms answers 500"
    )
    for act in ("$ inv hotfix cms-v1.2.3", "merge  http", "$ inv approve ", "under way: deploy"):
        assert any(line.startswith(act) for line in lines), str(ended)
    assert lines[-1].startswith("cms-v1.2.4 is live and healthy (200 at /api/health), tagged, and on main")
    assert "This was a rehearsal" in lines[-1]
    assert gone(of_folder(fresh_repository))
    assert list((fresh_repository / ".release" / "rehearsal").iterdir()) == []
