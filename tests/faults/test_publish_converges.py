"""Whatever goes wrong with any one write of a publish: the same command again ends where an unbroken run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.breaking import KILLS, LIES
from tests.faults.cases import carry_out, unbroken, watched
from tests.faults.publishing import NAME, NEW, PUBLISH, content, publish, waiting
from tests.faults.test_convergence import all_converged, cases_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.breaking import Breaking
    from tests.faults.cases import Unbroken
    from tests.faults.test_convergence import Noted


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    """An unbroken publish; its writes, as the servers saw them, are what can go wrong."""
    return unbroken(tmp_path_factory.mktemp("published") / "world", waiting, command=PUBLISH)


def test_an_unbroken_publish_writes_to_git_the_registry_and_github(whole: Unbroken) -> None:
    systems = [written.asked.system if not written.asked.is_push else "git" for written in whole.writes]
    assert systems == ["git", "git", "npm", "git", "forge", "git"]
    assert whole.end.packages[NAME].keys() == {"1.3.0", NEW}


@pytest.mark.parametrize("kind", [*KILLS, *LIES], ids=lambda kind: kind.__name__)
def test_a_publish_with_one_write_gone_wrong_converges(
    whole: Unbroken, kind: type[Breaking], tmp_path: Path, record_property: Noted, *, is_whole: bool
) -> None:
    ended = [
        carry_out(tmp_path / str(number), whole, written, kind, elsewhere=number % 2 == 1)
        for number, written in cases_of(kind, whole.writes, is_whole=is_whole)
    ]
    all_converged(ended, record_property)


def test_what_is_published_is_what_the_tag_names(tmp_path: Path) -> None:
    with watched(tmp_path / "world", scene=waiting, command=PUBLISH) as watch:
        world = watch.world
        assert publish(world, world.root).exit_code == 0
        named = world.git("show", f"api-v{NEW}:packages/api/src/index.js", cwd=world.forge.repository)
        assert content(world.registry.tarballs[f"{NAME}/api-{NEW}.tgz"]).decode().strip() == named
