"""A double that opens from a kept scene is the one that was opened from nothing, and shares nothing with it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from release.rehearsal.cloud.statements import Statement
from release.testing import double, kept
from release.testing.double import DATABASES

if TYPE_CHECKING:
    from pathlib import Path

    from release.testing import Double

LEDGER = Statement("SELECT id, name FROM d1_migrations ORDER BY id")


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_KEPT", OrderedDict())


def facts(world: Double) -> dict[str, object]:
    """All that servers and checkout hold, without what is each world's own."""
    return {
        "refs": world.git("show-ref", cwd=world.forge.repository),
        "forge": msgspec.to_builtins(world.forge._state),
        "scripts": world.cloud.account.scripts,
        "writes": world.cloud.log,
        "databases": [
            world.runtime.d1(uuid, [LEDGER])[0].rows
            for name, uuid in DATABASES.items()
            if "audit" not in name
        ],
        "checkout": world.git("status", "--branch", "--porcelain=v2", "--ignored"),
        "made": world.made,
    }


@pytest.mark.parametrize("remote", ["file", "http"])
def test_a_second_world_opens_as_the_first(tmp_path: Path, remote: Literal["file", "http"]) -> None:
    with double(tmp_path / "one", remote=remote) as one, double(tmp_path / "two", remote=remote) as two:
        assert len(kept._KEPT) == 1
        assert facts(one) == facts(two)
        assert two.git("remote", "get-url", "origin") == two.remote_url != one.remote_url


def test_what_happens_in_one_world_is_not_seen_in_another(tmp_path: Path) -> None:
    with double(tmp_path / "one") as one, double(tmp_path / "two") as two:
        before = facts(two)
        assert one.release().outcome == "released"
        assert facts(two) == before
        commit = two.commit({"more.txt": "more\n"})
        assert two.release().exit_code == 0
        assert commit in two.git("rev-list", "main").split()
    with double(tmp_path / "three") as three:
        assert facts(three) == before


def test_other_files_are_another_scene_and_few_are_kept(tmp_path: Path) -> None:
    for number in range(kept.MOST + 1):
        with double(tmp_path / str(number), overlay={"note.txt": f"{number}\n"}) as world:
            assert (world.root / "note.txt").read_text() == f"{number}\n"
    assert len(kept._KEPT) == kept.MOST


def test_a_world_that_was_never_released_is_kept_too(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with double(tmp_path / name, released=None) as world:
            assert world.release().outcome == "released"
