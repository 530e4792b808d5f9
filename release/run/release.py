"""`inv release`, `inv plan`, `inv deploy`: from words to an outcome. What a plan does not need is loaded by what does."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from release.config.accounts import require_account
from release.config.bound_databases import require_databases
from release.errors import BlockedError
from release.model.outcome import Listeners
from release.model.request import Request
from release.plan.plan import read_plan, write_plan
from release.plan.preview import survey
from release.plan.targets import configured
from release.run.unrun import planned
from release.systems.npm.wrangler_ages import require_wranglers
from release.systems.ops import connect, in_workflow, require_write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.config import Config
    from release.extensions import Extensions
    from release.model.options import Options
    from release.model.outcome import Listener, Outcome
    from release.model.request import Level
    from release.plan.plan import Plan
    from release.plan.preview import Preview
    from release.run.sequence import Gate
    from release.systems.ops import Connect, Ops

    Choose = Callable[[Config, Preview, Request], Level]


def release(
    root: Path,
    environ: Mapping[str, str],
    options: Options,
    gate: Gate,
    listener: Listener,
    *,
    choose: Choose | None = None,
    connect: Connect = connect,
) -> Outcome:
    """Carry a release, a deployment or one step out. Raises UsageError for wrong words or configuration.

    `choose` is asked for the bump of what starts, where none was typed. `connect` wires the outside systems; a test wires
    others.
    """
    from release.run.effects.perform import perform
    from release.run.journal import Journal
    from release.systems.machine.checkout_lock import alone

    approved = read_plan(options.plan_file) if options.plan_file else None
    options = _as_approved(options, approved) if approved else options
    config, plugins = configured(root, options.target, options.request.line, environ)
    _require(config, options, environ)
    ops = connect(config, options.request.environment, environ, perform=perform)
    if options.request.environment == config.production:
        require_write_tokens(ops)
    try:
        told = Listeners((listener, Journal(root, secrets.token_hex(4), ops.mask)))
        ops.github.say = told.line
        with alone(root, told.line):
            return _released(ops, plugins, _chosen(ops, plugins, options, choose), approved, gate, told)
    finally:
        ops.close()


def _require(config: Config, options: Options, environ: Mapping[str, str]) -> None:
    """Raise UsageError for a wrangler that is too old, and files that name another account or do not bind what is listed.

    A finish needs none of these files.
    """
    require_wranglers(config)
    environment = options.request.environment
    if not options.request.finish and environment in config.environments:
        require_account(config, environment, environ)
        require_databases(config, environment)


def _as_approved(options: Options, approved: Plan) -> Options:
    """What the approved plan was made for. Raises BlockedError where something else is asked for beside it."""
    wanted = approved.request
    if replace(options.request, finish=wanted.finish) not in {
        wanted,
        Request(wanted.environment, finish=wanted.finish),
    }:
        raise BlockedError(
            f"Plan {approved.short} was approved for --bump {wanted.level} to {wanted.environment}; more is asked here.",
            "Leave the other options out; or plan again (inv plan --output FILE) and have that approved.",
        )
    return replace(options, request=wanted)


def _chosen(ops: Ops, plugins: Extensions, options: Options, choose: Choose | None) -> Options:
    """The same with the bump that a person chose; a release that was begun, and one that is blocked, leave no choice."""
    if choose is None:
        return options
    preview = survey(ops, plugins, options)
    is_free = all(one.check.startswith("policy ") for one in preview.problems)
    if preview.kind != "start" or preview.release is None or preview.release.previous is None or not is_free:
        return options
    level = choose(ops.config, preview, options.request)
    return replace(options, request=replace(options.request, level=level))


def _released(
    ops: Ops, plugins: Extensions, options: Options, approved: Plan | None, gate: Gate, told: Listeners
) -> Outcome:
    """Survey and carry out; from the start again where the record changed while the run waited for it."""
    from release.run.lock import StaleError
    from release.run.sequence import carry_out

    while True:
        preview = survey(ops, plugins, options, approved)
        told.planned(preview)
        try:
            return carry_out(ops, plugins, preview, gate, told)
        except StaleError as error:
            told.line(f"{error.what} Looking again.")


def plan(
    root: Path,
    environ: Mapping[str, str],
    options: Options,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """The same up to the gate: nothing is written but the plan's own file, when one is named."""
    config, plugins = configured(root, options.target, options.request.line, environ)
    _require(config, options, environ)
    ops = connect(config, options.request.environment, environ)
    try:
        preview = survey(ops, plugins, options)
        if options.for_approval and in_workflow(environ):
            preview = _unread(preview)
        listener.planned(preview)
        outcome = planned(preview, ops)
        if options.output and preview.plan:
            write_plan(preview.plan, options.output)
        if options.output or (options.for_approval and environ.get("GITHUB_OUTPUT")):
            _tell_waiting(plugins, preview, listener)
        listener.ended(outcome)
        return outcome
    finally:
        ops.close()


def _unread(preview: Preview) -> Preview:
    """In a workflow the bump was chosen in a form: a plan that finishes something else stops before anybody approves it."""
    if preview.differs is None:
        return preview
    problem = replace(preview.differs, level="block")
    warnings = tuple(one for one in preview.warnings if one is not preview.differs)
    return replace(preview, problems=(*preview.problems, problem), warnings=warnings)


def _tell_waiting(plugins: Extensions, preview: Preview, listener: Listener) -> None:
    """A plan that is handed on, in a file or as a job's output, waits for its approval elsewhere."""
    if preview.release is None or preview.plan is None or preview.problems:
        return
    said = plugins.tell("release_approval_awaited", release=preview.release, plan_hash=preview.plan.hash)
    for line in said:
        listener.line(line)
