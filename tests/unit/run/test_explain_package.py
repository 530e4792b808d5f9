"""What a failed publish is said to mean, and what a package's `verify` finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from release.model.outcome import Failure
from release.model.record import Record
from release.model.registry import Package, Published, Tarball
from release.model.release import Release
from release.model.repository import History, Remote
from release.model.step import Done, Stuck
from release.model.unread import Unread
from release.model.world import World
from release.run.explain_package import explained
from release.steps.verify_package import VerifyPackage

RELEASE = Release("api", "api", "b" * 40, "1.3.0", "api-v1.3.0", "1.4.0", "api-v1.4.0", "c" * 40)
OURS = Published("1.4.0", "sha512-a", "")
PACKAGE = Package("@acme/api", "http://registry", {"1.4.0": OURS}, {"latest": "1.4.0"})
NOTHING = Unread("not asked")
WHOLE = World(
    "api",
    NOTHING,
    Remote("", {RELEASE.tag: RELEASE.commit}, None),
    Record(environment="api", nonce="", subject=RELEASE.subject, packed=("sha512-a",)),
    NOTHING,
    History(contained=True, unreleased=(), is_on_branch=True),
    {},
    {},
    None,
    releases=frozenset({RELEASE.tag}),
    package=PACKAGE,
)
FAILURE = Failure("record", "it broke", "", "")
UNTAGGED = replace(WHOLE, remote=Remote("", {}, None), releases=frozenset())
ELSE = replace(PACKAGE, versions={"1.4.0": replace(OURS, integrity="sha512-other")})


def told(world: World, *, changed: bool = True, recorded: bool = False) -> Failure:
    return explained(FAILURE, RELEASE, world, changed=changed, recorded=recorded)


def test_before_the_upload_the_registry_is_unchanged_and_nothing_is_listed() -> None:
    failure = told(UNTAGGED, changed=False)
    assert (failure.standing, failure.state) == ("Not published. The registry is unchanged.", ())


def test_published_and_unrecorded_names_the_page_and_what_is_missing() -> None:
    failure = told(replace(UNTAGGED, history=NOTHING))
    assert "is published, and not recorded yet" in failure.standing
    assert failure.state == (
        ("published", "http://registry/@acme/api/1.4.0"),
        ("not recorded", "tag api-v1.4.0, the bump on the branch, the GitHub Release"),
    )


def test_once_it_is_tagged_only_the_rest_is_missing() -> None:
    failure = told(replace(WHOLE, releases=NOTHING), recorded=True)
    assert "published and recorded, and record is not done" in failure.standing
    assert dict(failure.state)["not recorded"] == "the GitHub Release"
    assert "not recorded" not in dict(told(WHOLE, recorded=True).state)


def test_a_registry_or_a_remote_that_does_not_answer_is_not_taken_for_an_empty_one() -> None:
    failure = told(replace(WHOLE, package=Unread("no answer"), remote=Unread("no remote")))
    assert failure.standing.startswith("Whether it is published could not be read.")
    assert failure.state == (("registry", "no answer"), ("not recorded", "unknown: no remote"))


@pytest.mark.parametrize(
    ("world", "fault"),
    [
        (replace(WHOLE, package=ELSE), "the registry does not have 1.4.0 as it was packed"),
        (replace(WHOLE, package=Unread("no answer")), "no answer"),
        (replace(WHOLE, package=None), "the registry was not read"),
        (replace(WHOLE, remote=Unread("no remote")), "the remote could not be read"),
        (replace(WHOLE, remote=Remote("", {RELEASE.tag: "f" * 40}, None)), "api-v1.4.0 is not on the remote"),
        (
            replace(WHOLE, history=History(contained=True, unreleased=())),
            "the branch does not hold the release",
        ),
        (replace(WHOLE, releases=frozenset()), "GitHub has no Release api-v1.4.0"),
        (replace(WHOLE, releases=Unread("no token")), "no token"),
    ],
)
def test_verify_names_the_place_that_disagrees(world: World, fault: str) -> None:
    look = VerifyPackage().look(world, RELEASE)
    assert isinstance(look, Stuck)
    assert look.what == fault


def test_verify_names_all_places_that_disagree_at_once() -> None:
    look = VerifyPackage().look(replace(UNTAGGED, package=ELSE), RELEASE)
    assert isinstance(look, Stuck)
    assert look.what.count("; ") == 2


def test_verify_is_done_where_all_agree_and_in_a_plan_that_packs_nothing() -> None:
    assert isinstance(VerifyPackage().look(WHOLE, RELEASE), Done)
    planned = replace(WHOLE, tarball=Tarball("", ""), package=replace(PACKAGE, versions={}))
    assert isinstance(VerifyPackage().look(planned, RELEASE), Done)
