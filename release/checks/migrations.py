"""Check of pending migrations for what passes locally and fails on D1."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from release.database.contract import MARKER, WORD, contracts, waiting, word_at
from release.database.replay import beyond
from release.formats.d1_splitter import refusals
from release.formats.sql import COMMENTS, OPEN_STATEMENT, open_end, statements
from release.formats.wrangler_migrations import PATTERN_SINCE, QUOTES_SINCE
from release.model.deployment import Database
from release.model.problem import Problem
from release.model.stores import stores
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.formats.d1_splitter import Refusal
    from release.formats.wrangler_migrations import Rules
    from release.model.release import Release
    from release.model.repository import Migration
    from release.model.stores import Store
    from release.model.world import World

TRANSACTION = re.compile(r"(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Migrations:
    """D1 refuses transaction statements; and wrangler puts a statement of its own behind each file, which must stay one."""

    folder: str
    database: str
    name: str = "migrations"
    guards: frozenset[str] = frozenset({"migrate", "contract"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """The problems of each pending file, with their lines; none of a file that was applied and is only to be noted."""
        del release
        store = _read(world, self.database)
        if store is None or not isinstance(store.database, Database):
            return ()
        found = beyond(store.migrations, store.database)
        known = found.whole if found else ()
        pending = [m for m in store.pending if m.name not in known]
        return tuple(found for m in pending for found in self._faults(m, store))

    def _faults(self, migration: Migration, store: Store) -> Iterator[Problem]:
        file = f"{self.folder}/{migration.name}"
        try:
            text = migration.sql.decode()
        except UnicodeDecodeError:
            yield self._problem(file, 1, "is not UTF-8", "Save it as UTF-8")
            return
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            yield self._problem(file, line, "holds a NUL byte", "Remove it: SQL ends there")
            return
        for line, statement in statements(text):
            if TRANSACTION.match(statement):
                word = statement.split(None, 1)[0].rstrip(";").upper()
                yield self._problem(
                    file,
                    line,
                    f"holds {word}, which D1 refuses",
                    "Remove the transaction statements: D1 applies each file as a whole or not at all",
                )
                return
        yield from self._ending(file, store.file(migration.name), text)
        rules = store.folder.rules
        yield from self._refused(file, tuple(refusals(text, rules.version if rules else None)))

    def _refused(self, file: str, found: tuple[Refusal, ...]) -> Iterator[Problem]:
        """What D1 would refuse, one by one; what it may refuse, once a file."""
        for one in found:
            if one.is_certain:
                yield self._problem(file, one.line, f"{one.why}: it would be refused{_seen(one)}", one.remedy)
        doubtful = [one for one in found if not one.is_certain]
        if doubtful:
            first, more = doubtful[0], len(doubtful) - 1
            others = f" (so it is with {more} more)" if more else ""
            what = f"{first.why}{others}: it may be refused{_seen(first)}"
            yield replace(self._problem(file, first.line, what, first.remedy), level="warn")

    def _ending(self, file: str, name: str, text: str) -> Iterator[Problem]:
        """What the file leaves open at its end, where wrangler's own INSERT into the ledger follows."""
        found = open_end(text)
        if found and found[1] == OPEN_STATEMENT:
            yield self._problem(file, found[0], "ends without a `;`", "Add it: D1 refuses the file")
        elif found:
            yield self._problem(
                file,
                found[0],
                f"ends inside {found[1]}",
                "Close it: wrangler's note that the file was applied follows, and would become a part of it. Did the file "
                f"run already? Then note it: inv step.backfill --through {name}. Otherwise",
            )
        elif not COMMENTS.sub("", text):
            yield self._problem(file, 1, "holds no statement", "Remove the file, or write the statement")

    def _problem(self, file: str, line: int, what: str, advice: str) -> Problem:
        return Problem(
            self.name,
            f"{file}:{line} {what}.",
            f"{advice}; fix it on main, verify on staging, then run again.",
            file,
            line,
        )


def _seen(one: Refusal) -> str:
    """What D1 would receive, and with which wrangler that was seen."""
    receives = f". D1 would receive: {one.receives}" if one.receives else ""
    return f" (seen with {one.reports}){receives}" if one.reports else receives


