"""A force-push during a release: what it removed is never taken for merged, and the next release asks before it leaves it out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from release.run.approval import Person, usual
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import LOCKFILE, MANIFEST
from release.views.ending import outcome_lines
from tests.contract.record_on_remote import REF, deployed, record_of, refs
from tests.contract.release_facts import once_deployed, told
from tests.contract.release_facts import record_of as on_bare
from tests.contract.run.test_main_moves_landing import MAIN, TAG, bump_of, meanwhile, on, parents, version_on
from tests.contract.run.test_unfinished_releases import healthy_and_unrecorded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.model.outcome import Outcome
    from release.model.problem import Problem
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.testing import Double

STAGE = {"RELEASE_STAGE": "1"}  # where --yes needs no more
MORE = {"docs/more.md": "more\n"}


def rewind(world: Double, to: str) -> str:
    """Somebody's `git push --force` to an older commit."""
    world.git("update-ref", MAIN, to, cwd=world.forge.repository)
    return to


def holds(world: Double, commit: str) -> bool:
    """Whether main has a commit in its history."""
    return commit in world.git("rev-list", MAIN, cwd=world.forge.repository).split()


def words(outcome: Outcome) -> str:
    """What a person reads in the end."""
    return " ".join(" ".join(line.text for line in outcome_lines(outcome)).split())


def questions(world: Double, root: Path | None = None) -> tuple[Problem, ...]:
    """What the next plan asks before its approval, from a machine that has just cloned."""
    recorder = Recorder()
    world.plan(root=root or world.clone(f"asked-{len(list(world.folder.iterdir()))}"), listener=recorder)
    assert recorder.preview is not None
    return recorder.preview.questions


def released_while(world: Double, then: Callable[[], object]) -> Outcome:
    """A release during which main is treated so, once production serves the new version."""
    once_deployed(world, then)
    return world.release()


def short_of(world: Double, commit: str) -> str:
    subject = world.git("log", "-1", "--format=%s", commit, cwd=world.forge.repository)
    return f"{commit[:7]} ({subject})"


def test_what_a_force_push_removed_is_not_taken_for_merged_and_is_named(double: Double) -> None:
    base = refs(double)[MAIN]
    (old,) = parents(double, base)
    outcome = released_while(double, lambda: rewind(double, old))
    assert (outcome.outcome, outcome.exit_code) == ("released", 0)
    bump_of(double, base)
    tip = refs(double)[MAIN]
    assert (parents(double, tip), version_on(double, tip), holds(double, base)) == ([old], "1.2.4", False)
    assert record_of(double).outcome == "released"
    said = f"main no longer contains {short_of(double, base)}, which cms-v1.2.4 brought to production."
    assert said in words(outcome)
    assert f"git merge cms-v1.2.4 on main (or git cherry-pick {base[:7]})" in words(outcome)
    assert said in [one["what"] for one in outcome.as_json()["warnings"]]


def _partly(world: Double) -> list[str]:
    """Base and its parent are to be released; the base alone is removed."""
    first = refs(world)[MAIN]
    base = world.commit(MORE, "feat: the base")
    once_deployed(world, lambda: rewind(world, first))
    return [base]


def _to_an_older_tag(world: Double) -> list[str]:
    """Main is reset to the last release, and three commits are gone, a merge's two sides among them."""
    first = refs(world)[MAIN]
    second, third = (world.commit({f"docs/{name}.md": name}, f"feat: {name}") for name in ("two", "three"))
    once_deployed(world, lambda: rewind(world, parents(world, first)[0]))
    return [first, second, third]


def _amended(world: Double) -> list[str]:
    """The base was amended: another commit stands in its place."""
    base = world.commit(MORE, "feat: the base")

    def amend() -> None:
        rewind(world, parents(world, base)[0])
        world.merge({"docs/more.md": "amended\n"}, "feat: the base")

    once_deployed(world, amend)
    return [base]


def _replaced(world: Double) -> list[str]:
    """Main is another line of work altogether, that began before the last release."""
    base, root = refs(world)[MAIN], parents(world, refs(world)[MAIN])[0]

    def begin_anew() -> None:
        tree = world.git("rev-parse", f"{root}^{{tree}}", cwd=world.forge.repository)
        who = ["-c", "user.name=Bob", "-c", "user.email=bob@example.com"]
        made = world.git(*who, "commit-tree", tree, "-m", "feat: anew", cwd=world.forge.repository)
        rewind(world, made)

    once_deployed(world, begin_anew)
    return [base]


