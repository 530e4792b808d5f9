"""A SQLite in memory on which SQL of unknown kind may run: bounded in steps, bytes and reach.

apsw carries a SQLite as current as D1's; the standard library's may lack functions that D1 accepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import apsw

MOST_STEPS = 20_000_000  # of SQLite's virtual machine, for one text: an endless one is stopped
MOST_MEMORY = 256 * 1024 * 1024  # bytes of all scratch databases of this process
_EVERY = 100_000


class SqlError(Exception):
    """SQL that could not be run; its text is what SQLite said, or which bound it broke."""


def memory_database() -> apsw.Connection:
    """An empty database in memory, with foreign keys on as in D1, that reaches no file."""
    import apsw

    apsw.hard_heap_limit(MOST_MEMORY)
    connection = apsw.Connection(":memory:")
    connection.execute("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")
    connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)  # ATTACH and VACUUM INTO would write files
    return connection


def run(
    connection: apsw.Connection,
    sql: str,
    *,
    most_steps: int = MOST_STEPS,
    values: tuple[int | float | str | bytes | None, ...] = (),
) -> None:
    """Run one or more statements. Raises ScratchError where SQLite refuses them, or a bound does."""
    import apsw

    left = most_steps // _EVERY

    def tick() -> bool:
        nonlocal left
        left -= 1
        return left <= 0

    connection.set_progress_handler(tick, _EVERY)
    try:
        connection.execute(sql, values or None).fetchall()
    except apsw.InterruptError:
        raise SqlError(f"it does not end within {most_steps // 1_000_000} million steps") from None
    except apsw.NoMemError:
        raise SqlError(f"it takes more than {MOST_MEMORY >> 20} MB of memory") from None
    except (apsw.Error, apsw.SQLError, ValueError) as error:
        raise SqlError(str(error)) from None
    finally:
        connection.set_progress_handler(None)
