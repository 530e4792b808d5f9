"""What is true after a failure, in words: what is live, what is not recorded, what to do next (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.database.replay import beyond
from release.errors import StoppedError
from release.model.deployment import Database, WorkerDeployment
from release.model.health import NO_ROUTE
from release.model.outcome import Failure
from release.model.record import Record
from release.model.repository import History, Remote
from release.model.rolled_back import live_words
from release.model.step import Stuck
from release.model.stores import applied, ledger, stores
from release.model.unread import Unread
from release.run import explain_package as report_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.errors import ReleaseError
    from release.model.record import Subject
    from release.model.release import Release
    from release.model.step import Look, Step
    from release.model.world import World
    from release.plan.preview import Preview

UNTAGGED = "Nothing was committed or tagged."


def failure_of(step: Step, what: str, look: Look, trouble: ReleaseError | None = None) -> Failure:
    """The failure of a step, with its own meaning; the advice is that of what went wrong, else the step's."""
    told = trouble.advice if trouble is not None else look.advice if isinstance(look, Stuck) else ""
    advice = told or step.advice
    if isinstance(trouble, StoppedError):
        return Failure(step.name, what, "You interrupted the run; no error was found.", advice)
    return Failure(step.name, what, step.meaning, advice)


def explained(
    failure: Failure,
    preview: Preview,
    world: World,
    *,
    changed: bool,
    recorded: bool,
    pending: Subject | None = None,
) -> Failure:
    """The failure with what is true now. `world` was read after it.

    `changed`: the environment is not what it was; `recorded`: the remote has the release's tag; `pending`: a release
    that an earlier run began and did not record.
    """
    release = preview.release
    if release is not None and world.package is not None:
        return report_package.explained(failure, release, world, changed=changed, recorded=recorded)
    if release is None or not changed:
        return _without_change(failure, world, pending)
    standing = _recorded(failure, preview, release) if recorded else _unrecorded(preview, release, world)
    return replace(
        failure, standing=standing, state=tuple(_facts(preview, release, world, recorded=recorded))
    )


def _without_change(failure: Failure, world: World, pending: Subject | None) -> Failure:
    where = world.environment.capitalize()
    if pending is None:
        return replace(failure, standing=f"Not released. {where} is unchanged.")
    begun = f"{pending.tag} of {pending.base[:7]}"
    standing = (
        f"Not released. This run changed nothing; {where} still carries {begun}, which is not recorded."
    )
    facts = [("live now", live_now(world))]
    if _way_back(world):
        facts.append(("roll back", f"{rollback_command(world)}\n{_rolling_back(world)}"))
    return replace(failure, standing=standing, state=tuple(facts))


def next_command(preview: Preview, world: World, *, recorded: bool) -> str:
    """The one command to run next: back where the new bundle is live and bad, else the same again."""
    is_bad = world.smoke is not None and not world.smoke.healthy
    if (
        is_bad and not recorded and _way_back(world) and not _between(world)
    ):  # over a migration, a person decides
        return rollback_command(world)
    return preview.command


def rollback_command(world: World) -> str:
    """As it is typed: with the word that it needs where a migration lies in between."""
    env = "" if world.environment == "production" else f" --env {world.environment}"
    return f"inv rollback{env}{' --despite-migrations' if _between(world) else ''}"


def _between(world: World) -> tuple[str, ...]:
    """The migrations that were applied since, and after which what served before would not work, or may not."""
    migrated = world.record.barring if isinstance(world.record, Record) else ()
    there = applied(world)
    return tuple(name for name in migrated if name in there)


def live_now(world: World) -> str:
    """What serves and how far the database is, in one line."""
    parts = [live_words(world.live)]
    for store in stores(world):
        name = f"database {store.label}".rstrip()
        if isinstance(store.database, Unread):
            parts.append(f"{name} unknown")
        elif store.applied:
            parts.append(f"{name} at {store.applied[-1]}")
    return ", ".join(parts)


def _recorded(failure: Failure, preview: Preview, release: Release) -> str:
    if failure.step == "record":
        return f"{release.tag} is live and tagged, and the branch does not hold it yet."
    steps = [one.step.name for one in preview.forecasts]
    return f"{release.tag} is live and recorded, and {failure.step if failure.step in steps else 'the rest'} is not done."


def _unrecorded(preview: Preview, release: Release, world: World) -> str:
    """One sentence for an environment that changed without a tag, and one for git."""
    is_deployment = release.commit == release.base
    known = not is_deployment and not isinstance(world.remote, Unread)
    return f"{_change(preview, release, world)}{f' {UNTAGGED}' if known else ''}"


