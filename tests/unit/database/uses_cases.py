"""Migrations whose grade hangs on what NULL passes, and what fails only on some rows or only when it is used."""

from __future__ import annotations

P = "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
CHILD = P + "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p (id));"
PAIRS = "CREATE TABLE p (id INTEGER PRIMARY KEY, src INTEGER NOT NULL, dst INTEGER NOT NULL);"
FAILS = "fails where c has rows: FOREIGN KEY constraint failed"


def added(check: str, kind: str = "INTEGER") -> str:
    """A new column of `users` with a CHECK."""
    return f"ALTER TABLE users ADD COLUMN merged {kind} CHECK ({check});"


PASSES = "CHECK of users is new, and a row that leaves the new columns out passes"
MAY_REFUSE = "CHECK of users may refuse what the old code writes"

# name -> (the migration, its grade, a part of what its first reason says): on the schema of `cases.py`
LENIENT: dict[str, tuple[str, str, str]] = {
    "a CHECK that names NULL": (added("merged IS NULL OR merged != id"), "additive", PASSES),
    "a CHECK that NULL passes": (added("merged > id"), "additive", PASSES),
    "a CHECK of a range": (added("merged BETWEEN id AND id + 9"), "additive", PASSES),
    "a CHECK of two": (added("merged > id AND abs(merged) < 9 + id"), "additive", PASSES),
    "a CHECK that is not": (added("NOT (merged = id)"), "additive", PASSES),
    "a CHECK of a list": (added("merged IN (id, 1)"), "additive", PASSES),
    "a CHECK that a default passes": (
        added("merged = 0 OR name IS NOT NULL", "INT DEFAULT 0"),
        "additive",
        PASSES,
    ),
    "a CHECK that a default fails": (
        added("merged = 0 OR name <> 'x'", "INT DEFAULT 1"),
        "breaking",
        MAY_REFUSE,
    ),
    "a CHECK that wants it": (added("merged IS NOT NULL AND merged > id"), "breaking", MAY_REFUSE),
    "a CHECK with a fallback": (added("coalesce(merged, 0) > id"), "breaking", MAY_REFUSE),
    "a CHECK with a CASE": (
        added("CASE WHEN merged IS NULL THEN id < 5 ELSE 1 END"),
        "breaking",
        MAY_REFUSE,
    ),
    "a CHECK of an old column too": (added("merged > id AND name <> 'x'"), "breaking", MAY_REFUSE),
    "uniqueness of new rows alone": (
        "ALTER TABLE users ADD COLUMN live INTEGER; CREATE UNIQUE INDEX u ON users (name) WHERE live IS NOT NULL;",
        "additive",
        "column users.live is new",
    ),
    "uniqueness over more than was unique": (
        "CREATE UNIQUE INDEX u ON media (object_key, page_id);",
        "additive",
        "index u is new on media",
    ),
    "uniqueness over a key and more": (
        "CREATE UNIQUE INDEX u ON users (id, name);",
        "additive",
        "index u is new",
    ),
    "uniqueness that compares otherwise": (
        "CREATE UNIQUE INDEX u ON media (object_key COLLATE NOCASE, page_id);",
        "breaking",
        "columns object_key, page_id of media must be unique now",
    ),
}

# name -> (what is released, the migration, its grade, what is told)
HINTS: dict[str, tuple[str, str, str, list[str]]] = {
    "parents deleted under children": (CHILD, "DELETE FROM p;", "data", [FAILS]),
    "a parent dropped": (CHILD, "DROP TABLE p;", "breaking", [FAILS]),
    "a parent dropped at the end": (
        CHILD,
        "PRAGMA defer_foreign_keys = ON; DROP TABLE p;",
        "breaking",
        [FAILS],
    ),
    "a child of two": (
        CHILD + "CREATE TABLE d (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p (id));",
        "DELETE FROM p;",
        "data",
        ["fails where c and d have rows: FOREIGN KEY constraint failed"],
    ),
    "columns that become rows": (
        P,
        "CREATE TABLE n (v TEXT UNIQUE); INSERT INTO n SELECT a FROM p UNION ALL SELECT b FROM p;",
        "additive",
        [],
    ),
    "pairs both ways": (
        PAIRS,
        "CREATE TABLE n (x, y, UNIQUE (x, y)); INSERT INTO n SELECT src, dst FROM p UNION ALL SELECT dst, src FROM p;",
        "additive",
        [],
    ),
    "two that must differ": (
        PAIRS,
        "CREATE TABLE n (x, y, CHECK (x <> y)); INSERT INTO n SELECT src, dst FROM p;",
        "additive",
        [],
    ),
    "a copy that must fit": (
        PAIRS,
        "CREATE TABLE n (x CHECK (x > 900000000)); INSERT INTO n SELECT src FROM p;",
        "additive",
        ["may fail where p has rows: CHECK constraint failed: x > 900000000"],
    ),
    "a view of a column that is gone": (
        P,
        "CREATE VIEW v AS SELECT zz FROM p;",
        "additive",
        ["view v cannot be read: no such column: zz"],
    ),
    "a view with REGEXP": (
        P,
        "CREATE VIEW v AS SELECT a REGEXP 'x' AS r FROM p;",
        "additive",
        ["view v cannot be read: no such function: REGEXP"],
    ),
    "a view with a function that D1 lacks": (
        P,
        "CREATE VIEW v AS SELECT soundex(a) FROM p;",
        "additive",
        ["view v cannot be read: no such function: soundex"],
    ),
    "a view with a function that D1 lacks and SQLite has": (
        P,
        "CREATE VIEW v AS SELECT json_pretty(a) FROM p;",
        "additive",
        ["view v cannot be read: D1 lacks the function json_pretty()"],
    ),
    "a trigger of a new table": (
        P,
        "CREATE TABLE n (a); CREATE TRIGGER t AFTER UPDATE OF a ON n BEGIN UPDATE p SET zz = 1; END;",
        "additive",
        ["trigger t fails when it runs: no such column: zz"],
    ),
    "a view before its table": (P, "CREATE VIEW v AS SELECT x FROM n; CREATE TABLE n (x);", "additive", []),
}

# name -> (the migration, its line, why)
UNENDED: dict[str, tuple[str, int, str]] = {
    "no semicolon": ("CREATE TABLE a (b);\nCREATE TABLE c (d)", 2, "ends without a `;`"),
    "a comment behind it": ("CREATE TABLE a (b) -- later\n", 1, "ends without a `;`"),
    "an open comment": ("CREATE TABLE a (b);\n/* later", 2, "ends inside a comment"),
}
