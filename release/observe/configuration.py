"""Reads what a worker has besides its code, from three sides: what serves, this commit's configuration, the last release's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from release.errors import CannotReadError, ReleaseError
from release.formats import cloudflare_settings as told
from release.formats import worker_settings as kinds
from release.formats.version import TagPattern, highest
from release.formats.worker_settings import WorkerSettings
from release.formats.wrangler_config import candidates, parse
from release.formats.wrangler_settings import wrangler_settings, zones_in
from release.model.configuration import Compared
from release.model.unread import Unread
from release.observe.readiness import answer
from release.systems.cloudflare.settings import around, domains, zone_routes
from release.systems.git.content import first_file
from release.systems.machine.deadline import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Future

    from release.config import Environment, Worker
    from release.model.deployment import WorkerDeployment
    from release.model.release import Release
    from release.model.repository import Checkout, Remote
    from release.model.world import World
    from release.systems.ops import Ops

LANES = 16
_AROUND: dict[str, tuple[Callable[[Mapping[str, Any]], WorkerSettings], tuple[str, ...]]] = {
    "schedules": (told.schedules, (kinds.CRON,)),
    "subdomain": (told.address, (kinds.ADDRESS,)),
    "script-settings": (told.script, (kinds.TAIL, kinds.LOGPUSH, kinds.OBSERVABILITY)),
}
_NEEDS = {
    kinds.CRON: "Workers Scripts: Read",
    kinds.ADDRESS: "Workers Scripts: Read",
    kinds.TAIL: "Workers Scripts: Read",
    kinds.DOMAIN: "Workers Scripts: Read",
    kinds.ROUTE: "Zone / Workers Routes: Read",
}


@dataclass
class AskedSettings:
    """What is under way of each worker, by its name; `wanted` and `last` are read already."""

    wanted: dict[str, WorkerSettings | Unread] = field(default_factory=dict)
    last: dict[str, WorkerSettings | None] = field(default_factory=dict)
    around: dict[str, list[Future[WorkerSettings]]] = field(default_factory=dict)
    zones: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    domains: Future[list[dict[str, Any]] | None] | None = None


def ask_watched(ops: Ops, lanes: Lanes, here: Checkout | None, there: Remote | None) -> AskedSettings | None:
    """Ask for what production's workers have besides their code, where a release is to look at it."""
    config = ops.config
    if here is None or ops.name != config.production or config.target or not config.watches_settings:
        return None
    last = highest(there.tags, TagPattern(config.app.tag)) if there else None
    return ask_settings(ops, lanes, here.head, there.tags[last[1]] if there and last else None)


def ask_settings(ops: Ops, lanes: Lanes, commit: str, last: str | None) -> AskedSettings:
    """Ask for all that no version holds: three requests a worker, one for all domains, one for each zone with routes.

    `last` is the commit of the last release, where there is one.
    """
    asked = AskedSettings()
    parsed = {worker.name: _parsed(ops, commit, worker) for worker in ops.config.workers}
    parsed = {name: found for name, found in parsed.items() if found is not None}
    asked.domains = lanes.submit(_domains, ops) if parsed else None
    for worker in ops.config.workers:
        found = parsed.get(worker.name)
        if found is None:
            continue
        asked.wanted[worker.name] = _understood(ops.environment, worker, found)
        before = _parsed(ops, last, worker) if last else None
        known = _understood(ops.environment, worker, before) if before else None
        asked.last[worker.name] = known if isinstance(known, WorkerSettings) else None
        asked.zones[worker.name] = _zones(ops, (found, before))
        asked.around[worker.name] = _ask_around(ops, lanes, worker.name, asked.zones[worker.name])
    return asked


def compared(
    ops: Ops, asked: AskedSettings, live: Mapping[str, WorkerDeployment | Unread | None]
) -> dict[str, Compared | Unread]:
    """Wait for all of it, and put the sides beside each other."""
    found: dict[str, Compared | Unread] = {}
    for name, wanted in asked.wanted.items():
        serves = live.get(name)
        if isinstance(serves, Unread):
            found[name] = serves
            continue
        if isinstance(wanted, Unread):
            found[name] = wanted
            continue
        beside = [*(one.result() for one in asked.around[name]), _domains_of(asked, ops.script(name))]
        settings = serves.settings if serves else None
        found[name] = Compared(
            ops.script(name),
            reduce(or_, beside, settings) if settings else None,
            wanted,
            asked.last[name],
            serves.who if serves else "",
            asked.zones[name],
        )
    return found