def _change(preview: Preview, release: Release, world: World) -> str:
    where, mark = world.environment.capitalize(), (release.tag, release.commit)
    name = release.base[:7] if release.commit == release.base else release.tag
    new = [
        worker
        for worker, live in world.live.items()
        if isinstance(live, WorkerDeployment) and live.release == mark
    ]
    old = [worker for worker in world.live if worker not in new]
    if _is_unknown(world):
        return f"{where} may have changed: what it serves could not be read."
    if new and old:
        return f"{where} is half changed: {_list(new)} {_is(new)} {name}, {_list(old)} {_is(old)} not."
    if new:
        return f"{where} serves {name}{_health(world)}."
    if is_migrated(preview, world):
        return f"The database of {world.environment} was migrated; no worker serves {name}."
    return f"{where} is not what it was, and not {name}: it was deployed from elsewhere meanwhile."


def is_migrated(preview: Preview, world: World) -> bool:
    """Whether the database is not the one of the plan, by its ledger; or by its schema, where no row was written."""
    if preview.plan is None:
        return False
    for name, now in world.databases.items():
        before = preview.world.databases.get(name)
        if isinstance(now, Database) and isinstance(before, Database) and before.schema != now.schema:
            return True
    last = ledger(world)
    return last is not None and last != preview.plan.ledger


def _is_unknown(world: World) -> bool:
    parts = (*world.live.values(), *world.databases.values())
    return any(isinstance(part, Unread) for part in parts)


def _health(world: World) -> str:
    if world.smoke is None:
        return ", and its health was not checked"
    if world.smoke.healthy and world.health == NO_ROUTE:
        return ", but the release is not recorded"
    return (
        " and is healthy, but the release is not recorded" if world.smoke.healthy else " and is not healthy"
    )


def _facts(preview: Preview, release: Release, world: World, *, recorded: bool) -> Iterator[tuple[str, str]]:
    yield "live now", live_now(world)
    yield from (("in part", said) for said in _in_part(world))
    missing = ", ".join(_missing(preview, release, world))
    if missing:
        yield "not recorded", missing
    if recorded:
        return
    if _way_back(world):
        yield "roll back", f"{rollback_command(world)}\n{_rolling_back(world)}"
    is_healthy = world.smoke is not None and world.smoke.healthy
    if not is_healthy and not _is_unknown(world):
        yield "or fix", f"{preview.command}\nafter the fix is merged: ships it as {release.version}"
    record = world.record if isinstance(world.record, Record) else None
    if record and preview.plan and preview.plan.migrations:
        said = [f"before the migration: bookmark {record.bookmark}"] if record.bookmark else []
        said += [f"{name} before the migration: bookmark {one}" for name, one in record.bookmarks.items()]
        yield from (("database", f"{one} (restoring it loses later writes)") for one in said)


def _in_part(world: World) -> Iterator[str]:
    """The migrations that D1 stopped half way through, and how each is finished."""
    for store in stores(world):
        found = beyond(store.migrations, store.database) if isinstance(store.database, Database) else None
        if found is not None and found.rest:
            yield f"{store.file(found.file)} was applied up to line {found.line}; the next run applies the rest"
        elif found is not None and found.doubt:
            yield f"{store.file(found.file)}: {found.doubt}; inv step.backfill says how it is finished"


def _rolling_back(world: World) -> str:
    back, between = " then ".join(reversed(list(world.live))), ", ".join(_between(world))
    if not between:
        return f"puts {back} back; the database stays"
    return f"puts {back} back; the database stays: can the older bundle run on it after {between}?"


def _missing(preview: Preview, release: Release, world: World) -> Iterator[str]:
    """What of the plan git and GitHub do not hold yet."""
    systems = {write.system for write in preview.plan.writes} if preview.plan else set()
    if "git" in systems and isinstance(world.remote, Unread):
        yield f"unknown: {world.remote.because}"
        return
    if "git" in systems and isinstance(world.remote, Remote):
        if world.remote.tags.get(release.tag) != release.commit:
            yield f"tag {release.tag}"
        if not (isinstance(world.history, History) and world.history.is_on_branch):
            yield "the bump on the branch"
    if "github" in systems and (isinstance(world.releases, Unread) or release.tag not in world.releases):
        yield "the GitHub Release"


def _way_back(world: World) -> bool:
    """Whether a worker serves something else than before, and what served before was noted."""
    record = world.record
    before = record.before if isinstance(record, Record) else {}
    served = {
        name: live.version_id for name, live in world.live.items() if isinstance(live, WorkerDeployment)
    }
    return any(name in before and before[name] != version for name, version in served.items())


def _list(names: list[str]) -> str:
    return " and ".join(names)


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
