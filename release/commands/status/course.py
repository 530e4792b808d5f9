"""`inv status`: each environment as it is, how far main is ahead, and what is unfinished. It writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from release.commands.ending import Shown
from release.commands.envelope import problem
from release.config import load
from release.decide.decide import decide
from release.decide.findings import previous, unfinished
from release.decide.ledger import findings
from release.model.bump import TRAILER
from release.model.deployment import Health, WorkerDeployment
from release.model.health import live_mark, rule_of
from release.model.record import Record
from release.model.repository import Remote
from release.model.request import Request
from release.model.rolled_back import facts, standing, worker_json
from release.model.stores import pending, stores
from release.model.unread import Unread
from release.observe.world import observe
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.config import Config
    from release.model.rolled_back import RolledBack
    from release.model.world import World
    from release.systems.ops import Ops


WIDE = 12  # columns of what a rollback is told with


@dataclass(frozen=True)
class Status:
    """The worlds of all environments, by name, and how many commits of the branch each does not serve yet."""

    config: Config
    worlds: Mapping[str, World]
    ahead: Mapping[str, int | None]


def shown(root: Path, environ: Mapping[str, str], only: str = "") -> Shown:
    """All of it, or one environment, for people and for scripts. Raises UsageError for an environment that is none."""
    found = read(root, environ, only)
    fields = as_json(found)
    return Shown(lines(found), fields, problems=list(_problems(fields["environments"])))


def read(root: Path, environ: Mapping[str, str], only: str = "") -> Status:
    """Observe every environment, or the one that is named."""
    config = load(root)
    worlds, ahead = {}, {}
    if only:
        config.environment(only)  # raises, with the nearest name
    for name in [only] if only else config.environments:
        ops = connect(config, name, environ)
        try:
            worlds[name] = observe(ops)
            ahead[name] = _ahead(ops, worlds[name])
        finally:
            ops.close()
    return Status(config, worlds, ahead)


def lines(status: Status) -> Iterator[str]:
    """For people."""
    for name, found in as_json(status)["environments"].items():
        health = found["health"]
        state = health["problem"] or ("healthy" if health["proof"] != "nothing" else "no health route")
        yield f"{name:<12} {found['version'] or '?'} {(health['commit'] or '')[:7]}   {state}"
        for worker, live in status.worlds[name].live.items():
            yield f"  {worker:<10} {_live(live)}"
        if found["pending"] is not None:
            yield f"  migrations {', '.join(found['pending']) + ' pending' if found['pending'] else 'none pending'}"
        for what in found["ledger"]:
            yield f"  ledger     {what}"
        if found["ahead"] is not None:
            yield f"  {status.config.branch:<10} {_counted(found['ahead'])} ahead"
        if holder := found["holder"]:
            yield f"  locked by  {holder['who']} on {holder['where']}"
        for label, text in facts(rolled_back(status.config, status.worlds[name])):
            yield f"  {label:<{WIDE}} {text.replace(chr(10), ' ')}"
        if found["unfinished"]:
            yield f"  unfinished release {found['unfinished']}; to finish: inv release --finish{suffix(status.config, name)}"
        yield from (f"  unread     {reason}" for reason in found["unread"])


def as_json(status: Status) -> dict[str, Any]:
    """For scripts."""
    return {
        "environments": {
            name: _environment(status.config, world, status.ahead[name])
            for name, world in status.worlds.items()
        }
    }


def rolled_back(config: Config, world: World) -> RolledBack | None:
    """The rollback that stands here, with what `inv release` would ship next from this checkout."""
    if world.environment != config.production:
        return standing(world, config)
    return decide(world, Request(world.environment), config).rolled_back or standing(world, config)


def _silence(health: Unread | None) -> str:
    return health.because if health else "not asked"


def _environment(config: Config, world: World, ahead: int | None) -> dict[str, Any]:
    health = world.health if isinstance(world.health, Health) else Health(None, None, _silence(world.health))
    record = world.record if isinstance(world.record, Record) else None
    begun = unfinished(world, config)
    last = previous(world, config)
    back, mark = rolled_back(config, world), live_mark(world.live)
    return {
        "version": health.version or (config.app.pattern.version(mark[0]) if mark else None),
        "health": {
            "version": health.version,
            "commit": health.commit,
            "version_id": health.version_id,
            "problem": health.problem,
            "proof": rule_of(config.environment(world.environment)).proof,
        },
        "workers": {name: worker_json(live) for name, live in world.live.items()},
        "pending": None if (waiting := pending(world)) is None else list(waiting),
        "ledger": [f"{what} {advice}" for store in stores(world) for what, advice in findings(world, store)],
        "last": last[1] if last else None,
        "ahead": ahead,
        "unfinished": begun.tag if begun and world.environment == config.production else None,
        "rolled_back": back.as_json() if back else None,
        "holder": _holder(record) if record else None,
        "unread": _unread(world),
    }


def _holder(record: Record) -> dict[str, str | None] | None:
    """Who holds the lock, and until when."""
    one = record.holder
    if one is None:
        return None
    until = f"{datetime.fromtimestamp(record.lease_until, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"who": one.who, "where": one.where, "url": one.url, "until": until}


def _problems(environments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What could not be read, is unhealthy or is unfinished."""
    for name, found in environments.items():
        if found["health"]["problem"]:
            yield problem("health", "warn", f"{name}: {found['health']['problem']}")
        if found["unfinished"]:
            yield problem("unfinished", "warn", f"{name}: {found['unfinished']} is not finished")
        yield from (problem("unread", "warn", f"{name}: {reason}") for reason in found["unread"])


def suffix(config: Config, environment: str) -> str:
    """What a command needs to be about this environment."""
    return "" if environment == config.production else f" --env {environment}"


def _counted(count: int) -> str:
    return f"{count or 'no'} commit{'' if count == 1 else 's'}"


def _ahead(ops: Ops, world: World) -> int | None:
    """How many commits of the branch are not in what every worker serves; None where that is not known."""
    marks = {
        live.release[1] if isinstance(live, WorkerDeployment) and live.release else None
        for live in world.live.values()
    }
    served = marks.pop() if len(marks) == 1 else None
    tip = world.remote.tip if isinstance(world.remote, Remote) else None
    if not served or not tip or ops.git.object(served) is None or ops.git.object(tip) is None:
        return None
    return len(ops.git.log([tip], [served], trailer=TRAILER))


def _live(live: WorkerDeployment | Unread | None) -> str:
    if isinstance(live, Unread):
        return f"could not be read: {live.because}"
    if live is None:
        return "never deployed"
    if live.version_id is None:
        return " and ".join(f"{share:.0f} % {version[:8]}" for version, share in live.shares)
    made = live.release
    return (
        f"{live.version_id[:8]}  {made[0]} of {made[1][:7]}"
        if made
        else f"{live.version_id[:8]}  made by no release"
    )


def _unread(world: World) -> list[str]:
    parts = (
        world.checkout,
        world.remote,
        world.record,
        world.base,
        world.history,
        *world.databases.values(),
        world.releases,
    )
    return list(dict.fromkeys(part.because for part in parts if isinstance(part, Unread)))
