"""D1 in this process: SQLite with the same rules as D1 has."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.runtime import Result, SqlError
from release.rehearsal.cloud.statements import verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from release.rehearsal.cloud.statements import Statement, Value

TRANSACTION_WORDS = frozenset({"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"})
TRANSACTION_REFUSED = (
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. "
    "The JavaScript API is safer because it will automatically roll back on exceptions, and because it "
    "interacts correctly with Durable Objects' automatic atomic write coalescing."
)


class MemoryD1:
    """One database with the rules of workerd's D1: foreign keys on, a request all or nothing, no BEGIN."""

    def __init__(self, path: str = ":memory:") -> None:
        """Open the SQLite file `path`."""
        import apsw

        self._guard = threading.Lock()
        self._connection = apsw.Connection(path)
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
        )
        self._connection.authorizer = _authorize

    @property
    def content(self) -> bytes:
        """The whole database, as the bytes of a file."""
        with self._guard:
            return self._connection.serialize("main")

    def fill(self, content: bytes) -> None:
        """Hold what another database held."""
        with self._guard:
            self._connection.authorizer = None
            self._connection.deserialize("main", content)
            self._connection.authorizer = _authorize

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()

    def run(self, statements: Sequence[Statement]) -> tuple[Result, ...]:
        """Run the statements as one transaction. Raises SqlError with D1's text; then nothing has changed."""
        import apsw

        with self._guard:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                results = tuple(self._one(statement) for statement in statements)
                self._end("COMMIT")
            except (apsw.Error, SqlError) as error:
                self._end("ROLLBACK")
                raise SqlError(_text(error)) from error
            return results

    def _end(self, how: str) -> None:
        if self._connection.in_transaction:
            self._connection.execute(how)

    def _one(self, statement: Statement) -> Result:
        if verb(statement.sql) in TRANSACTION_WORDS:
            raise SqlError(TRANSACTION_REFUSED)
        began = time.perf_counter()
        before = self._connection.total_changes()
        params = tuple(bytes(value) if isinstance(value, list) else value for value in statement.params)
        cursor = self._connection.execute(statement.sql, params)
        names: tuple[str, ...] = ()
        rows = []
        for row in cursor:
            names = names or tuple(column[0] for column in cursor.get_description())
            rows.append(dict(zip(names, (_plain(value) for value in row), strict=True)))
        return Result(tuple(rows), self._meta(self._connection.total_changes() - before, began))

    def _meta(self, changes: int, began: float) -> dict[str, Any]:
        return {
            "served_by": "memory.db",
            "duration": (time.perf_counter() - began) * 1000,
            "changes": changes,
            "last_row_id": self._connection.last_insert_rowid(),
            "changed_db": changes > 0,
            "size_after": 0,
            "rows_read": 0,
            "rows_written": changes,
        }


def _plain(value: apsw.SQLiteValue) -> Value:
    return list(value) if isinstance(value, bytes) else value


def _authorize(action: int, first: str | None, *_: str | None) -> int:
    """Refuse what D1 refuses: its own tables, temporary ones, and other files."""
    import apsw

    refused = action in {apsw.SQLITE_ATTACH, apsw.SQLITE_DETACH, apsw.SQLITE_CREATE_TEMP_TABLE}
    own = action not in {apsw.SQLITE_READ, apsw.SQLITE_SELECT} and (first or "").startswith("_cf_")
    return apsw.SQLITE_DENY if refused or own else apsw.SQLITE_OK


def _text(error: Exception) -> str:
    """Return SQLite's message in the form that D1 gives it."""
    import apsw

    if not isinstance(error, apsw.Error):
        return str(error)
    code = apsw.mapping_result_codes.get(getattr(error, "result", 0), "SQLITE_ERROR")
    extended = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0))
    offset = getattr(error, "error_offset", -1)
    where = f" at offset {offset}" if offset >= 0 else ""
    return f"{error}{where}: {code}" + (f" (extended: {extended})" if extended else "")
