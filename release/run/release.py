"""`inv release`, `inv plan`, `inv deploy`: from words to an outcome."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from release.errors import BlockedError
from release.model.outcome import EXIT_CODES, Listeners, Outcome, StepResult
from release.model.request import Request
from release.model.step import Done, Stuck
from release.plan.plan import read_plan, write_plan
from release.plan.preview import survey
from release.plan.targets import configured
from release.run.approval import in_workflow
from release.run.effects.perform import perform
from release.run.end import without_run
from release.run.journal import Journal
from release.run.lock import StaleError
from release.run.sequence import carry_out
from release.systems.machine.checkout_lock import alone
from release.systems.npm.wrangler_ages import require_wranglers
from release.systems.ops import connect, require_write_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.extensions import Extensions
    from release.model.outcome import Listener
    from release.plan.plan import Plan
    from release.plan.preview import Prospect
    from release.run.sequence import Gate
    from release.systems.ops import Connect, Ops


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line; `target` is the package to publish, None for the app itself.

    `for_approval`: a plan that is made to be approved, and not to be looked at alone as a dry run is. `said` is false
    where a step was typed without a bump: it works on what was begun.
    """

    request: Request
    plan_file: Path | None = None
    output: Path | None = None
    deploying: bool = False
    only: str | None = None
    through: str | None = None
    target: str | None = None
    for_approval: bool = False
    said: bool = True


def release(
    root: Path,
    environ: Mapping[str, str],
    asked: Asked,
    gate: Gate,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Carry a release, a deployment or one step out. Raises UsageError for wrong words or configuration.

    `connect` wires the outside systems; a test wires others.
    """
    approved = read_plan(asked.plan_file) if asked.plan_file else None
    asked = _as_approved(asked, approved) if approved else asked
    config, plugins = configured(root, asked.target, asked.request.line, environ)
    require_wranglers(config)
    ops = connect(config, asked.request.environment, environ, perform=perform)
    if asked.request.environment == config.production:
        require_write_tokens(ops)
    try:
        told = Listeners((listener, Journal(root, secrets.token_hex(4), ops.mask)))
        ops.github.say = told.line
        with alone(root, told.line):
            return _released(ops, plugins, asked, approved, gate, told)
    finally:
        ops.close()


def _as_approved(asked: Asked, approved: Plan) -> Asked:
    """What the approved plan was made for. Raises BlockedError where something else is asked for beside it."""
    wanted = approved.request
    if replace(asked.request, finish=wanted.finish) not in {
        wanted,
        Request(wanted.environment, finish=wanted.finish),
    }:
        raise BlockedError(
            f"Plan {approved.short} was approved for --bump {wanted.level} to {wanted.environment}; more is asked here.",
            "Leave the other options out; or plan again (inv plan --output FILE) and have that approved.",
        )
    return replace(asked, request=wanted)


def _released(
    ops: Ops, plugins: Extensions, asked: Asked, approved: Plan | None, gate: Gate, told: Listeners
) -> Outcome:
    """Survey and carry out; from the start again where the record changed while the run waited for it."""
    while True:
        prospect = survey(
            ops,
            plugins,
            asked.request,
            approved=approved,
            through=asked.through,
            deploying=asked.deploying,
            only=asked.only,
            said=asked.said,
        )
        told.planned(prospect)
        try:
            return carry_out(ops, plugins, prospect, gate, told, only=asked.only)
        except StaleError as error:
            told.line(f"{error.what} Looking again.")


def plan(
    root: Path, environ: Mapping[str, str], asked: Asked, listener: Listener, *, connect: Connect = connect
) -> Outcome:
    """The same up to the gate: nothing is written but the plan's own file, when one is named."""
    config, plugins = configured(root, asked.target, asked.request.line, environ)
    require_wranglers(config)
    ops = connect(config, asked.request.environment, environ)
    try:
        prospect = survey(ops, plugins, asked.request, deploying=asked.deploying)
        if asked.for_approval and in_workflow(environ):
            prospect = _unread(prospect)
        listener.planned(prospect)
        outcome = planned(prospect, ops)
        if asked.output and prospect.plan:
            write_plan(prospect.plan, asked.output)
        if asked.output or (asked.for_approval and environ.get("GITHUB_OUTPUT")):
            _tell_waiting(plugins, prospect, listener)
        listener.ended(outcome)
        return outcome
    finally:
        ops.close()


def _unread(prospect: Prospect) -> Prospect:
    """In a workflow the bump was chosen in a form: a plan that finishes something else stops before anybody approves it."""
    if prospect.differs is None:
        return prospect
    problem = replace(prospect.differs, level="block")
    warnings = tuple(one for one in prospect.warnings if one is not prospect.differs)
    return replace(prospect, problems=(*prospect.problems, problem), warnings=warnings)


def _tell_waiting(plugins: Extensions, prospect: Prospect, listener: Listener) -> None:
    """A plan that is handed on, in a file or as a job's output, waits for its approval elsewhere."""
    if prospect.release is None or prospect.plan is None or prospect.problems:
        return
    said = plugins.tell("release_approval_awaited", release=prospect.release, plan_hash=prospect.plan.hash)
    for line in said:
        listener.line(line)


def planned(prospect: Prospect, ops: Ops) -> Outcome:
    """The outcome of a plan: each step as it stands, and the writes of the release that would follow."""
    if prospect.release is None or prospect.plan is None or prospect.problems:
        return without_run(prospect, ops.config)
    steps = tuple(
        StepResult(
            one.step.name,
            "skipped" if isinstance(one.look, Done) else "stuck" if isinstance(one.look, Stuck) else "todo",
            0.0,
            one.look.what if isinstance(one.look, Stuck) else one.look.detail,
            one.writes,
        )
        for one in prospect.outlooks
    )
    why = getattr(prospect.decision, "why", "")
    return Outcome(
        "planned",
        prospect.kind,
        ops.name,
        prospect.release,
        prospect.plan.hash,
        why,
        steps,
        exit_code=EXIT_CODES["planned"],
        urls=(ops.url,) if ops.url else (),
        warnings=prospect.warnings,
        remarks=prospect.remarks,
        verdict=prospect.verdict,
        rolled_back=prospect.decision.rolled_back,
    )