def settings_again(ops: Ops, world: World, _: Release | None) -> World:
    """The world with what serves read again, of each worker whose settings were compared before."""
    known = {name: one for name, one in world.settings.items() if not isinstance(one, Unread)}
    if not known:
        return world
    with Lanes(LANES) as lanes:
        serving = {
            name: lanes.submit(answer, partial(ops.cloudflare.live, ops.script(name))) for name in known
        }
        asked = AskedSettings(
            wanted={name: one.wanted for name, one in known.items()},
            last={name: one.last for name, one in known.items()},
            around={name: _ask_around(ops, lanes, name, one.zones) for name, one in known.items()},
            zones={name: one.zones for name, one in known.items()},
            domains=lanes.submit(_domains, ops),
        )
        live = {name: one.result() for name, one in serving.items()}
        return replace(world, settings={**world.settings, **compared(ops, asked, live)})


def _parsed(
    ops: Ops, commit: str, worker: Worker, place: Environment | None = None
) -> dict[str, Any] | Unread | None:
    """A worker's wrangler configuration in a commit; None without one."""
    try:
        if ops.git.object(commit) is None:
            return None
        paths = candidates(worker.path, (place or ops.environment).config, worker.config)
        found = first_file(ops.git, commit, paths)
        return parse(*found) if found else None
    except (ReleaseError, ValueError, RecursionError) as error:
        return Unread(str(error), "Repair the file.")


def _understood(
    place: Environment, worker: Worker, found: dict[str, Any] | Unread
) -> WorkerSettings | Unread:
    if isinstance(found, Unread):
        return found
    try:
        return wrangler_settings(found, place.wrangler, worker.vars)
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        return Unread(f"the configuration of {worker.name} cannot be understood: {error}", "Repair it.")


def _around(ops: Ops, script: str, part: str) -> WorkerSettings:
    read, of = _AROUND[part]
    try:
        answer = around(ops.cloudflare, script, part)
        return read(answer) if answer is not None else WorkerSettings()
    except ReleaseError:
        return reduce(or_, (told.unreadable(kind, _needs(kind)) for kind in of))


def _domains(ops: Ops) -> list[dict[str, Any]] | None:
    try:
        return domains(ops.cloudflare)
    except CannotReadError:
        return None


def _domains_of(asked: AskedSettings, script: str) -> WorkerSettings:
    found = asked.domains.result() if asked.domains else None
    return (
        told.unreadable(kinds.DOMAIN, _needs(kinds.DOMAIN)) if found is None else told.domains(found, script)
    )


def _ask_around(
    ops: Ops, lanes: Lanes, worker: str, zones: tuple[tuple[str, str], ...]
) -> list[Future[WorkerSettings]]:
    script = ops.script(worker)
    asked = [lanes.submit(_around, ops, script, part) for part in _AROUND]
    return [*asked, lanes.submit(_routes, ops, script, zones)] if zones else asked


def _zones(ops: Ops, sides: Iterable[dict[str, Any] | Unread | None]) -> tuple[tuple[str, str], ...]:
    """The zones of the routes of these sides."""
    found: set[tuple[str, str]] = set()
    for one in sides:
        if isinstance(one, dict):
            found |= zones_in(one, ops.environment.wrangler)
    return tuple(sorted(found))


def _routes(ops: Ops, script: str, zones: tuple[tuple[str, str], ...]) -> WorkerSettings:
    try:
        answers = [one for zone in zones for one in zone_routes(ops.cloudflare, *zone)]
    except CannotReadError:
        return told.unreadable(kinds.ROUTE, _needs(kinds.ROUTE))
    return told.routes(answers, script)


def _needs(kind: str) -> str:
    return f"needs {_NEEDS.get(kind, 'Workers Scripts: Read')}"
