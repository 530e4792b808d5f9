"""Who approves a plan: the reviewers of a workflow's run, or a person at a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from release.decide.single_step import NUMBERLESS
from release.errors import BlockedError, UsageError
from release.frozen import Frozen
from release.model.record import Approval, Granted, Remark
from release.systems.github import actions
from release.systems.machine.checkout_lock import user
from release.systems.ops import in_workflow, is_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from release.model.problem import Problem
    from release.plan.plan import Plan
    from release.plan.preview import Preview
    from release.run.sequence import Gate
    from release.systems.ops import Ops

LONGEST_COMMENT = 200
_NAMED_PLAN = re.compile(r"\bplan ([0-9a-f]{7,64})\b")


class Person(Frozen, frozen=True):
    """Who sits at the terminal: said `--yes` or not; `ask` puts a question and gives what was typed, None without one."""

    yes: bool = False
    ask: Callable[[str], str] | None = None


def usual(person: Person) -> Gate:
    """The gate of every command: in a workflow its run's reviewers, else `person`. It raises BlockedError for a no.

    What goes to an environment without versions (staging) needs nobody's approval but the one who says so.
    """

    def approve(ops: Ops, preview: Preview) -> Granted:
        plan = preview.plan
        if plan is None:
            raise BlockedError("There is no plan to approve.")
        _is_read(ops, preview, person)
        if ops.name != ops.config.production:
            return _confirmed(ops, preview, plan, person)
        if in_workflow(ops.environ):
            return by_run(ops, plan, preview.questions)
        _not_alone(ops, plan)
        if not person.yes or person.ask or ops.config.approval.unattended or is_stage(ops.environ):
            return _confirmed(ops, preview, plan, person)
        raise BlockedError(
            f"Plan {plan.short} is not approved: there is no terminal to ask at, and --yes alone is not enough there.",
            "Release by the workflow (inv dispatch), or from a terminal; or set `unattended = true` in "
            "[tool.release.approval].",
        )

    return approve


def _is_read(ops: Ops, preview: Preview, person: Person) -> None:
    """Refuse to finish something else than was asked for where nobody reads that it is so."""
    differs = preview.differs
    if differs and (person.yes or person.ask is None or in_workflow(ops.environ)):
        raise BlockedError(differs.what, differs.advice)


def by_run(ops: Ops, plan: Plan, questions: Sequence[Problem]) -> Granted:
    """The approvals of this workflow run, as GitHub has them. Raises BlockedError where they are not enough."""
    number, name = _run_number(ops.environ), github_environment(ops)
    run = actions.run(ops.github, number)
    if run.status == "completed":
        raise BlockedError(
            f"Run {number} has ended ({run.conclusion}); its approval opens nothing any more.",
            "Start a new one: inv dispatch",
        )
    found = [one for one in actions.reviews(ops.github, number) if _is_for(one, name)]
    approved = _of_this(plan, [one for one in found if one.state == "approved" and one.user])
    if not approved:
        return _unreviewed(ops, run, plan, questions)
    _by_another(ops, run, approved)
    at = _started(ops, number)
    said = [_of(one, plan, at, f"approved run {number} for {name}") for one in approved]
    ticks = [
        Remark(kind="tick", what=question.what, why=f"approved run {number}", who=said[-1].who, at=at)
        for question in questions
    ]
    return Granted(approvals=tuple(said), remarks=tuple(ticks))


def github_environment(ops: Ops) -> str:
    """GitHub's environment whose reviewers count for what is released."""
    approval = ops.config.approval
    return approval.publish_environment if ops.config.target else approval.environment


def _is_for(review: actions.Review, environment: str) -> bool:
    return any(one.name == environment for one in review.environments)


def _of_this(plan: Plan, approved: Sequence[actions.Review]) -> Sequence[actions.Review]:
    """Those that name no other plan: an earlier attempt of the run may have had one. BlockedError where all name others."""
    fitting = [one for one in approved if not _others_named(one, plan)]
    if approved and not fitting:
        last = approved[-1]
        named = _others_named(last, plan)[0][:7]
        raise BlockedError(
            f"{last.user.login if last.user else 'Somebody'} approved plan {named}; this is plan {plan.short}.",
            "Start a new run, and have its plan approved: inv dispatch",
        )
    return fitting


def _others_named(review: actions.Review, plan: Plan) -> list[str]:
    """The plans that a review's comment names and that are not this one."""
    return [named for named in _NAMED_PLAN.findall(review.comment) if not plan.hash.startswith(named)]


def _of(review: actions.Review, plan: Plan, at: float, how: str) -> Approval:
    """One review as the record keeps it."""
    comment = " ".join(review.comment.split())[:LONGEST_COMMENT]
    who = review.user.login if review.user else ""
    return Approval(who=who, plan=plan.hash, at=at, how=f"{how}: {comment}" if comment else how)