@dataclass(frozen=True)
class WranglerAgrees:
    """wrangler means the database that was looked at, and knows what its configuration says."""

    database: str
    name: str = "wrangler"
    guards: frozenset[str] = frozenset({"backfill", "migrate", "contract"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """What is set and not so."""
        del release
        store = _read(world, self.database)
        if store is None or store.folder.rules is None or not isinstance(store.database, Database):
            return ()
        return tuple(self._faults(store.folder.rules, store, store.database))

    def _faults(self, rules: Rules, store: Store, database: Database) -> Iterator[Problem]:
        if rules.database_id and rules.database_id != database.uuid:
            yield Problem(
                self.name,
                f"{rules.source} says database_id {rules.database_id}; Cloudflare's {database.name} is {database.uuid}.",
                f"Correct one of them: the worker would use another database than the one that is migrated. "
                f"wrangler d1 info {database.name} shows what is there.",
                rules.source,
            )
        if rules.ignored:
            yield Problem(
                self.name,
                f"The installed wrangler ignores migrations_pattern {rules.ignored}: only {rules.folder}/*.sql is applied.",
                f"Update wrangler to {_number(PATTERN_SINCE)} or newer, or remove migrations_pattern from {rules.source}.",
                rules.source,
                level="warn",
            )
        names = [one.name for one in store.pending]
        strange = [name for name in names if "'" in name] if not rules.quotes else []
        if not rules.quotes and not rules.table.isidentifier():
            strange.append(rules.table)
        for name in strange:
            yield Problem(
                self.name,
                f"The installed wrangler cannot record migrations: it puts the name {name} into its SQL without quotes.",
                f"Update wrangler to {_number(QUOTES_SINCE)} or newer, or rename it.",
                rules.source,
            )


@dataclass(frozen=True)
class Waits:
    """Which pending migrations wait for the new version is said in a known word, and what waits beside them is told."""

    folder: str
    database: str
    graded: bool
    name: str = "contract"
    guards: frozenset[str] = frozenset({"migrate", "contract"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """A problem for each word that is none, and a warning for each file that waits behind another."""
        del release
        store = _read(world, self.database)
        if store is None or not isinstance(store.database, Database):
            return ()
        return (*self._words(store), *self._behind(store))

    def _words(self, store: Store) -> Iterator[Problem]:
        for one in store.pending:
            found = word_at(one)
            if found is None or found[0].lower() == WORD:
                continue
            (word, line), file = found, f"{self.folder}/{one.name}"
            what = f"{file}:{line} says `release: {word}`, which is no time that a migration can run at."
            yield Problem(self.name, what, f"Write `{MARKER}`, or take it out.", file, line)

    def _behind(self, store: Store) -> Iterator[Problem]:
        files = waiting(store, graded=self.graded)
        if not files:
            return
        first = files[0]
        applied = tuple(one for one in store.migrations if one.name in store.applied)
        named = contracts(applied, store.pending, store.database.table, graded=self.graded)  # type: ignore[union-attr]
        for one in files:
            if one.name not in named:
                yield Problem(
                    self.name,
                    f"{store.file(one.name)} waits for {store.file(first.name)}, which runs after the deploys: "
                    "the new version serves without it until then.",
                    f"If the new version needs it at once, give it a name that comes before {first.name}.",
                    f"{self.folder}/{one.name}",
                    level="warn",
                )


@dataclass(frozen=True)
class Listed:
    """Every database with migrations that a worker binds is migrated by this tool; it warns alone."""

    name: str = "databases"
    guards: frozenset[str] = frozenset({"deploy"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One warning a database."""
        del release
        base = world.base
        return tuple(
            Problem(
                self.name,
                f"{one.source} binds the D1 database {one.database}, and no step applies its migrations in {one.folder}.",
                "List it in [[tool.release.databases]] (docs/configuration.md), unless something else migrates it.",
                one.source,
                level="warn",
            )
            for one in (() if isinstance(base, Unread) else base.unlisted)
        )


def _read(world: World, name: str) -> Store | None:
    """The database of this name, where the commit was read."""
    if isinstance(world.base, Unread):
        return None
    return next((one for one in stores(world) if one.name == name), None)


def _number(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
