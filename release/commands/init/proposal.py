"""From what a monorepo shows, and what a person answers, to the settings of [tool.release]."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from release.commands.init import packages
from release.commands.init.asked_route import answer_of
from release.commands.init.builds import build, of_install, unbuilt
from release.commands.init.databases import databases
from release.commands.init.environments import NONE, STAGING, app_last, environments, together, words
from release.commands.init.health_route import health_route, read_at
from release.commands.init.identity import identity
from release.commands.init.questions import Question
from release.commands.init.workers import TOP, workers
from release.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from release.commands.init.databases import Ledger
    from release.commands.init.health_route import HealthRoute
    from release.commands.init.packages import Packages
    from release.commands.init.questions import Ask
    from release.commands.init.repository import Repository
    from release.commands.init.workers import Found

VARS = {"COMMIT_SHA": "{commit}"}


@dataclass(frozen=True)
class Proposal:
    """The table [tool.release] as plain values, what a person should know about it, and files that need a change.

    `changed` is path -> the text that it has then.
    """

    settings: dict[str, Any]
    notes: tuple[str, ...]
    changed: Mapping[str, str]


def propose(repository: Repository, ask: Ask) -> Proposal:
    """The settings for a repository. `ask` is called for what cannot be seen. Raises UsageError where nothing fits."""
    seen = workers(repository)
    names = environments(seen.workers, ask)
    fit = [one for one in seen.workers if set(names.values()) <= set(one.places)]
    if not fit:
        raise UsageError(
            f"No worker has {words(names)}.",
            "Each worker that is released needs both: answer with environments that one has, or add them to it.",
        )
    chosen = app_last(repository, fit, names["production"])
    chosen = together([one for one in chosen if not one.is_unlikely] or chosen, chosen, ask)
    app = chosen[-1]
    held = packages.packages(repository, app.path)
    found = databases(repository, chosen, seen.ledgers, names)
    named, changed, unsure = identity(repository, app, held, ask)
    addresses, health = _addresses(repository, app, names, found, ask)
    settings = {
        **({} if repository.branch == "main" else {"branch": repository.branch}),
        **({} if repository.remote == "origin" else {"remote": repository.remote}),
        "app": named,
        "test": {"commands": [*_prepared(repository, chosen), *_tests(held, ask)]},
        "workers": [_worker(repository, one) for one in chosen],
        **_tables(found),
        **_tried(names),
        "environments": addresses,
        **({} if held.folder == "." else {"rehearsal": {"install_in": held.folder}}),
    }
    notes = (
        *seen.notes,
        *unsure,
        *_notes(repository, seen.workers, chosen, names),
        *_health_notes(app, health),
    )
    return Proposal(settings, notes, changed)


def _prepared(repository: Repository, chosen: Sequence[Found]) -> Iterable[dict[str, Any]]:
    """What an install with scripts would have run, for the tests need it as the build does."""
    for one in chosen:
        manager = packages.packages(repository, one.path).manager
        cwd = {} if one.path == "." else {"cwd": one.path}
        for name in of_install(repository, one):
            yield {"run": [manager, "run", name], **cwd}


def _tests(held: Packages, ask: Ask) -> list[dict[str, Any]]:
    commands = list(held.checks)
    if not commands:
        said = ask(Question("test", "Which command tests the project? It runs before each release"))
        commands = [tuple(shlex.split(said))]
    cwd = {} if held.folder == "." else {"cwd": held.folder}
    return [{"run": list(command), **cwd} for command in commands]


def _worker(repository: Repository, one: Found) -> dict[str, Any]:
    command = build(repository, one)
    made = {"build": list(command)} if command else {}
    return {"name": one.name, "path": one.path, **made, "vars": VARS}


def _tables(found: Sequence[Ledger]) -> dict[str, Any]:
    """The databases: one as the table that names its worker, several as a list."""
    if not found:
        return {}
    if len(found) == 1:
        return {
            "database": {"worker": found[0].worker, "migrations": found[0].folder, **_described(found[0])}
        }
    return {
        "databases": [
            {
                "name": _name(one, found),
                "worker": one.worker,
                "binding": one.binding,
                "migrations": one.folder,
                **_described(one),
            }
            for one in found
        ]
    }


def _described(one: Ledger) -> dict[str, str]:
    return {"config": one.config} if one.config else {}


def _name(one: Ledger, found: Sequence[Ledger]) -> str:
    same = [other for other in found if other.binding == one.binding]
    text = one.binding if len(same) == 1 else f"{one.worker}-{one.binding}"
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _tried(names: Mapping[str, str]) -> dict[str, Any]:
    """Where a commit is tried before production, where that is not called staging."""
    others = [name for name in names if name not in {"production", "staging"}]
    return {"checklist": {"environment": others[0]}} if others else {}


def _addresses(
    repository: Repository, app: Found, names: Mapping[str, str], found: Sequence[Ledger], ask: Ask
) -> tuple[dict[str, Any], HealthRoute]:
    """The tables of the environments, and the health route that they share."""
    health = _health(repository, app, ask)
    urls = {name: _url(app, name, wrangler, ask) for name, wrangler in names.items()}
    health = _asked(health, urls, ask)
    of_route = health.settings
    table: dict[str, Any] = (
        {"health": False} if health.path == NONE else {"health": of_route} if of_route else {}
    )
    made: dict[str, Any] = {}
    for name, wrangler in names.items():
        place = app.places[wrangler]
        made[name] = {
            **_of_wrangler(name, wrangler),
            **({"config": place.file} if place.file else {}),
            "url": urls[name],
            **({"database": found[0].names[name]} if len(found) == 1 else {}),
            **table,
        }
    return made, health


def _health(repository: Repository, app: Found, ask: Ask) -> HealthRoute:
    """The health route, as the source tells what it answers."""
    seen = health_route(repository, app)
    guess = seen.path if seen else NONE
    said = ask(Question("health", f"Which route of {app.name} says its health and version?", guess))
    return seen if seen and said == seen.path else read_at(repository, app, said)


def _url(app: Found, name: str, wrangler: str, ask: Ask) -> str:
    url = app.places[wrangler].url
    asked = Question(f"url.{name}", f"Where does {app.name} answer in {name} (https://...)?")
    return (url or ask(asked)).rstrip("/")


def _asked(health: HealthRoute, urls: Mapping[str, str], ask: Ask) -> HealthRoute:
    """The route as it answers in production today, where a person agrees that it is asked; else as it was."""
    if health.path == NONE or not urls["production"].startswith(("http://", "https://")):
        return health
    address = urls["production"] + health.path
    question = Question(
        "ask-health", f"Ask {address} once what it answers (yes, no)?", "no", ("yes", "no"), is_optional=True
    )
    if ask(question) == "no":
        return health
    return answer_of(address, health.path) or replace(health, was_silent=True)


def _of_wrangler(name: str, wrangler: str) -> dict[str, Any]:
    if wrangler == TOP:
        return {"top_level": True}
    return {} if wrangler == name else {"wrangler": wrangler}


def _health_notes(app: Found, health: HealthRoute) -> Iterable[str]:
    """What a health route leaves unproved, as far as the source shows."""
    if health.was_silent:
        yield f"{health.path} of {app.name} did not answer that all is well; what its source tells is taken."
    if health.path == NONE:
        yield (
            f"{app.name} has no health route: a release is proved by Cloudflare's version ids alone. "
            "A route that answers with the version proves more."
        )
    elif not health.is_read:
        yield (
            f"The source does not show what {health.path} of {app.name} answers. "
            "Make sure that it fits [tool.release.environments.*.health]."
        )
    elif health.version is None:
        proof = "its commit" if health.commit else "Cloudflare's version ids"
        yield f"{health.path} of {app.name} tells no version: a release is proved by {proof} instead."


def _notes(
    repository: Repository, every: Sequence[Found], chosen: Sequence[Found], names: Mapping[str, str]
) -> Iterable[str]:
    """What was seen and left out."""
    for one in every:
        if not set(names.values()) <= set(one.places):
            yield f"{one.path} is left out: its wrangler configuration does not have {words(names)}."
        elif one not in chosen and one.is_unlikely:
            yield f"{one.path} is left out: it looks like an example. To release it too: --answer workers=..."
        if one not in chosen:
            continue
        yield from _of_worker(repository, one, names)
    if names["production"] == TOP:
        yield "Production is the top level of the wrangler configuration: a release deploys without --env."
    if not set(names) & {"staging"} and len(names) == 1:
        yield f"No environment for staging was found ({', '.join(STAGING)}); production alone is configured."


def _of_worker(repository: Repository, one: Found, names: Mapping[str, str]) -> Iterable[str]:
    """What a person should know of a worker that is released."""
    built = unbuilt(repository, one)
    if built:
        yield f"{one.path} uses {', '.join(built)}, which git has only unbuilt: its `build` makes them first."
    for name in of_install(repository, one):
        yield f"{one.path}: no script of a package runs at install, so {name} runs before the tests and in its `build`."
    left = [name for name in one.places if name and name not in names.values()]
    if left:
        yield f"{one.path}: no release to {', '.join(left)}; add it to [tool.release.environments] if there should be."
    for name, text in packages.scripts_of(repository, one.path).items():
        if name.startswith("deploy"):
            yield f'{one.path}: a release calls `wrangler deploy` itself, not the script {name} ("{text}").'
