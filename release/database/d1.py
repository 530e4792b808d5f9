"""What D1 refuses and plain SQLite takes: measured on wrangler 4.156's own workerd, one statement at a time.

Three of its limits (bytes of a value, of a statement, columns) are in the official list of D1's limits too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.wrangler_migrations import LEDGER

if TYPE_CHECKING:
    import apsw

PRAGMAS = frozenset(
    {
        "table_list",
        "table_info",
        "table_xinfo",
        "index_list",
        "index_info",
        "index_xinfo",
        "quick_check",
        "foreign_key_check",
        "foreign_key_list",
        "case_sensitive_like",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
        "foreign_keys",
        "defer_foreign_keys",
        "optimize",
        "page_size",
        "data_version",
    }
)
MODULES = frozenset({"fts5", "fts5vocab", "rtree", "rtree_i32"})
FUNCTIONS = frozenset(
    {
        "ceiling",
        "edit",
        "fts3_tokenizer",
        "fts5_get_locale",
        "fts5_insttoken",
        "fts5_locale",
        "fts5_source_id",
        "geopoly_area",
        "geopoly_bbox",
        "geopoly_blob",
        "geopoly_ccw",
        "geopoly_contains_point",
        "geopoly_group_bbox",
        "geopoly_json",
        "geopoly_overlap",
        "geopoly_regular",
        "geopoly_svg",
        "geopoly_within",
        "geopoly_xform",
        "if",
        "json_array_insert",
        "json_error_position",
        "json_pretty",
        "jsonb_array_insert",
        "load_extension",
        "log10",
        "matchinfo",
        "median",
        "offsets",
        "percentile",
        "percentile_cont",
        "percentile_disc",
        "power",
        "rtreedepth",
        "rtreenode",
        "soundex",
        "sqlite_compileoption_get",
        "sqlite_compileoption_used",
        "sqlite_log",
        "sqlite_offset",
        "sqlite_source_id",
        "sqlite_version",
        "subtype",
        "unistr",
        "unistr_quote",
    }
)
TRANSACTIONS = frozenset({"begin", "commit", "end", "rollback", "savepoint", "release"})
MOST_BYTES = 2_000_000  # of one value
MOST_SQL = 100_000  # bytes of one statement
MOST_COLUMNS = 100
MOST_TERMS = 5  # of a compound SELECT
MOST_DEPTH = 100  # of an expression
MOST_PATTERN = 50  # bytes of a LIKE or GLOB pattern


class Watch:
    """An authorizer that refuses what D1 refuses, and notes which table the top statement writes, and whether the ledger.

    `touched` are all that any statement writes or drops, also by a trigger or a foreign key's action.
    """

    def __init__(self, ledger: str = LEDGER) -> None:
        self._ledger = ledger.lower()
        self.refused = ""
        self.ledger = False
        self.written: set[str] = set()
        self.touched: set[str] = set()

    def clear(self) -> None:
        """Forget the last statement."""
        self.refused = ""
        self.ledger = False
        self.written = set()

    def __call__(
        self, action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
    ) -> int:
        """SQLite's question, asked while it reads a statement."""
        import apsw

        fault = _fault(action, (first or "").lower(), (second or "").lower(), database or "")
        if fault:
            self.refused = self.refused or fault
            return apsw.SQLITE_DENY
        writes = (apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE)
        changing = (*writes, apsw.SQLITE_DROP_TABLE)
        if action in changing and first and not first.startswith("sqlite_"):
            self.touched.add(first.lower())
            if action in writes and trigger is None and not self.written:
                self.written.add(first.lower())  # SQLite asks for a statement's own table first
        is_altered = action == apsw.SQLITE_ALTER_TABLE and (second or "").lower() == self._ledger
        self.ledger = (
            self.ledger or is_altered or (action in changing and (first or "").lower() == self._ledger)
        )
        return apsw.SQLITE_OK


def limit(connection: apsw.Connection) -> None:
    """Give a scratch database the limits of D1."""
    import apsw

    connection.limit(apsw.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    connection.limit(apsw.SQLITE_LIMIT_SQL_LENGTH, MOST_SQL)
    connection.limit(apsw.SQLITE_LIMIT_COLUMN, MOST_COLUMNS)
    connection.limit(apsw.SQLITE_LIMIT_COMPOUND_SELECT, MOST_TERMS)
    connection.limit(apsw.SQLITE_LIMIT_EXPR_DEPTH, MOST_DEPTH)
    connection.limit(apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MOST_PATTERN)


def _fault(action: int, first: str, second: str, database: str) -> str:
    import apsw

    if action == apsw.SQLITE_PRAGMA and first not in PRAGMAS:
        return f"PRAGMA {first}"
    if action in {apsw.SQLITE_ATTACH, apsw.SQLITE_DETACH}:
        return "ATTACH and DETACH"
    if action == apsw.SQLITE_FUNCTION and second in FUNCTIONS:
        return f"the function {second}()"
    if action == apsw.SQLITE_CREATE_VTABLE and second not in MODULES:
        return f"the extension {second}"
    if database == "temp" and action in _temporary():
        return "temporary tables, views and triggers"
    if action == apsw.SQLITE_CREATE_TABLE and first.startswith("_cf_"):
        return "names that begin with _cf_"
    return ""


def _temporary() -> frozenset[int]:
    import apsw

    return frozenset(
        {
            apsw.SQLITE_CREATE_TEMP_TABLE,
            apsw.SQLITE_CREATE_TEMP_VIEW,
            apsw.SQLITE_CREATE_TEMP_TRIGGER,
            apsw.SQLITE_CREATE_TEMP_INDEX,
        }
    )
