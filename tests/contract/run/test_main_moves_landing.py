"""Main moves while a release is under way: the tag names what was deployed, and the version is never lowered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release.testing import CONFIG, NewCommit, approve
from release.testing import double as opened
from release.testing.monorepo import LOCKFILE, MANIFEST
from tests.contract.record_on_remote import At, deployed, record_of, refs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.testing import Double

MAIN, TAG = "refs/heads/main", "refs/tags/cms-v1.2.4"


def meanwhile(move: Callable[[], object]) -> Callable[[Preview], Granted]:
    """A gate that is passed only after main has moved."""

    def gate(preview: Preview) -> Granted:
        move()
        return approve(preview)

    return gate


def on(world: Double, commit: str, path: str) -> str:
    """A file of a commit on the remote."""
    return world.git("show", f"{commit}:{path}", cwd=world.forge.repository)


def version_on(world: Double, commit: str) -> str:
    """The version in the manifest of a commit; the lockfile says the same."""
    version: str = json.loads(on(world, commit, MANIFEST))["version"]
    assert json.loads(on(world, commit, LOCKFILE))["packages"]["apps/cms"]["version"] == version
    return version


def parents(world: Double, commit: str) -> list[str]:
    """The parents of a commit on the remote."""
    return world.git("rev-parse", f"{commit}^@", cwd=world.forge.repository).split()


def bump_of(world: Double, base: str) -> str:
    """The commit that the tag names: a child of the base that only raises the version."""
    commit = refs(world)[TAG]
    assert parents(world, commit) == [base]
    changed = world.git("diff", "--name-only", base, commit, cwd=world.forge.repository).split()
    assert sorted(changed) == [MANIFEST, LOCKFILE]
    assert version_on(world, commit) == "1.2.4"
    return commit


def test_where_main_stands_still_it_gets_the_bump_commit_itself(double: Double) -> None:
    base = refs(double)[MAIN]
    assert double.release().outcome == "released"
    assert refs(double)[MAIN] == bump_of(double, base)


@pytest.mark.parametrize("count", [1, 20])
def test_commits_that_came_meanwhile_stay_and_get_the_new_version_on_top(double: Double, count: int) -> None:
    base, moved = refs(double)[MAIN], []
    more = {"docs/more.md": "more\n"}
    outcome = double.release(gate=meanwhile(lambda: moved.append(double.merge(more, count=count))))
    assert outcome.outcome == "released"
    tip = refs(double)[MAIN]
    assert parents(double, tip) == [moved[0], bump_of(double, base)]
    assert (version_on(double, tip), on(double, tip, "docs/more.md")) == ("1.2.4", "more")
    assert double.git("log", "-1", "--format=%(trailers:key=Release,valueonly)", tip) == "cms-v1.2.4"


def test_an_edit_of_the_line_beside_the_version_is_kept(double: Double) -> None:
    base, text = refs(double)[MAIN], (double.root / MANIFEST).read_text()
    edited = text.replace('"private": true', '"private": false').replace("@double/cms", "@double/the-cms")
    outcome = double.release(gate=meanwhile(lambda: double.merge({MANIFEST: edited})))
    assert outcome.outcome == "released"
    bump_of(double, base)
    assert on(double, refs(double)[MAIN], MANIFEST) == edited.replace("1.2.3", "1.2.4").strip()


def test_a_version_that_somebody_raised_meanwhile_is_not_lowered(double: Double) -> None:
    base = refs(double)[MAIN]
    higher = {
        path: (double.root / path).read_text().replace("1.2.3", "2.0.0") for path in (MANIFEST, LOCKFILE)
    }
    assert double.release(gate=meanwhile(lambda: double.merge(higher))).outcome == "released"
    bump_of(double, base)
    assert version_on(double, refs(double)[MAIN]) == "2.0.0"


def test_main_that_moves_during_the_push_is_read_again(tmp_path: Path) -> None:
    with opened(tmp_path, remote="http") as world:
        base = refs(world)[MAIN]
        moved: list[str] = []

        def before(request: Request) -> None:
            pushes = request.path.endswith("/git-receive-pack") and b"refs/heads/main" in request.get_data()
            if pushes and len(moved) < 2:
                moved.append(world.merge({"docs/more.md": f"{len(moved)}\n"}))

        world.forge.before = before
        assert world.release().outcome == "released"
        assert parents(world, refs(world)[MAIN]) == [moved[1], bump_of(world, base)]


def test_main_that_moves_at_every_try_leaves_a_healthy_release_that_a_rerun_records(tmp_path: Path) -> None:
    with opened(tmp_path, remote="http") as world:
        base = refs(world)[MAIN]

        def before(request: Request) -> None:
            if request.path.endswith("/git-receive-pack") and b"refs/heads/main" in request.get_data():
                world.merge({"docs/more.md": "again\n"})

        world.forge.before = before
        outcome = world.release()
        assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
        assert TAG not in refs(world)
        world.forge.before = None
        assert world.release().decision == "finish"
        bump_of(world, base)
        assert deployed(world) == ["mcp", "cms"]


def test_linear_history_gets_one_parent_and_the_trailer_stands_for_the_release(tmp_path: Path) -> None:
    config = CONFIG.replace("[tool.release]\n", "[tool.release]\nlinear_history = true\n", 1)
    with opened(tmp_path, overlay={"pyproject.toml": config}) as world:
        base, moved = refs(world)[MAIN], []
        more = {"docs/more.md": "more\n"}
        assert world.release(gate=meanwhile(lambda: moved.append(world.merge(more)))).outcome == "released"
        bump_of(world, base)
        tip = refs(world)[MAIN]
        assert (parents(world, tip), version_on(world, tip)) == (moved, "1.2.4")
        assert world.release(root=world.clone()).decision == "start"  # only what came since waits


def test_another_machine_that_records_the_release_meanwhile_is_noticed(double: Double) -> None:
    base, elsewhere = refs(double)[MAIN], double.clone()

    def finished_elsewhere() -> None:
        double.clock.advance(2000)
        assert double.release(root=elsewhere).decision == "finish"

    outcome = double.release(listener=At("record", finished_elsewhere))
    assert outcome.exit_code == 3
    assert refs(double)[MAIN] == bump_of(double, base)
    again = double.release()
    assert (again.exit_code, again.outcome) == (0, "nothing")
    assert record_of(double).outcome == "released"


def test_the_checkout_follows_its_own_release_where_main_moved(double: Double) -> None:
    assert double.release(gate=meanwhile(lambda: double.merge({"docs/more.md": "more\n"}))).exit_code == 0
    assert double.git("rev-parse", "HEAD") == refs(double)[TAG]
    assert double.git("status", "--porcelain") == ""


def test_a_tag_of_somebody_elses_is_never_moved(double: Double) -> None:
    (made,) = double.commits([NewCommit("feat: by hand", {"docs/more.md": "more\n"}, tag="cms-v1.2.4")])
    outcome = double.release()
    assert outcome.exit_code in {1, 4, 5}
    assert refs(double)[TAG] == made
    assert deployed(double) == []
