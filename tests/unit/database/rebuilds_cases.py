"""The same table for rebuilt tables and for rows, and the migrations that nobody can grade."""

from __future__ import annotations

from tests.unit.database.cases import VIEW, rebuilt

# name -> (the migration, its grade, a part of what its first reason says)
REBUILDS: dict[str, tuple[str, str, str]] = {
    "a table rebuilt as it was": (rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT"), "none", ""),
    "a table rebuilt with a column more": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT, role TEXT"),
        "additive",
        "column users.role is new",
    ),
    "a table rebuilt with a column that may not be NULL": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, name TEXT"),
        "breaking",
        "column users.mail is NOT NULL now",
    ),
    "a table rebuilt in another order": (
        rebuilt("id INTEGER PRIMARY KEY, name TEXT, mail TEXT UNIQUE"),
        "additive",
        "columns in another order",
    ),
    "a table rebuilt without its uniqueness": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT, name TEXT"),
        "breaking",
        "need not be unique any more",
    ),
    "a table rebuilt with another type": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name INTEGER"),
        "breaking",
        "column users.name is INTEGER now, was TEXT",
    ),
    "a table rebuilt with a like type": (
        rebuilt("id INTEGER PRIMARY KEY, mail VARCHAR(200) UNIQUE, name TEXT"),
        "additive",
        "stored the same way",
    ),
    "a table rebuilt with another collation": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT COLLATE NOCASE"),
        "breaking",
        "compares as NOCASE now",
    ),
    "a table rebuilt with another key": (
        rebuilt("id INTEGER, mail TEXT UNIQUE, name TEXT, PRIMARY KEY (id, mail)"),
        "breaking",
        "another primary key",
    ),
    "a table rebuilt as STRICT": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT").replace(
            "TEXT); INSERT", "TEXT) STRICT; INSERT"
        ),
        "breaking",
        "is STRICT now",
    ),
    "a table rebuilt without its triggers": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT", triggers=""),
        "breaking",
        "trigger users_lower is gone",
    ),
    "a table rebuilt with a CHECK": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT CHECK (name <> '')"),
        "breaking",
        "may refuse what the old code writes",
    ),
    "a table rebuilt without a CHECK": (
        "CREATE TABLE n (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
        "INSERT INTO n SELECT * FROM settings; DROP VIEW shown; DROP TABLE settings;"
        "ALTER TABLE n RENAME TO settings;" + VIEW,
        "additive",
        "column settings.value may be NULL now",
    ),
    "a table rebuilt without its rows": (
        "DROP TABLE numbers; CREATE TABLE numbers (n INTEGER NOT NULL, label TEXT) STRICT;",
        "breaking",
        "table numbers loses its rows",
    ),
    "a STRICT table rebuilt as any": (
        (
            "CREATE TABLE f (n INTEGER NOT NULL, label TEXT); INSERT INTO f SELECT * FROM numbers;"
            "DROP TABLE numbers; ALTER TABLE f RENAME TO numbers;"
        ),
        "additive",
        "is STRICT no more",
    ),
    "rows": ("INSERT INTO settings VALUES ('k', 'v');", "data", "table settings gets rows"),
    "rows with a key of their own": (
        "INSERT INTO users (id, mail) VALUES (1, 'a'), (2, 'b');",
        "data",
        "table users",
    ),
    "rows changed": ("UPDATE pages SET slug = id;", "data", "table pages has updated rows"),
    "rows less": ("DELETE FROM users WHERE id > 1;", "data", "table users has deleted rows"),
    "rows by a WITH": (
        "WITH a AS (SELECT 1 AS b) UPDATE pages SET views = (SELECT b FROM a);",
        "data",
        "table pages",
    ),
    "an upsert": (
        "INSERT INTO settings VALUES ('k', 'v') ON CONFLICT (key) DO UPDATE SET value = 'v';",
        "data",
        "table settings",
    ),
    "a byte order mark": ("\ufeffDROP TABLE numbers;", "breaking", "table numbers is gone"),
    "a question": ("SELECT count(*) FROM pages;", "none", ""),
    "a PRAGMA": ("PRAGMA defer_foreign_keys = ON;", "none", ""),
    "an ANALYZE": ("ANALYZE;", "none", ""),
}

# name -> (the migration, a part of why nobody can tell)
REFUSED: dict[str, tuple[str, str]] = {
    "BEGIN": ("BEGIN; CREATE TABLE a (b); COMMIT;", "D1 refuses BEGIN"),
    "SAVEPOINT": ("SAVEPOINT s;", "D1 refuses SAVEPOINT"),
    "ATTACH": ("ATTACH ':memory:' AS other;", "D1 refuses ATTACH"),
    "VACUUM": ("VACUUM;", "cannot VACUUM"),
    "a PRAGMA that D1 lacks": ("PRAGMA journal_mode = WAL;", "D1 refuses PRAGMA journal_mode"),
    "a writable schema": ("PRAGMA writable_schema = ON;", "D1 refuses PRAGMA writable_schema"),
    "a temporary table": ("CREATE TEMP TABLE t (a);", "D1 refuses temporary tables"),
    "an extension": ("CREATE VIRTUAL TABLE t USING fts4(a);", "D1 refuses the extension fts4"),
    "a function": ("UPDATE pages SET meta = json_pretty(meta);", "D1 refuses the function json_pretty()"),
    "a default that nothing computes": (
        "CREATE TABLE a (b TEXT DEFAULT (uuid()));",
        "D1 refuses table a, whose default calls an unknown function: uuid()",
    ),
    "a reserved name": ("CREATE TABLE _cf_x (a);", "D1 refuses names that begin with _cf_"),
    "a table of wrangler's": ("DROP TABLE d1_migrations;", "wrangler's own ledger, d1_migrations"),
    "a row of wrangler's": ("INSERT INTO d1_migrations (name) VALUES ('9');", "wrangler's own ledger"),
    "a table rebuilt under its children": (
        (
            "PRAGMA defer_foreign_keys = ON; CREATE TABLE n (id INTEGER PRIMARY KEY);"
            "CREATE TABLE c (n NOT NULL REFERENCES n (id)); INSERT INTO n VALUES (1); INSERT INTO c VALUES (1);"
            "DROP TABLE n;"
        ),
        "it fails at its end: FOREIGN KEY constraint failed",
    ),
    "too many columns": (f"CREATE TABLE t ({', '.join(f'c{n}' for n in range(101))});", "too many columns"),
    "too many SELECTs": (" UNION ALL ".join(["SELECT 1"] * 6) + ";", "too many terms in compound SELECT"),
    "no SQL": ("CREATE TABEL t (a);", "syntax error"),
    "a table that is not there": ("INSERT INTO nowhere VALUES (1);", "no such table: nowhere"),
    "rows that are not there": (
        "INSERT INTO media (page_id, object_key) VALUES ((SELECT id FROM pages WHERE slug = 'home'), NULL);",
        "NOT NULL constraint failed",
    ),
    "a missing parent": ("INSERT INTO media (page_id, object_key) VALUES (77, 'k');", "FOREIGN KEY"),
    "a loop": (
        "CREATE TABLE t AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c;",
        "does not end within",
    ),
    "too much memory": (
        (
            "CREATE TABLE t AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 999)"
            " SELECT n, zeroblob(1000000) AS z FROM c;"
        ),
        "more than 256 MB",
    ),
    "a comment": ("-- nothing\n", "holds no statement"),
    "nothing": ("", "holds no statement"),
    "a semicolon": (";\n;", "holds no statement"),
    "a NUL": ("SELECT 1;\0", "NUL byte"),
}
