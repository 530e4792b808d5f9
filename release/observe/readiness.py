"""Reads what the checklist looks at, side by side with the rest of the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from release.errors import CannotReadError, ReleaseError, TokenRefusedError
from release.formats.wrangler_config import candidates, needs_in, parse
from release.model.deployment import WorkerDeployment
from release.model.readiness import Configured, Readiness, Tried
from release.model.reviewers import Reviewers
from release.model.unread import Unread
from release.observe.migrations import d1_at
from release.systems.git.content import first_file
from release.systems.github import actions
from release.systems.github.commit_checks import commit_checks
from release.systems.ops import health_url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from release.config import Config, Database, Environment, Page, Worker
    from release.formats.wrangler_config import Needs
    from release.systems.machine.deadline import Lanes
    from release.systems.ops import Ops

T = TypeVar("T")


def answer(question: Callable[[], T]) -> T | Unread:
    """The answer, or why there is none."""
    try:
        return question()
    except ReleaseError as error:
        return Unread(error.what, error.advice, is_refused=isinstance(error, TokenRefusedError))


@dataclass
class Asked:
    """The questions under way, by what they are about; `configured` is answered already."""

    lanes: Lanes
    pages: dict[str, Future[Any]] = field(default_factory=dict)
    tried: dict[str, Future[Any]] = field(default_factory=dict)
    secrets: dict[str, Future[Any]] = field(default_factory=dict)
    ci: Future[Any] | None = None
    configured: dict[str, Configured | Unread] = field(default_factory=dict)


def ask(ops: Ops, lanes: Lanes) -> Asked:
    """Ask what needs no commit: the environment where commits are tried, and its pages."""
    asked, checklist = Asked(lanes), ops.config.checklist
    name = ops.config.tried_in
    if name and {checklist.staging, checklist.staging_migrations} != {"off"}:
        _ask_tried(ops, name, asked)
    url = ops.url_of(name or ops.name)
    for item, page in pages(ops.config).items():
        asked.pages[item] = lanes.submit(answer, partial(ops.web.page, page, url))
    return asked


def ask_about(ops: Ops, asked: Asked, commit: str) -> None:
    """Ask what is about a commit: its checks at GitHub, and whether production has what its workers need."""
    checklist = ops.config.checklist
    if checklist.ci != "off":
        asked.ci = asked.lanes.submit(answer, partial(commit_checks, ops.github, commit))
    if checklist.bindings == "off" and checklist.secrets == "off":
        return
    for worker in ops.config.workers:
        found = answer(partial(_configured, ops, commit, worker))
        if found is not None:
            asked.configured[worker.name] = found
        required = bool(checklist.required_secrets.get(worker.name))
        required = required or (isinstance(found, Configured) and bool(found.production.secrets))
        if checklist.secrets != "off" and required:
            script = ops.script(worker.name)
            asked.secrets[worker.name] = asked.lanes.submit(answer, partial(ops.cloudflare.secrets, script))


def answers(ops: Ops, asked: Asked, commit: str, tip: str | None) -> Readiness:
    """Wait for all of it; `tip` is the branch's where that is known to hold the commit."""
    return Readiness(
        ci=asked.ci.result() if asked.ci else None,
        tried=_tried(ops, asked, commit, tip) if asked.tried else None,
        pages={item: one.result() for item, one in asked.pages.items()},
        configured=asked.configured,
        secrets={worker: one.result() for worker, one in asked.secrets.items()},
    )


def reviewers_of(ops: Ops) -> Reviewers | None:
    """Who must approve a production release at GitHub; None where that is not what is planned."""
    if ops.config.target is not None or ops.name != ops.config.production:
        return None
    name = ops.config.approval.environment
    found = actions.environment(ops.github, name)
    if found is None:
        return Reviewers(name, exists=False)
    return Reviewers(name, found.reviewers, found.prevents_self_review)


def pages(config: Config) -> Mapping[str, Page]:
    """The pages to look at, by item: those that are set up and not off."""
    checklist = config.checklist
    known = (
        ("dashboard", checklist.dashboard, config.dashboard_page),
        ("login", checklist.login, checklist.login_page),
        ("sample-page", checklist.sample_page, checklist.sample),
    )
    return {item: page for item, demand, page in known if page is not None and demand != "off"}


def _ask_tried(ops: Ops, name: str, asked: Asked) -> None:
    environment = ops.config.environment(name)
    for worker in ops.config.workers:
        script = ops.config.placed(worker.name, name).script
        asked.tried[f"worker {worker.name}"] = asked.lanes.submit(
            answer, partial(ops.cloudflare.live, script)
        )
    host = health_url_of(ops.config, name, ops.environ)
    asked.tried["health"] = asked.lanes.submit(answer, lambda: ops.web.health(environment, host))
    if ops.config.checklist.staging_migrations != "off":
        for one in ops.config.databases:
            asked.tried[f"database {one.name}"] = ask_database(ops, asked.lanes, one, environment)


def ask_database(
    ops: Ops, lanes: Lanes, database: Database, environment: Environment | None = None
) -> Future[Any]:
    """Ask D1 for a database, under the name and with the ledger that the checkout's commit says."""
    at = answer(lambda: d1_at(ops, "HEAD", database, environment))
    return lanes.submit(
        lambda: at if isinstance(at, Unread) else answer(partial(ops.cloudflare.database, *at))
    )


def _tried(ops: Ops, asked: Asked, commit: str, tip: str | None) -> Tried:
    live = {worker.name: asked.tried[f"worker {worker.name}"].result() for worker in ops.config.workers}
    served = {
        one.release[1] if isinstance(one, WorkerDeployment) and one.release else "" for one in live.values()
    }
    runs = served.pop() if len(served) == 1 else ""
    return Tried(
        environment=ops.config.tried_in or "",
        live=live,
        health=asked.tried["health"].result(),
        databases={
            one.name: asked.tried[f"database {one.name}"].result()
            for one in ops.config.databases
            if f"database {one.name}" in asked.tried
        },
        ahead=bool(runs) and runs != commit and (runs == tip or _holds(ops, runs, commit)),
    )


def _holds(ops: Ops, tip: str, commit: str) -> bool:
    """Whether a commit is in the history of another; what this checkout cannot tell is no."""
    if ops.git.object(tip) is None or ops.git.object(commit) is None:
        return False
    found = answer(partial(ops.git.contains, commit, tip))
    return found is True


def _configured(ops: Ops, commit: str, worker: Worker) -> Configured | None:
    """What a worker's wrangler configuration asks for as the commit holds it; None without one. Raises CannotReadError."""
    production, trying = _needs(ops, commit, worker, ops.environment), ops.config.tried_in
    tried = _needs(ops, commit, worker, ops.config.environment(trying)) if trying else None
    return Configured(production, tried) if production is not None else None


def _needs(ops: Ops, commit: str, worker: Worker, environment: Environment) -> Needs | None:
    found = first_file(ops.git, commit, candidates(worker.path, environment.config, worker.config))
    if found is None:
        return None
    path, text = found
    try:
        return needs_in(parse(path, text), environment.wrangler)
    except (ValueError, AttributeError, TypeError) as error:
        raise CannotReadError(f"{path} cannot be understood: {error}.", "Repair it.") from None