def _by_another(ops: Ops, run: actions.Run, approved: Sequence[actions.Review]) -> None:
    """Refuse who approved what they dispatched, where two persons are asked for."""
    if not ops.config.approval.two_person:
        return
    own = actions.dispatchers(ops.github, run) & {one.user.login for one in approved if one.user}
    if own:
        raise BlockedError(
            f"{', '.join(sorted(own))} both dispatched and approved run {run.id}; two_person asks for two people.",
            "Start a new run, and let somebody else approve it: inv dispatch. GitHub itself keeps people from it with "
            f'"Prevent self-review" of its environment {github_environment(ops)}.',
        )


def _unreviewed(ops: Ops, run: actions.Run, plan: Plan, questions: Sequence[Problem]) -> Granted:
    """The dispatcher as approver, where GitHub asks nobody. Raises BlockedError where somebody should have been asked."""
    name = github_environment(ops)
    known = actions.environment(ops.github, name)
    if known is not None and known.reviewers:
        raise BlockedError(
            f"Run {run.id} was not approved for the environment {name}, which has reviewers.",
            f"The job that releases has to wait for them: `environment: {name}` in its workflow.",
        )
    nobody = f"GitHub's environment {name} has no required reviewers"
    if ops.config.approval.two_person:
        raise BlockedError(
            f"{nobody}, and two_person asks for a second person.", "Add reviewers (inv doctor says how)."
        )
    unasked = [one for one in questions if not one.by_yes]
    if unasked:
        raise BlockedError(
            f"{nobody}, so nobody could be asked: {unasked[0].what}",
            "Add reviewers (inv doctor says how): who approves the plan vouches for its questions.",
        )
    who = run.people[-1] if run.people else ops.environ.get("GITHUB_ACTOR", "unknown")
    how = f"dispatched run {run.id}; the environment {name} asks nobody"
    now = ops.clock.now()
    said = tuple(
        Remark(kind="tick", what=one.what, why=f"dispatched run {run.id}", who=who, at=now)
        for one in questions
    )
    return Granted(approvals=(Approval(who=who, plan=plan.hash, at=now, how=how),), remarks=said)


def _started(ops: Ops, number: int) -> float:
    """When the job that waited for the approval went on: GitHub tells no moment nearer to it."""
    runner = ops.environ.get("RUNNER_NAME")
    moments = [
        actions.seconds(job.started_at)
        for job in actions.jobs(ops.github, number)
        if runner and job.runner_name == runner and job.status == "in_progress"
    ]
    return moments[0] if moments and moments[0] else ops.clock.now()


def _run_number(environ: Mapping[str, str]) -> int:
    text = environ.get("GITHUB_RUN_ID", "")
    if not text.isdecimal():
        raise UsageError(
            f'GITHUB_RUN_ID is "{text}", which is no run.', "GitHub Actions sets it: do not change it."
        )
    return int(text)


def _not_alone(ops: Ops, plan: Plan) -> None:
    """Refuse a release from here where two persons are asked for, but in an emergency that is owned up to."""
    if ops.config.approval.two_person and not plan.request.break_glass:
        raise BlockedError(
            "two_person asks for a second person, and nobody can be asked here.",
            'Release by the workflow: inv dispatch. In an emergency: --break-glass "why", which is kept with the release.',
        )


def _confirmed(ops: Ops, preview: Preview, plan: Plan, person: Person) -> Granted:
    """A person's word: each question ticked, and the tag typed or `--yes` said."""
    who, now = ops.environ.get("GITHUB_ACTOR") or user(), ops.clock.now()
    ticks = tuple(_ticked(question, person, who, now) for question in preview.questions)
    if not person.yes:
        _typed(plan, preview, person)
    how = "--yes" if person.yes else "typed the tag"
    return Granted(approvals=(Approval(who=who, plan=plan.hash, at=now, how=how),), remarks=ticks)


def _ticked(question: Problem, person: Person, who: str, now: float) -> Remark:
    if person.yes and question.by_yes:
        return Remark(kind="tick", what=question.what, why="--yes", who=who, at=now)
    if person.ask is None:
        raise BlockedError(
            f"Nobody can be asked here: {question.what}",
            "Release from a terminal or by the workflow; --yes vouches for nothing that only a person can know.",
        )
    answer = person.ask(f"{question.what} {question.advice}".strip() + " [y/n]: ")
    if answer.lower() not in {"y", "yes"}:
        raise BlockedError(f"Not ticked: {question.what}", question.advice or "Run the same command again.")
    return Remark(kind="tick", what=question.what, who=who, at=now)


def _typed(plan: Plan, preview: Preview, person: Person) -> None:
    if person.ask is None:
        raise BlockedError(
            f"Plan {plan.short} is not approved: there is no terminal to prompt in.",
            "Release by the workflow (inv dispatch), or from a terminal.",
        )
    differs = f"{preview.differs.what}\n" if preview.differs else ""
    word = plan.environment if preview.only in NUMBERLESS else plan.tag
    while True:
        try:
            typed = person.ask(f"{differs}Type {word} to approve: ")
        except KeyboardInterrupt as error:
            error.args = ("Interrupted (Ctrl-C). Nothing was changed.",)
            raise
        if typed == word:
            return
        if not typed:
            raise BlockedError(
                f"Plan {plan.short} is not approved. Nothing was changed.",
                f"To approve it, run the same command again and type {word}.",
            )
        differs = f'"{typed}" is not {word}. '
