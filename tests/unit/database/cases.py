"""The fixed table: what a migration is to code that knows the released schema, and what its grade names."""

from __future__ import annotations

import hashlib

from release.model.repository import Migration

RELEASED = """\
CREATE TABLE pages (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
  slug TEXT,
  views INTEGER NOT NULL DEFAULT 0,
  meta TEXT
);
CREATE TABLE media (
  id INTEGER PRIMARY KEY,
  page_id INTEGER REFERENCES pages (id) ON DELETE CASCADE,
  object_key TEXT NOT NULL UNIQUE
);
CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE numbers (n INTEGER NOT NULL, label TEXT) STRICT;
CREATE INDEX pages_by_status ON pages (status);
CREATE VIEW shown AS SELECT id, key, value FROM settings, users;
CREATE TRIGGER users_lower AFTER INSERT ON users BEGIN UPDATE users SET name = lower(name) WHERE id = new.id; END;
CREATE TRIGGER users_guard BEFORE DELETE ON users WHEN old.name = 'root' BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE VIRTUAL TABLE search USING fts5(title, body);
"""
USERS = (
    "CREATE TABLE new_users ({}); INSERT INTO new_users (id, mail, name) SELECT id, mail, name FROM users; "
)
SWAP = "DROP TABLE users; ALTER TABLE new_users RENAME TO users;"
TRIGGERS = RELEASED[RELEASED.index("CREATE TRIGGER") : RELEASED.index("CREATE VIRTUAL")]
UNVIEW, VIEW = "DROP VIEW shown; ", "CREATE VIEW shown AS SELECT id, key, value FROM settings, users; "


def rebuilt(columns: str, *, more: str = "", triggers: str = TRIGGERS) -> str:
    """The table `users` made anew with other columns, as SQLite's manual advises."""
    return UNVIEW + USERS.format(columns) + SWAP + more + triggers + VIEW


