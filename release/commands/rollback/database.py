"""`inv rollback --database`: the databases back as they were before the last release's migrations, each in place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from release.commands.rollback.course import bookmarks_of, refuse_while_released, time_travel
from release.commands.rollback.routes import routes_to_noted, survey
from release.config import load
from release.errors import BlockedError, EffectError, ReleaseError
from release.model.outcome import Failure, Outcome, StepResult
from release.model.release import Write
from release.run import lock
from release.systems.cloudflare.time_travel import DAYS, FREE_DAYS, MOST_ROWS, counted_tables, restored
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from release.commands.rollback.routes import Situation
    from release.model.deployment import Database
    from release.model.outcome import Listener
    from release.model.record import Record
    from release.systems.ops import Connect, Ops


@dataclass(frozen=True)
class _Way:
    """One database's way back: as it is now, what the bookmark held, and the bookmark."""

    database: Database
    bookmark: str
    then: Mapping[str, int]
    now: Mapping[str, int]


def restore(
    root: Path,
    environ: Mapping[str, str],
    environment: str,
    confirm: Callable[[str, str], None] | None,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Put each database back to its noted bookmark, after saying what that loses. Exit 3 when one is and another is not.

    Without `confirm` nothing is changed, and the outcome is a plan.

    Raises BlockedError where no bookmark is noted, a release runs, or the newer workers still serve.
    """
    ops = connect(load(root), environment, environ)
    try:
        ground = survey(ops, listener.line)
        ways = _ways(ops, ground)
        for way in ways:
            for line in _words(ground, way):
                listener.line(line)
        if confirm is None:
            return _untouched(ops, ways, listener)
        for way in ways:
            confirm(f"Restore {way.database.name}?", way.database.name)
        return _carried_out(ops, ground, ways, listener)
    finally:
        ops.close()


def _ways(ops: Ops, ground: Situation) -> tuple[_Way, ...]:
    record = ground.record
    bookmarks = bookmarks_of(ops, record) if record else {}
    if record is None or not bookmarks:
        raise BlockedError(
            f"No bookmark is noted for a database of {ops.name}: the last release migrated none, or it was restored.",
            "D1 keeps more than that: wrangler d1 time-travel info DATABASE --timestamp=TIME",
        )
    refuse_while_released(ops, record)
    if routes_to_noted(ops, ground):
        raise BlockedError(
            f"The newer workers still serve in {ops.name}, and would run on the older schema.",
            "First inv rollback --despite-migrations, then run the same command again.",
        )
    tables = {one.name: one for one in _read(ops, bookmarks)}
    return tuple(
        _Way(tables[name], bookmark, record.rows.get(name, {}), counted_tables(ops.cloudflare, tables[name]))
        for name, bookmark in bookmarks.items()
    )


def _read(ops: Ops, names: Mapping[str, str]) -> Iterator[Database]:
    """The databases of these names as they are; the ledger's name is that of the configuration."""
    from release.observe.migrations import d1_at

    known = {}
    for one in ops.config.databases:
        try:
            name, table = d1_at(ops, "HEAD", one)
        except (ReleaseError, OSError):
            continue
        known[name] = table
    for name in names:
        yield ops.cloudflare.database(name, known[name]) if name in known else ops.cloudflare.database(name)


def _words(ground: Situation, way: _Way) -> Iterator[str]:
    """What the restore loses, as far as it can be told, and until when it can be done."""
    name, record = way.database.name, ground.record
    yield f"{name}: back to bookmark {way.bookmark}, in place"
    at = record.bookmarked_at if record else 0.0
    if at:
        noted = datetime.fromtimestamp(at, UTC)
        expires, free = noted + timedelta(days=DAYS), noted + timedelta(days=FREE_DAYS)
        yield (
            f"  noted {noted:%Y-%m-%d %H:%M} UTC; D1 keeps it until {expires:%Y-%m-%d} "
            f"({free:%Y-%m-%d} on the Free plan)"
        )
    said = list(_lost(way))
    yield from said or [
        "  the number of rows is the same in every table" if way.then else "  rows then: not known"
    ]
    yield "  rows that were updated since cannot be counted; they go back too"


def _lost(way: _Way) -> Iterator[str]:
    if not way.then or not way.now:
        return
    for table in sorted({*way.then, *way.now}):
        then, now = way.then.get(table), way.now.get(table)
        if then is None:
            yield f"  table {table} is new since: it goes, with {_rows(now or 0)}"
        elif now is None:
            yield f"  table {table} comes back, with {_rows(then)}"
        elif now > MOST_ROWS and then > MOST_ROWS:
            yield f"  table {table}: {_rows(now)}, not counted further"
        elif now > then:
            yield f"  table {table}: {_rows(now - then)} more than then: lost"
        elif now < then:
            yield f"  table {table}: {_rows(then - now)} fewer than then: they come back"


def _rows(count: int) -> str:
    many = f"more than {MOST_ROWS:,}" if count > MOST_ROWS else f"{count:,}"
    return f"{many} {'row' if count == 1 else 'rows'}"


def _untouched(ops: Ops, ways: tuple[_Way, ...], listener: Listener) -> Outcome:
    """A dry run: what would be restored was said, and nothing was changed."""
    writes = [
        Write(f"restore {way.database.name}", "d1", way.database.name, f"restore bookmark {way.bookmark}")
        for way in ways
    ]
    results = tuple(StepResult(one.step, "todo", 0.0, one.what, (one,)) for one in writes)
    outcome = Outcome(
        "planned", "rollback", ops.name, steps=results, urls=(ops.url,), next="inv rollback --database"
    )
    listener.ended(outcome)
    return outcome


def _carried_out(ops: Ops, ground: Situation, ways: tuple[_Way, ...], listener: Listener) -> Outcome:
    results: list[StepResult] = []
    for way in ways:
        name, step, started = way.database.name, f"restore {way.database.name}", ops.clock.elapsed()
        listener.started(step)
        try:
            previous = restored(ops.cloudflare, way.database, way.bookmark)
        except EffectError as error:
            return _half(
                ops, results, Failure(step, error.what, "D1 refused the restore.", error.advice), listener
            )
        now = ops.cloudflare.database(name, way.database.table)
        detail = f"at {now.applied[-1]}" if now.applied else "no migration is applied"
        write = Write(step, "d1", name, f"restore bookmark {way.bookmark}")
        results.append(StepResult(step, "ok", ops.clock.elapsed() - started, detail, (write,)))
        listener.finished(results[-1])
        if previous:
            listener.line(f"to undo it: {time_travel(ops, name, previous)}")
        ground = _noted(ops, ground, name, listener)
    back = ", ".join(way.database.name for way in ways)
    outcome = Outcome(
        "released", "rollback", ops.name, why=f"{back} restored", steps=tuple(results), urls=(ops.url,)
    )
    listener.ended(outcome)
    return outcome


def _half(ops: Ops, results: list[StepResult], failure: Failure, listener: Listener) -> Outcome:
    there = ", ".join(one.name.removeprefix("restore ") for one in results)
    standing = f"{there} restored, the rest is not." if there else "Nothing was restored."
    outcome = Outcome(
        "unrecorded" if results else "failed",
        "rollback",
        ops.name,
        steps=tuple(results),
        failure=Failure(failure.step, failure.what, failure.meaning, failure.advice, standing=standing),
        next="inv rollback --database",
    )
    listener.ended(outcome)
    return outcome


def _noted(ops: Ops, ground: Situation, name: str, listener: Listener) -> Situation:
    """Take a bookmark that was used out of the record."""
    from dataclasses import replace as with_fields

    record: Record | None = ground.record
    if record is None:
        return ground
    left = {key: one for key, one in record.bookmarks.items() if key != name}
    rows = {key: one for key, one in record.rows.items() if key != name}
    used = replace(record, bookmark=None, bookmarks=left, rows=rows)
    try:
        used, held = lock.put(ops, used, ground.held)
    except ReleaseError as error:
        listener.line(f"the record could not be updated: {error.what}")
        return ground
    return with_fields(ground, record=used, held=held)