@pytest.mark.parametrize("treat", [_partly, _to_an_older_tag, _amended, _replaced])
def test_every_removed_commit_is_named_and_the_next_release_asks_before_it_leaves_it_out(
    double: Double, treat: Callable[[Double], list[str]]
) -> None:
    removed = treat(double)
    outcome = double.release()
    assert outcome.exit_code == 0
    assert version_on(double, refs(double)[MAIN]) == "1.2.4"
    assert not holds(double, refs(double)[TAG])
    (asked,) = questions(double)
    for commit in removed:
        assert not holds(double, commit)
        assert short_of(double, commit) in words(outcome)
        assert short_of(double, commit) in asked.what
    assert "out of cms 1.2.5? cms-v1.2.4 released" in asked.what
    assert "git merge cms-v1.2.4 on main" in asked.advice


def _rebased(world: Double, base: str, change: Mapping[str, str]) -> None:
    rewind(world, parents(world, base)[0])
    world.merge({"docs/before.md": "before\n"}, "feat: before it")
    world.merge(change, "feat: the base")


def _reworded(world: Double, base: str, change: Mapping[str, str]) -> None:
    rewind(world, parents(world, base)[0])
    world.merge(change, "feat: the base, in other words")


@pytest.mark.parametrize("rewrite", [_rebased, _reworded])
def test_a_main_that_was_rewritten_with_the_same_content_gets_no_second_parent_and_asks_nothing(
    double: Double, rewrite: Callable[[Double, str, Mapping[str, str]], None]
) -> None:
    base = double.commit(MORE, "feat: the base")
    outcome = released_while(double, lambda: rewrite(double, base, MORE))
    assert (outcome.exit_code, outcome.findings) == (0, ())
    assert not holds(double, base)
    assert on(double, refs(double)[MAIN], "docs/more.md") == "more"
    assert questions(double) == ()


@pytest.mark.parametrize("way", ["merge", "cherry-pick"])
def test_what_was_brought_back_is_asked_for_no_more(double: Double, way: str) -> None:
    base = double.commit(MORE, "feat: the base")
    released_while(double, lambda: rewind(double, parents(double, base)[0]))
    repairer = double.clone("repairer")
    who = ["-c", "user.name=Bob", "-c", "user.email=bob@example.com"]
    more = ["--no-edit", "cms-v1.2.4"] if way == "merge" else [base]
    double.git(*who, way, *more, cwd=repairer)
    double.git("push", "--quiet", "origin", "main", cwd=repairer)
    double.ran_ci()
    assert on(double, refs(double)[MAIN], "docs/more.md") == "more"
    assert questions(double) == ()
    assert double.release(root=repairer).exit_code == 0


def test_without_a_person_the_next_release_leaves_nothing_out_and_with_one_it_is_kept_who_said_so(
    double: Double,
) -> None:
    base = refs(double)[MAIN]
    released_while(double, lambda: rewind(double, parents(double, base)[0]))
    double.merge(MORE)
    before, elsewhere = deployed(double), double.clone()
    answers = {"Leave": "y", "Type": "cms-v1.2.5"}

    def person(preview: Preview, *, asks: bool) -> Granted:
        ask = (lambda question: answers[question.split()[0]]) if asks else None
        with double.ops(root=elsewhere) as ops:
            return usual(Person(yes=not asks, ask=ask))(
                replace(ops, environ={**ops.environ, **STAGE}), preview
            )

    blocked = double.release(root=elsewhere, gate=lambda preview: person(preview, asks=False))
    assert (blocked.outcome, blocked.exit_code, deployed(double)) == ("blocked", 4, before)
    assert f"Leave {base[:7]}" in told(blocked)
    outcome = double.release(root=elsewhere, gate=lambda preview: person(preview, asks=True))
    assert outcome.exit_code == 0
    (kept,) = [one for one in record_of(double).remarks if one.kind == "tick"]
    assert kept.what.startswith(f"Leave {short_of(double, base)} out of cms 1.2.5?")
    assert kept.who


def test_a_force_push_before_anything_is_deployed_stops_the_release(double: Double) -> None:
    base, head = refs(double)[MAIN], double.git("rev-parse", "HEAD")
    outcome = double.release(gate=meanwhile(lambda: rewind(double, parents(double, base)[0])))
    assert (outcome.outcome, outcome.exit_code, deployed(double)) == ("failed", 1, [])
    assert f"main was rewritten meanwhile: it no longer contains {base[:7]}" in told(outcome)
    assert "Production is unchanged" in told(outcome)
    assert TAG not in refs(double)
    assert (double.git("rev-parse", "HEAD"), double.git("status", "--porcelain")) == (head, "")


def test_a_branch_that_is_deleted_is_not_made_anew_and_the_rerun_finishes_once_it_is_back(
    double: Double,
) -> None:
    base = refs(double)[MAIN]
    outcome = released_while(
        double, lambda: double.git("update-ref", "-d", MAIN, cwd=double.forge.repository)
    )
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert MAIN not in refs(double)
    bump = bump_of(double, base)
    assert "origin has no branch main any more" in told(outcome)
    assert "If it was renamed, set `branch`" in told(outcome)
    assert record_of(double).outcome == "recorded"
    rewind(double, bump)
    again = double.release()
    assert (again.decision, again.outcome, refs(double)[MAIN]) == ("finish", "released", bump)
    assert deployed(double) == ["mcp", "cms"]


