"""`inv hotfix` on a double: real git, a forge that merges, and CI that a test plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.errors import StoppedError, UsageError
from tests.contract.commands.hotfixes import BRANCH, COMING, FIX, TAG, WHO, Course, tagged_commit
from tests.contract.release_facts import record_of, remote, served, tags

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from release.testing import Double


@pytest.fixture
def course(double: Double) -> Course:
    return Course(double)


def test_a_picked_fix_goes_all_the_way_to_the_workflow_in_one_run(course: Course) -> None:
    fix, mine = course.elsewhere(), course.mine()
    outcome = course.go(fix)
    assert (outcome.outcome, outcome.exit_code) == ("done", 0)
    assert "is on its way" in outcome.why
    (pull,) = course.pulls()
    assert (pull["title"], bool(pull["merged_at"])) == (f"hotfix of {TAG}: fix: the login", True)
    (run,) = course.api("GET", "/actions/runs").json()["workflow_runs"]
    inputs = course.double.forge.change_run(run["id"]).inputs
    assert inputs == {"version_bump": "patch", "reason": f"hotfix of {TAG}: fix: the login"}
    assert course.mine() == mine


def test_the_branch_is_made_from_the_tag_and_not_from_main(course: Course) -> None:
    course.go(course.elsewhere())
    world = course.double
    names = world.git("log", "--format=%s", f"{tagged_commit(world)}..{BRANCH}").splitlines()
    assert names == ["fix: the login"]


def test_ones_own_commits_are_taken_and_the_first_run_says_where(course: Course) -> None:
    said = course.blocked()
    assert course.double.git("symbolic-ref", "--short", "HEAD") == BRANCH
    assert "holds no fix yet" in said
    assert "--pick SHA" in said
    course.fix()
    assert course.go().outcome == "done"
    assert [one["head"]["ref"] for one in course.pulls()] == [BRANCH]  # type: ignore[index]


def test_a_dirty_tree_is_never_switched_and_nothing_is_lost(course: Course) -> None:
    (course.double.root / "mine.txt").write_text("mine")
    mine = course.mine()
    said = course.blocked()
    assert "mine.txt" in said
    assert "git stash -u" in said
    assert course.mine() == mine
    assert course.double.git("branch", "--list", BRANCH) == ""


def test_a_dirty_tree_is_no_matter_where_the_fix_is_picked(course: Course) -> None:
    fix = course.elsewhere()
    (course.double.root / "mine.txt").write_text("mine")
    mine = course.mine()
    assert course.go(fix).outcome == "done"
    assert course.mine() == mine


def test_a_pick_that_conflicts_names_the_files_and_changes_nothing(course: Course) -> None:
    path = "apps/cms/worker.js"
    on_main = course.double.commit(
        {path: "export default { fetch: () => new Response('other') };\n"}, "fix: other"
    )
    mine = course.mine()
    said = course.blocked(on_main)
    assert f"{on_main[:7]} conflicts in {path}" in said
    assert f"git cherry-pick -x {on_main[:7]}" in said
    assert course.mine() == mine
    assert course.double.git("rev-parse", BRANCH) == tagged_commit(course.double)
    assert course.pulls() == []


def test_what_else_is_on_main_is_listed_and_stands_in_the_pull_request(course: Course) -> None:
    course.go(course.elsewhere())
    said = "\n".join(course.told.lines)
    assert "also on main since cms-v1.2.3, and shipping with it" in said
    assert "feat: pages have a slug" in said
    (pull,) = course.pulls()
    assert "feat: pages have a slug" in str(pull["body"])


def test_a_fix_that_is_on_main_already_is_not_listed_as_something_else(course: Course) -> None:
    fix = course.double.commit({FIX: "fixed\n"}, "fix: on main first")
    course.go(fix)
    listed = [line for line in course.told.lines if line.startswith("         ")]
    assert listed
    assert not any("fix: on main first" in line for line in listed)


@pytest.mark.parametrize(
    ("tag", "said"),
    [("cms-v9.9.9", 'Unknown release "cms-v9.9.9"'), ("nonsense", 'Unknown release "nonsense"')],
)
def test_a_tag_that_does_not_exist_is_refused_and_the_last_is_named(
    course: Course, tag: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        course.go(tag=tag)
    assert said in caught.value.what
    assert f"inv hotfix {TAG}" in caught.value.advice


def test_a_tag_that_is_not_the_last_is_refused_and_the_last_is_named(course: Course) -> None:
    assert course.double.release().outcome == "released"
    assert f"{TAG} is not the last release: {COMING} is.\ninv hotfix {COMING}" in course.blocked()


def test_an_unfinished_release_comes_first(course: Course) -> None:
    hook = course.double.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/tags/*) exit 1;; esac\n")
    hook.chmod(0o755)
    assert course.double.release(bump="minor").exit_code == 3
    said = course.blocked()
    assert "cms-v1.3.0 was begun and is not finished" in said
    assert "inv release" in said


def test_an_unknown_commit_to_pick_is_named_before_anything_is_made(course: Course) -> None:
    with pytest.raises(UsageError, match="There is no commit 1234567"):
        course.go("1234567")
    assert BRANCH not in course.double.git("branch", "--list", "--format=%(refname:short)")


def test_a_ctrl_c_names_what_was_done_and_is_no_130(course: Course) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    course.double.clock.on_sleep = stop
    with pytest.raises(StoppedError) as caught:
        course.go(course.elsewhere())
    assert caught.value.exit_code == 1
    assert "make hotfix/cms-v1.2.4 from cms-v1.2.3" in caught.value.what
    assert "Production is unchanged" in caught.value.what


def test_checks_that_never_finish_end_the_wait_at_its_deadline(course: Course) -> None:
    course.green = False
    began = course.double.clock.elapsed()
    said = course.blocked(course.elsewhere())
    assert "Waited 30 min for CI on" in said
    waits = [line for line in course.told.lines if "Ctrl-C stops the waiting" in line]
    assert len(waits) == 1, course.told.lines
    assert "(30 min, --deadline)" in waits[0]
    assert f"inv hotfix {TAG} goes on from here" in waits[0]
    assert course.double.clock.elapsed() - began >= 1800
    course.green = True
    assert course.go().outcome == "done"  # and the same command goes on


def test_a_red_check_stops_before_the_merge(course: Course) -> None:
    def red(_: float) -> None:
        head = remote(course.double, f"refs/heads/{BRANCH}")
        course.double.forge.add_check_run(head, "required", "failure")

    course.double.clock.on_sleep = red
    said = course.blocked(course.elsewhere())
    assert "CI is red on" in said
    assert "required (failure)" in said
    assert not course.pulls()[0]["merged_at"]


def test_a_pull_request_that_was_closed_by_hand_is_named(course: Course) -> None:
    course.green = False
    course.blocked(course.elsewhere())
    (pull,) = course.pulls()
    course.api("PATCH", f"/pulls/{pull['number']}", json={"state": "closed"})
    said = course.blocked()
    assert "was closed by hand" in said
    assert str(pull["html_url"]) in said


def test_a_merge_that_github_refuses_says_what_it_asks_for(course: Course) -> None:
    def refuse(request: Request) -> Response | None:
        said = '{"message": "At least 1 approving review is required by reviewers with write access."}'
        return Response(said, 405) if request.path.endswith("/merge") else None

    course.double.forge.before = refuse
    said = course.blocked(course.elsewhere())
    assert "At least 1 approving review is required" in said
    assert "run the same command again" in said


def test_a_branch_of_that_name_that_is_not_from_the_tag_is_left_alone(course: Course) -> None:
    world = course.double
    tree = world.git("rev-parse", "HEAD^{tree}")
    alien = world.git(*WHO, "commit-tree", tree, "-m", "alien")
    world.git("branch", BRANCH, alien)
    assert "was not made from cms-v1.2.3" in course.blocked()
    assert world.git("rev-parse", BRANCH) == alien


def test_a_branch_that_holds_main_is_refused_with_what_it_holds(course: Course) -> None:
    course.double.git("branch", BRANCH, "main")
    said = course.blocked()
    assert "feat: pages have a slug" in said
    assert "made from the tag" in said


def test_what_a_colleague_pushed_to_the_branch_is_followed(course: Course) -> None:
    course.green = False
    course.blocked(course.elsewhere())
    there = course.double.clone("colleague")
    course.double.git("switch", "--quiet", BRANCH, cwd=there)
    (there / "more.txt").write_text("more")
    course.double.git("add", "more.txt", cwd=there)
    course.double.git(*WHO, "commit", "--quiet", "-m", "fix: more", cwd=there)
    course.double.git("push", "--quiet", "origin", BRANCH, cwd=there)
    course.green = True
    assert course.go().outcome == "done"
    assert course.double.git("log", "-1", "--format=%s", BRANCH) == "fix: more"


def test_branches_that_went_apart_are_for_a_person(course: Course) -> None:
    course.green = False
    course.blocked(course.elsewhere())
    world, tagged = course.double, tagged_commit(course.double)
    other = world.git(*WHO, "commit-tree", f"{tagged}^{{tree}}", "-p", tagged, "-m", "x")
    world.git("update-ref", f"refs/heads/{BRANCH}", other)
    assert "has diverged" in course.blocked()


def test_while_the_workflow_waits_the_command_says_for_whom(course: Course) -> None:
    course.go(course.elsewhere())
    (run,) = course.api("GET", "/actions/runs").json()["workflow_runs"]
    course.double.forge.protect_environment("production", ("grace",))
    course.double.forge.change_run(run["id"], status="waiting", waiting_for="production")
    outcome = course.go()
    assert (outcome.exit_code, "waits for approval by grace" in outcome.why) == (0, True)
    assert len(course.api("GET", "/actions/runs").json()["workflow_runs"]) == 1


def test_a_run_that_was_rejected_is_named_and_not_started_again_by_itself(course: Course) -> None:
    course.go(course.elsewhere())
    (run,) = course.api("GET", "/actions/runs").json()["workflow_runs"]
    course.double.forge.change_run(run["id"], status="completed", conclusion="failure")
    said = course.blocked()
    assert "ended as failure" in said
    assert f"inv dispatch --bump patch --reason 'hotfix of {TAG}" in said


def test_released_here_it_is_recorded_with_its_reasons_and_skips(course: Course) -> None:
    world = course.double
    world.ci = False
    assert "this checkout is not main" in course.blocked(
        course.elsewhere(), here=True, glass="GitHub is down"
    )
    world.git("pull", "--quiet", "--ff-only", str(world.forge.repository), "main")
    outcome = course.go(here=True, glass="GitHub is down")
    assert (outcome.outcome, COMING in tags(world)) == ("released", True)
    kinds = {one.kind: one for one in record_of(world).remarks}
    assert kinds["break-glass"].why == "GitHub is down"
    assert kinds["reason"].why == f"hotfix of {TAG}: fix: the login"
    assert kinds["skip"].what.startswith("staging: ")
    assert course.go().why == f"{COMING} is released: the hotfix of {TAG} is done"


def test_after_it_the_next_push_to_main_rolls_staging_onto_the_new_tip(course: Course) -> None:
    world = course.double
    world.ci = False
    course.blocked(course.elsewhere(), here=True, glass="in a hurry")
    world.git("pull", "--quiet", "--ff-only", str(world.forge.repository), "main")
    assert course.go(here=True, glass="in a hurry").outcome == "released"
    world.git("pull", "--quiet", "--ff-only", str(world.forge.repository), "main")
    tip = world.commit({"next.txt": "next"}, "feat: next")
    assert world.deploy().outcome == "deployed"
    assert served(world, "cms", "staging")[0] == f"{COMING}+{tip}"


def test_here_asks_for_a_reason(course: Course) -> None:
    with pytest.raises(UsageError, match="past the workflow"):
        course.go(here=True)
