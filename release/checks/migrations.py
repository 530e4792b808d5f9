"""Check of pending migrations for what passes locally and fails on D1."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model import Base, Database, Problem
from release.sql import COMMENTS, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model import Migration, Release, World

TRANSACTION = re.compile(r"(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Migrations:
    """D1 refuses transaction statements, and a file whose last statement has no `;`."""

    folder: str
    name: str = "migrations"
    guards: frozenset[str] = frozenset({"migrate"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """At most one problem a pending file, with its line."""
        del release
        if not isinstance(world.base, Base) or not isinstance(world.database, Database):
            return ()
        pending = [m for m in world.base.migrations if m.name not in world.database.applied]
        return tuple(found for m in pending for found in self._faults(m))

    def _faults(self, migration: Migration) -> Iterator[Problem]:
        file = f"{self.folder}/{migration.name}"
        try:
            text = migration.sql.decode()
        except UnicodeDecodeError:
            yield self._problem(file, 1, "is not UTF-8", "Save it as UTF-8")
            return
        last_line = 1
        for line, statement in statements(text):
            last_line = line
            if TRANSACTION.match(statement):
                word = statement.split(None, 1)[0].rstrip(";").upper()
                yield self._problem(
                    file,
                    line,
                    f"holds {word}, which D1 refuses",
                    "Take the transaction statements out: D1 applies each file as a whole or not at all",
                )
                return
            if not sqlite3.complete_statement(statement):
                yield self._problem(file, line, "ends without a `;`", "Add it: D1 refuses the file")
        if last_line == 1 and not COMMENTS.sub("", text):
            yield self._problem(file, 1, "holds no statement", "Take the file out, or write the statement")

    def _problem(self, file: str, line: int, what: str, advice: str) -> Problem:
        return Problem(
            self.name,
            f"{file}:{line} {what}.",
            f"{advice}; fix it on main, verify on staging, then run again.",
            file,
            line,
        )