def test_a_main_whose_manifest_has_gone_gets_nothing_and_the_release_is_finished_by_the_trailer(
    double: Double,
) -> None:
    base = refs(double)[MAIN]
    outcome = released_while(double, lambda: double.merge({MANIFEST: None}, "chore: move the app"))
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert 'with the line "Release: cms-v1.2.4"' in told(outcome)
    bump_of(double, base)
    double.merge(MORE, "chore: cms 1.2.4\n\nRelease: cms-v1.2.4")
    assert double.release().outcome == "released"


@pytest.mark.parametrize("clone", [(), ("--depth=1",)], ids=["full", "shallow"])
def test_an_unfinished_release_is_finished_after_the_force_push_from_another_machine(
    double: Double, clone: tuple[str, ...]
) -> None:
    base = refs(double)[MAIN]
    healthy_and_unrecorded(double)
    rewind(double, parents(double, base)[0])
    moved = double.merge(MORE)
    outcome = double.release(root=double.clone("another", *clone))
    assert (outcome.decision, outcome.exit_code) == ("finish", 0)
    bump_of(double, base)
    assert parents(double, refs(double)[MAIN]) == [moved]
    assert f"main no longer contains {short_of(double, base)}" in words(outcome)
    assert deployed(double) == ["mcp", "cms"]


@pytest.mark.parametrize("clone", [(), ("--depth=1",)], ids=["full", "shallow"])
def test_an_unfinished_release_whose_base_is_far_behind_in_a_checkout_still_lands_as_a_merge(
    double: Double, clone: tuple[str, ...]
) -> None:
    base = refs(double)[MAIN]
    healthy_and_unrecorded(double)
    moved = double.merge(MORE, count=120)
    outcome = double.release(root=double.clone("another", *clone))
    assert (outcome.exit_code, outcome.findings) == (0, ())
    assert parents(double, refs(double)[MAIN]) == [moved, bump_of(double, base)]


def test_a_shallow_checkout_asks_the_same_and_asks_nothing_of_an_ordinary_main(double: Double) -> None:
    assert questions(double, double.clone("ordinary", "--depth=1")) == ()
    base = refs(double)[MAIN]
    released_while(double, lambda: rewind(double, parents(double, base)[0]))
    (asked,) = questions(double, double.clone("shallow", "--depth=1"))
    assert short_of(double, base) in asked.what


def test_a_reset_in_the_moment_of_the_push_is_not_undone_by_it(tmp_path: Path) -> None:
    with opened(tmp_path, remote="http") as world:
        base = refs(world)[MAIN]
        (old,) = parents(world, base)
        moved: list[str] = []

        def before(request: Request) -> Response | None:
            pushes = request.query_string == b"service=git-receive-pack" and REF in refs(world)
            if pushes and not moved and on_bare(world).outcome == "running" and on_bare(world).healthy:
                moved.append(rewind(world, old))
            return None

        world.forge.before = before
        outcome = world.release()
        assert (outcome.exit_code, moved) == (0, [old])
        assert (parents(world, refs(world)[MAIN]), holds(world, base)) == ([old], False)


def test_a_rerun_that_was_killed_after_the_push_says_it_too(double: Double) -> None:
    base, elsewhere = refs(double)[MAIN], double.clone()
    released_while(double, lambda: rewind(double, parents(double, base)[0]))
    before = {name: oid for name, oid in refs(double).items() if name != REF}
    again = double.release(root=elsewhere)
    assert (again.outcome, again.exit_code) == ("nothing", 0)
    assert f"main no longer contains {short_of(double, base)}" in words(again)
    assert {name: oid for name, oid in refs(double).items() if name != REF} == before


@pytest.mark.parametrize("higher", ["2.0.0", "1.2.5"])
def test_a_higher_version_that_somebody_set_is_said_in_the_end(double: Double, higher: str) -> None:
    raised = {
        path: (double.root / path).read_text().replace("1.2.3", higher) for path in (MANIFEST, LOCKFILE)
    }
    outcome = released_while(double, lambda: double.merge(raised))
    assert (outcome.exit_code, version_on(double, refs(double)[MAIN])) == (0, higher)
    said = words(outcome)
    assert f"{MANIFEST} on main says {higher}, higher than the released 1.2.4; it was left as it is." in said
    assert "the next release is 1.2.5 or higher, once main says 1.2.4 again" in said
    assert double.release(root=double.clone()).exit_code == 4  # as was said: not before the two agree
