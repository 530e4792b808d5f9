"""What runs the uploads and holds the databases: the seam between the API and workerd or memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from release.rehearsal.cloud.statements import Statement, Value
    from release.rehearsal.cloud.workers import Place


class ScriptError(Exception):
    """An upload that does not start; the text is the runtime's own."""


class SqlError(Exception):
    """A request to D1 that failed and left no trace; the text is D1's own."""


class RuntimeGoneError(Exception):
    """The process that runs the workers has ended or does not answer."""


@dataclass(frozen=True)
class Result:
    """What one statement answered: its rows by column name, and D1's `meta` (changes, last_row_id, ...)."""

    rows: tuple[dict[str, Value], ...]
    meta: Mapping[str, Any]


class Runtime(Protocol):
    """Runs what an account serves, each script on a loopback port of its own, and D1.

    Before `start` everything only is taken note of, so that a whole account starts at once.
    """

    def start(self) -> None:
        """Start with all that was noted. Raises RuntimeGoneError."""

    def stop(self) -> None:
        """End every process and close every port. Harmless when repeated."""

    def add_database(self, uuid: str) -> None:
        """Make an empty database, unless it exists."""

    def run(self, place: Place) -> None:
        """Serve what this account serves from now on, and load its fresh upload beside it.

        Raises ScriptError when a version does not start; what served before serves on.
        """

    def d1(self, uuid: str, statements: Sequence[Statement]) -> tuple[Result, ...]:
        """Run the statements as one transaction, all or nothing. Raises SqlError."""

    def port_for(self, script: str, wanted: int = 0) -> int:
        """Return the loopback port of a script, the same while the runtime lives; `wanted` is tried first."""

    def urls(self) -> dict[str, str]:
        """Return `http://127.0.0.1:PORT` of each script that has a port."""
