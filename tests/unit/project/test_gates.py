"""`inv test`: which gates run, and where the tests write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from tools import gates, lanes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Ran = list[tuple["Sequence[Sequence[lanes.Gate]]", "Mapping[str, str]"]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """The lanes that were to run, and their environment; nothing does."""
    found: Ran = []

    def run(asked: Sequence[Sequence[lanes.Gate]], environ: Mapping[str, str]) -> list[lanes.Ended]:
        assert "TMPDIR" not in environ or Path(environ["TMPDIR"]).is_dir()
        found.append((asked, environ))
        return []

    monkeypatch.setattr(lanes, "run_lanes", run)
    return found


def words(ran: Ran) -> list[str]:
    """Every word of the command that runs the tests."""
    (asked, _), *_ = ran
    return [word for lane in asked for name, command in lane if name == "tests" for word in command]


def test_only_all_has_every_case(ran: Ran) -> None:
    gates.run_gates.body(Context())
    gates.run_gates.body(Context(), all=True)
    assert ("--whole" in words(ran[:1]), "--whole" in words(ran[1:])) == (False, True)


def test_quick_and_all_exclude_each_other(ran: Ran) -> None:
    with pytest.raises(Exit) as refused:
        gates.run_gates.body(Context(), quick=True, all=True)
    assert (refused.value.code, ran) == (2, [])


def test_the_tests_write_into_memory_where_there_is_room_and_nothing_stays(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    for memory, enough in ((tmp_path, 0), (tmp_path, 1 << 62), (tmp_path / "none", 0)):
        monkeypatch.setattr(gates, "MEMORY", str(memory))
        monkeypatch.setattr(gates, "ENOUGH", enough)
        gates.run_gates.body(Context(), quick=True)
    folders = [environ.get("TMPDIR", "") for _, environ in ran]
    assert [folder.startswith(str(tmp_path)) for folder in folders] == [True, False, False]
    assert list(tmp_path.iterdir()) == []
