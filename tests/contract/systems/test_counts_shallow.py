"""A checkout of depth 1 is enough: what a release needs of the history is fetched, and not one commit more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.model.repository import History
from release.testing import Recorder

if TYPE_CHECKING:
    from release.testing import Double


def history(double: Double, root: str) -> History:
    """The history as a plan in the checkout `root` reads it."""
    recorder = Recorder()
    double.plan(root=double.folder / root, listener=recorder)
    assert recorder.preview is not None
    assert isinstance(recorder.preview.world.history, History)
    return recorder.preview.world.history


def notes(double: Double, tag: str) -> str:
    """What the Release of a tag says."""
    url = f"{double.forge.api_url}/repos/{double.environ['GITHUB_REPOSITORY']}/releases/tags/{tag}"
    headers = {"authorization": f"Bearer {double.environ['GITHUB_TOKEN']}"}
    with double.ops() as ops:
        return str(ops.http.read(url, headers=headers).json()["body"])


@pytest.mark.parametrize("count", [1, 2, 40])
def test_a_depth_1_checkout_sees_exactly_the_unreleased_commits(double: Double, count: int) -> None:
    double.merge({"more.txt": "more"}, count=count)
    shallow, full = double.clone("shallow", "--depth=1"), double.clone("full")

    seen = [(one.sha, one.subject) for one in history(double, "shallow").unreleased]

    assert seen == [(one.sha, one.subject) for one in history(double, "full").unreleased]
    assert len(seen) == count + 1
    assert double.git("rev-list", "--count", "--all", cwd=shallow) == str(count + 1)
    assert double.git("rev-list", "--count", "HEAD", cwd=full) == str(count + 2)


def test_a_depth_1_checkout_makes_the_same_plan(double: Double) -> None:
    double.merge({"more.txt": "more"}, count=3)
    shallow, full = double.clone("shallow", "--depth=1"), double.clone("full")

    planned, expected = double.plan(root=shallow), double.plan(root=full)

    assert planned.as_json() == expected.as_json()
    assert planned.outcome == "planned"


def test_a_depth_1_checkout_makes_the_same_release_with_the_same_notes(double: Double) -> None:
    double.merge({"more.txt": "more"}, count=3)
    outcome = double.release(root=double.clone("shallow", "--depth=1"))

    assert outcome.outcome == "released"
    assert double.release(root=double.clone("another", "--depth=1")).outcome == "nothing"
    assert "cms-v1.2.3...cms-v1.2.4" in notes(double, "cms-v1.2.4")


def test_a_depth_1_checkout_that_main_has_left_behind_knows_it_is_on_the_branch(double: Double) -> None:
    double.merge({"more.txt": "more"}, count=2)
    double.clone("shallow", "--depth=1")
    double.merge({"later.txt": "later"}, count=5)

    read = history(double, "shallow")

    assert read.contained
    assert len(read.unreleased) == 3


def test_a_commit_of_a_depth_1_checkout_that_was_never_pushed_is_not_on_the_branch(double: Double) -> None:
    shallow = double.clone("shallow", "--depth=1")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    double.git(*who, "commit", "--quiet", "--allow-empty", "--message", "feat: mine", cwd=shallow)

    assert not history(double, "shallow").contained


def test_a_depth_1_checkout_of_the_release_itself_finds_nothing_to_release(double: Double) -> None:
    assert double.release().outcome == "released"
    outcome = double.plan(root=double.clone("shallow", "--depth=1"))

    assert outcome.outcome == "nothing"
