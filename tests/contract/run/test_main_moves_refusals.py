"""A server that refuses the push: its own words are shown, and the form that it takes is found."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import MANIFEST
from tests.contract.record_on_remote import deployed, record_of, refs
from tests.contract.release_facts import once_deployed, told
from tests.contract.run.test_main_moves_force_push import rewind
from tests.contract.run.test_main_moves_landing import MAIN, TAG, bump_of, meanwhile, parents, version_on
from tests.contract.run.test_main_moves_pull_requests import api, pulls  # noqa: F401  # a fixture
from tests.contract.run.test_unfinished_releases import refusing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    from werkzeug.wrappers import Request

    from release.testing import Double

HEAD = "refs/heads/release/cms-v1.2.4"
GH006 = "error: GH006: Protected branch update failed for refs/heads/main."
GITHUB_LINEAR = f"{GH006}\nerror: This branch must not contain merge commits."
GITHUB_SIGNED = (
    "error: GH013: Repository rule violations found for refs/heads/main.\n"
    "Review all repository rules at https://github.com/acme/cms/rules?ref=refs%2Fheads%2Fmain\n\n"
    "- Commits must have verified signatures.\n  Found 1 violation:\n\n  0123456789abcdef0123456789abcdef01234567\n"
)
GITHUB_CHECKS = f"{GH006}\nerror: 7 of 7 required status checks are expected."
GITLAB = "GitLab: You are not allowed to push code to protected branches on this project."
CUSTOM = "acme policy 12: bumps need a ticket, see the wiki"
MERGES = 'test -n "$(git rev-list --merges "$new" --not --all)" && '


def hook(world: Double, words: str, when: str = "") -> Callable[[], None]:
    """A pre-receive hook of the remote that refuses main with these words, perhaps for some commits only."""
    file = world.forge.repository / "hooks" / "pre-receive"
    file.parent.mkdir(exist_ok=True)
    says = "".join(f"echo '{line}' >&2; " for line in words.split("\n"))
    body = f'case "$ref" in refs/heads/main) {when}{{ {says}exit 1; }};; esac\n'
    file.write_text(f"#!/bin/sh\nwhile read old new ref; do\n{body}done\nexit 0\n")
    file.chmod(0o755)
    return file.unlink


def local(world: Double) -> list[str]:
    """All of a checkout that a person works with: HEAD, branches, index and work tree."""
    asked = (
        ("symbolic-ref", "HEAD"),
        ("for-each-ref", "refs/heads"),
        ("ls-files", "--stage"),
        ("status", "--porcelain"),
        ("stash", "list"),
    )
    return [world.git(*words) for words in asked]


@pytest.mark.parametrize("words", [GITHUB_LINEAR, "No merges here!", "Historique lineaire, svp"])
def test_a_main_that_takes_no_merge_gets_the_linear_form_by_itself(double: Double, words: str) -> None:
    hook(double, words, MERGES)
    base, moved = refs(double)[MAIN], []
    watch = Recorder()
    more = {"docs/more.md": "more\n"}
    outcome = double.release(gate=meanwhile(lambda: moved.append(double.merge(more))), listener=watch)
    assert (outcome.outcome, outcome.findings) == ("released", ())
    bump_of(double, base)
    tip = refs(double)[MAIN]
    assert (parents(double, tip), version_on(double, tip)) == (moved, "1.2.4")
    assert double.git("log", "-1", "--format=%(trailers:key=Release,valueonly)", tip) == "cms-v1.2.4"
    assert any(words.rsplit("\n", 1)[-1] in line for line in watch.lines)
    assert HEAD not in refs(double)
    double.ran_ci()
    again = double.plan(root=double.clone())
    assert (again.decision, again.exit_code) == ("start", 0)


def test_a_ruleset_for_linear_history_is_met_in_the_same_way(tmp_path: Path) -> None:
    with opened(tmp_path, remote="http") as world:
        world.forge.add_ruleset("main", ["main"], [{"type": "required_linear_history"}])
        moved: list[str] = []
        outcome = world.release(gate=meanwhile(lambda: moved.append(world.merge({"docs/more.md": "more\n"}))))
        assert (outcome.outcome, parents(world, refs(world)[MAIN])) == ("released", moved)


def test_where_linear_history_and_pull_requests_are_asked_for_the_request_has_the_linear_form(
    double: Double,
    api: httpx.Client,  # noqa: F811
) -> None:
    hook(double, GITHUB_LINEAR, MERGES)
    moved: list[str] = []
    outcome = double.release(gate=meanwhile(lambda: moved.append(double.merge({"docs/more.md": "more\n"}))))
    assert outcome.exit_code == 3
    (pull,) = pulls(api)
    assert parents(double, pull["head"]["sha"]) == moved


@pytest.mark.parametrize(
    ("words", "shown", "advice"),
    [
        (GITHUB_SIGNED, "Commits must have verified signatures.", "Exempt the account that releases"),
        (CUSTOM, CUSTOM, "remove what refused the push"),
    ],
)
def test_what_no_form_can_meet_lands_nothing_shows_the_servers_words_and_is_finished_once_it_is_lifted(
    double: Double, words: str, shown: str, advice: str
) -> None:
    lift = hook(double, words)
    base, before = refs(double)[MAIN], local(double)
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert shown in told(outcome)
    assert advice in told(outcome)
    assert not {TAG, HEAD} & refs(double).keys()
    assert (refs(double)[MAIN], local(double)) == (base, before)
    lift()
    assert double.release().outcome == "released"
    assert refs(double)[MAIN] == bump_of(double, base)
    assert deployed(double) == ["mcp", "cms"]


@pytest.mark.parametrize(
    ("words", "takes"),
    [
        (GITHUB_CHECKS, "takes only commits whose status checks have passed"),
        (GITLAB, "is protected: this account may not push to it"),
        ("remote: TF402455: you must use a pull request to update this branch", "takes only pull requests"),
    ],
)
def test_where_a_request_is_the_way_in_tag_and_record_land_and_the_local_branch_stays(
    double: Double, words: str, takes: str
) -> None:
    hook(double, words)
    base, before = refs(double)[MAIN], local(double)
    outcome = double.release()
    assert outcome.exit_code == 3
    assert outcome.failure is not None
    assert outcome.failure.what.startswith(f"main {takes}; the tag is on the remote")
    assert words.rsplit("\n", 1)[-1] in outcome.failure.what
    assert refs(double)[HEAD] == bump_of(double, base)
    assert record_of(double).outcome == "recorded"
    assert (refs(double)[MAIN], local(double)) == (base, before)


def test_a_forge_that_opens_no_request_leaves_the_branch_for_one_by_hand(double: Double) -> None:
    lift = hook(double, GITLAB)
    double.forge.before = refusing("POST", "/pulls")
    base = refs(double)[MAIN]
    outcome = double.release()
    double.forge.before = None
    assert outcome.exit_code == 3
    assert "release/cms-v1.2.4 holds the version for main" in told(outcome)
    assert "a pull (or merge) request of your own" in told(outcome)
    lift()
    double.git("update-ref", MAIN, refs(double)[HEAD], cwd=double.forge.repository)
    again = double.release()
    assert (again.decision, again.outcome) == ("finish", "released")
    assert refs(double)[MAIN] == bump_of(double, base)


@pytest.mark.parametrize("path", ["/releases", "/deployments"])
def test_after_exit_3_head_index_and_branches_are_as_they_were_and_follow_with_the_rerun(
    double: Double, path: str
) -> None:
    double.forge.before = refusing("POST", path) if path == "/releases" else None
    if path == "/deployments":
        hook(double, GITHUB_SIGNED)
    (double.root / "notes.txt").write_text("mine")
    double.git("config", "core.excludesFile", str(double.root / ".git" / "ignored"))
    (double.root / ".git" / "ignored").write_text("notes.txt\n")
    before = local(double)
    assert double.release().exit_code == 3
    assert local(double) == before
    double.forge.before = None
    (double.forge.repository / "hooks" / "pre-receive").unlink(missing_ok=True)
    assert double.release().exit_code == 0
    assert double.git("rev-parse", "HEAD") == refs(double)[TAG]
    assert (double.root / "notes.txt").read_text() == "mine"


def test_edits_of_the_manifest_survive_a_finish_that_fails_and_one_that_succeeds(double: Double) -> None:
    lift = hook(double, GITHUB_SIGNED)
    assert double.release().exit_code == 3
    edited = (double.root / MANIFEST).read_text().replace("@double/cms", "@double/mine")
    (double.root / MANIFEST).write_text(edited)
    assert double.release().exit_code == 3
    assert (double.root / MANIFEST).read_text() == edited
    lift()
    outcome = double.release()
    assert (outcome.decision, outcome.outcome) == ("finish", "released")
    assert (double.root / MANIFEST).read_text() == edited


def test_a_push_that_is_cut_off_on_a_rewritten_main_ends_in_the_same_state_by_the_rerun(
    tmp_path: Path,
) -> None:
    ends = []
    for name, cut in (("unbroken", None), ("before", "before"), ("after", "after")):
        folder = tmp_path / name
        folder.mkdir()
        with opened(folder, remote="http") as world:
            base = refs(world)[MAIN]
            once_deployed(world, functools.partial(rewind, world, parents(world, base)[0]))
            if cut:
                setattr(world.forge, cut, cutting(world, cut))
            first = world.release()
            again = world.release() if cut == "before" else first
            assert (first.exit_code, again.exit_code) == (3 if cut == "before" else 0, 0)
            assert [one.check for one in again.findings] == ["branch"]
            assert deployed(world) == ["mcp", "cms"]
            ends.append({ref: oid for ref, oid in refs(world).items() if not ref.startswith("refs/release/")})
    assert ends[0] == ends[1] == ends[2]


def cutting(world: Double, when: str) -> Callable[..., Response | None]:
    """The first push of main gets no answer, before or after it was taken."""
    cuts: list[int] = []

    def cut(request: Request, response: Response | None = None) -> Response | None:
        is_landing = request.path.endswith("/git-receive-pack") and (
            b"refs/heads/main" in request.get_data() if when == "before" else TAG in refs(world)
        )
        if is_landing and not cuts:
            cuts.append(1)
            return Response("gone", 502)
        return response

    return cut