# name -> (the migration, its grade, a part of what its first reason says)
GRADES: dict[str, tuple[str, str, str]] = {
    "a table": ("CREATE TABLE tags (id INTEGER PRIMARY KEY);", "additive", "table tags is new"),
    "a table, if it is not there": ("CREATE TABLE IF NOT EXISTS tags (id);", "additive", "table tags"),
    "a table that is there already": ("CREATE TABLE IF NOT EXISTS users (x);", "none", ""),
    "a STRICT table": ("CREATE TABLE tags (id INTEGER) STRICT;", "additive", "table tags"),
    "a WITHOUT ROWID table": (
        "CREATE TABLE tags (id TEXT PRIMARY KEY) WITHOUT ROWID;",
        "additive",
        "table tags",
    ),
    "a table from a query": ("CREATE TABLE tags AS SELECT title FROM pages;", "additive", "table tags"),
    "a table with rows": ("CREATE TABLE tags (a); INSERT INTO tags VALUES (1);", "additive", "table tags"),
    "a table that refers": (
        "CREATE TABLE tags (page REFERENCES pages (id) ON DELETE CASCADE);",
        "additive",
        "table tags",
    ),
    "rows that hold on to old ones": (
        "CREATE TABLE tags (page REFERENCES pages (id)); INSERT INTO tags SELECT id FROM pages;",
        "breaking",
        "an old DELETE from pages fails",
    ),
    "a full-text table": (
        "CREATE VIRTUAL TABLE found USING fts5(title);",
        "additive",
        "virtual table (fts5) found",
    ),
    "a full-text vocabulary": (
        "CREATE VIRTUAL TABLE words USING fts5vocab(search, row);",
        "additive",
        "fts5vocab",
    ),
    "another tokenizer": (
        "DROP TABLE search; CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = 'porter');",
        "breaking",
        "table search loses its rows",
    ),
    "a full-text column less": (
        "DROP TABLE search; CREATE VIRTUAL TABLE search USING fts5(title);",
        "breaking",
        "column search.body is gone",
    ),
    "a column": ("ALTER TABLE pages ADD COLUMN lead TEXT;", "additive", "column pages.lead is new"),
    "a column with a default": (
        "ALTER TABLE pages ADD COLUMN lead TEXT DEFAULT 'x';",
        "additive",
        "the default 'x'",
    ),
    "a NOT NULL column with a default": (
        "ALTER TABLE pages ADD COLUMN lead TEXT NOT NULL DEFAULT '';",
        "additive",
        "column pages.lead",
    ),
    "a NOT NULL column without a default": (
        "ALTER TABLE pages ADD COLUMN lead TEXT NOT NULL;",
        "breaking",
        "column pages.lead is new, NOT NULL",
    ),
    "a column that is now": (
        "ALTER TABLE pages ADD COLUMN made TEXT DEFAULT CURRENT_TIMESTAMP;",
        "breaking",
        "refuses the statement where it has rows",
    ),
    "a computed column": (
        "ALTER TABLE pages ADD COLUMN low TEXT AS (lower(title));",
        "additive",
        "is new, and computed",
    ),
    "a computed column of JSON, with an index": (
        (
            "ALTER TABLE pages ADD COLUMN lang AS (iif(json_valid(meta), json_extract(meta, '$.lang'), NULL));"
            "CREATE INDEX pages_by_lang ON pages (lang);"
        ),
        "additive",
        "column pages.lang",
    ),
    "a column that refers": (
        "ALTER TABLE pages ADD COLUMN author INTEGER REFERENCES users (id);",
        "additive",
        "column pages.author",
    ),
    "a column with a CHECK of its own": (
        "ALTER TABLE pages ADD COLUMN kind TEXT DEFAULT 'a' CHECK (kind IN ('a', 'b'));",
        "additive",
        "CHECK of pages",
    ),
    "a column with a CHECK that its default breaks": (
        "ALTER TABLE pages ADD COLUMN kind TEXT CHECK (kind IS NOT NULL);",
        "breaking",
        "an old INSERT into pages fails: CHECK",
    ),
    "a column less": ("ALTER TABLE pages DROP COLUMN slug;", "breaking", "column pages.slug is gone"),
    "a column renamed": (
        "ALTER TABLE pages RENAME COLUMN slug TO path;",
        "breaking",
        "column pages.slug is gone",
    ),
    "a column in other case": ("ALTER TABLE pages RENAME COLUMN slug TO SLUG;", "none", ""),
    "a column made anew": (
        "ALTER TABLE pages DROP COLUMN slug; ALTER TABLE pages ADD COLUMN slug TEXT;",
        "breaking",
        "column pages.slug is empty now",
    ),
    "a column's name given to a new one": (
        "ALTER TABLE pages RENAME COLUMN slug TO path; ALTER TABLE pages ADD COLUMN slug TEXT;",
        "breaking",
        "column pages.slug is empty now",
    ),
    "a column made anew with what it held": (
        (
            "ALTER TABLE pages ADD COLUMN s TEXT; UPDATE pages SET s = slug; ALTER TABLE pages DROP COLUMN slug;"
            "ALTER TABLE pages RENAME COLUMN s TO slug;"
        ),
        "additive",
        "columns in another order",
    ),
    "a table rebuilt without copying a column": (
        rebuilt("id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT").replace(
            "(id, mail, name) SELECT id, mail, name", "(id, mail) SELECT id, mail"
        ),
        "breaking",
        "column users.name is empty now",
    ),
    "a table less": ("DROP TABLE numbers;", "breaking", "table numbers is gone"),
    "a table less with its children's rows": ("DROP TABLE pages;", "breaking", "media loses its rows"),
    "a table less that was never there": ("DROP TABLE IF EXISTS nowhere;", "none", ""),
    "a table renamed": ("ALTER TABLE numbers RENAME TO figures;", "breaking", "table numbers is gone"),
    "a table renamed behind a view": (
        "ALTER TABLE numbers RENAME TO figures; CREATE VIEW numbers AS SELECT * FROM figures;",
        "breaking",
        "table numbers is a view now",
    ),
    "an index": ("CREATE INDEX pages_by_slug ON pages (slug);", "additive", "index pages_by_slug is new"),
    "an index less": ("DROP INDEX pages_by_status;", "additive", "queries may be slower"),
    "an index made otherwise": (
        "DROP INDEX pages_by_status; CREATE INDEX pages_by_status ON pages (status, id);",
        "additive",
        "is another one",
    ),
    "an index over what may be no JSON": (
        "CREATE INDEX pages_by_lang ON pages (json_extract(meta, '$.lang'));",
        "breaking",
        "index pages_by_lang parses JSON",
    ),
    "a unique index on rows that are there": (
        "CREATE UNIQUE INDEX one_slug ON pages (slug);",
        "breaking",
        "column slug of pages must be unique now",
    ),
    "a unique index on some rows": (
        "CREATE UNIQUE INDEX one_slug ON pages (slug) WHERE status = 'published';",
        "breaking",
        "must be unique now",
    ),
    "a unique index over an expression": (
        "CREATE UNIQUE INDEX one_title ON pages (lower(title));",
        "breaking",
        "must be unique now",
    ),
    "a unique index over what is unique already": (
        "CREATE UNIQUE INDEX one_user ON users (mail, name);",
        "additive",
        "index one_user",
    ),
    "a unique index on a new column": (
        "ALTER TABLE pages ADD COLUMN path TEXT; CREATE UNIQUE INDEX one_path ON pages (path);",
        "additive",
        "column pages.path",
    ),
    "a unique index on a new column that is never NULL": (
        "ALTER TABLE pages ADD COLUMN path TEXT DEFAULT 'x'; CREATE UNIQUE INDEX one_path ON pages (path);",
        "breaking",
        "must be unique now",
    ),
    "a view": ("CREATE VIEW drafts AS SELECT id FROM pages;", "additive", "view drafts is new"),
    "a view less": ("DROP VIEW shown;", "breaking", "view shown is gone"),
    "a view with more columns": (
        "DROP VIEW shown; CREATE VIEW shown AS SELECT id, key, value, mail FROM settings, users;",
        "additive",
        "is made in another way",
    ),
    "a view with a column less": (
        "DROP VIEW shown; CREATE VIEW shown AS SELECT id, key FROM settings, users;",
        "breaking",
        "column shown.value is gone",
    ),
    "a trigger that writes a log": (
        (
            "CREATE TABLE log (page INTEGER);"
            "CREATE TRIGGER logged AFTER UPDATE ON pages BEGIN INSERT INTO log VALUES (new.id); END;"
        ),
        "additive",
        "table log",
    ),
    "a trigger that keeps full text": (
        (
            "CREATE TRIGGER found AFTER INSERT ON pages BEGIN"
            " INSERT INTO search (rowid, title) VALUES (new.id, new.title); END;"
        ),
        "additive",
        "trigger found is new on pages",
    ),
    "a trigger that refuses": (
        "CREATE TRIGGER guard BEFORE UPDATE ON pages WHEN new.views < 0 BEGIN SELECT RAISE(ABORT, 'no'); END;",
        "breaking",
        "may refuse a row (RAISE)",
    ),
    "a trigger that fails on NULL": (
        (
            "CREATE TABLE log (slug TEXT NOT NULL);"
            "CREATE TRIGGER logged AFTER INSERT ON pages BEGIN INSERT INTO log VALUES (new.slug); END;"
        ),
        "breaking",
        "an old INSERT into pages fails: NOT NULL constraint failed: log.slug",
    ),
    "a trigger that fails the second time": (
        (
            "CREATE TABLE log (title TEXT UNIQUE);"
            "CREATE TRIGGER logged AFTER INSERT ON pages BEGIN INSERT INTO log VALUES (new.title); END;"
        ),
        "breaking",
        "writes log, which may refuse the row (title)",
    ),
    "a trigger that deletes": (
        "CREATE TRIGGER gone AFTER DELETE ON pages BEGIN DELETE FROM users; END;",
        "breaking",
        "deletes rows of users",
    ),
    "a trigger on a new table": (
        "CREATE TABLE tags (a); CREATE TRIGGER t AFTER INSERT ON tags BEGIN DELETE FROM users; END;",
        "additive",
        "table tags",
    ),
    "a trigger less": ("DROP TRIGGER users_lower;", "breaking", "trigger users_lower is gone"),
    "a trigger less that only refused": ("DROP TRIGGER users_guard;", "additive", "it only refused rows"),
}


def migration(name: str, sql: str | bytes) -> Migration:
    """A file as git holds it."""
    body = sql if isinstance(sql, bytes) else sql.encode()
    return Migration(name, body, hashlib.sha256(body).hexdigest())


BEFORE = (migration("0001_all.sql", RELEASED),)
