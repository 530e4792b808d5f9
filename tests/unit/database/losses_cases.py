"""Migrations that take rows or values away without naming them, and those that only look so."""

from __future__ import annotations

RELEASED = """\
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT, mail TEXT DEFAULT 'none', height REAL);
CREATE TABLE post (
  id INTEGER PRIMARY KEY,
  author_id INTEGER REFERENCES author (id) ON DELETE SET NULL ON UPDATE CASCADE,
  body TEXT NOT NULL
);
CREATE TABLE profile (author_id INTEGER PRIMARY KEY REFERENCES author (id) ON DELETE CASCADE, bio TEXT);
CREATE TABLE link (id INTEGER PRIMARY KEY, profile_id INTEGER REFERENCES profile (author_id) ON DELETE CASCADE);
CREATE TABLE badge (id INTEGER PRIMARY KEY, link_id INTEGER DEFAULT 1 REFERENCES link (id) ON DELETE SET DEFAULT);
CREATE TABLE tag (id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT UNIQUE, label TEXT DEFAULT 'x', hits INTEGER DEFAULT 0);
CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree (id) ON DELETE SET NULL, title TEXT);
CREATE TABLE note (at TEXT, said TEXT);
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE price (id INTEGER PRIMARY KEY, cents NUMERIC, raw BLOB, low TEXT AS (lower(cents)));
CREATE TABLE page (id INTEGER PRIMARY KEY, title TEXT, changed TEXT, status TEXT DEFAULT 'draft'
  CHECK (status IN ('draft', 'live')));
CREATE TABLE log (id INTEGER PRIMARY KEY, page INTEGER, said TEXT);
CREATE TABLE total (name TEXT PRIMARY KEY, pages INTEGER) WITHOUT ROWID;
CREATE TABLE once (id INTEGER PRIMARY KEY, code TEXT UNIQUE ON CONFLICT REPLACE, kept TEXT);
CREATE VIEW shown AS SELECT id, title FROM page;
CREATE TRIGGER page_changed AFTER UPDATE OF title ON page BEGIN
  UPDATE page SET changed = 'now' WHERE id = new.id;
END;
CREATE TRIGGER page_gone AFTER DELETE ON page BEGIN DELETE FROM log WHERE page = old.id; END;
CREATE TRIGGER page_added AFTER INSERT ON page BEGIN UPDATE total SET pages = -1; END;
"""
DEFER = "PRAGMA defer_foreign_keys = ON;\n"
AUTHOR = "id INTEGER PRIMARY KEY, name TEXT, mail TEXT DEFAULT 'none', height REAL"
TAG = "id INTEGER PRIMARY KEY, slug TEXT UNIQUE, label TEXT DEFAULT 'x', hits INTEGER DEFAULT 0"
TREE = "id INTEGER PRIMARY KEY, up INTEGER, title TEXT"


def rebuilt(table: str, columns: str, copy: str) -> str:
    """Create, copy, drop, rename: as drizzle and prisma write it."""
    swap = f"DROP TABLE {table};\nALTER TABLE fresh RENAME TO {table};\n"
    return f"{DEFER}CREATE TABLE fresh ({columns});\nINSERT INTO fresh {copy};\n{swap}"


def note(copy: str) -> str:
    """The table without a key and without children, made anew."""
    return rebuilt("note", "at TEXT, said TEXT", copy)


def tag(copy: str) -> str:
    """The table with a second unique column, made anew."""
    return rebuilt("tag", TAG.replace("KEY,", "KEY AUTOINCREMENT,"), copy)


WHOLE = rebuilt("author", AUTHOR, "SELECT * FROM author")
# name -> (the migration, what it takes, by a part of a reason)
LOSSES: dict[str, tuple[str, str]] = {
    "a parent rebuilt under SET NULL": (
        WHOLE,
        "column post.author_id is NULL now in every row that refers to author (ON DELETE SET NULL)",
    ),
    "a parent rebuilt under CASCADE": (
        WHOLE,
        "table profile loses its rows: every row that refers to author (ON DELETE CASCADE)",
    ),
    "a parent rebuilt, two levels up": (
        WHOLE,
        "table link loses rows: every row that refers to profile (ON DELETE CASCADE)",
    ),
    "a parent rebuilt after its children were dropped from it": (
        f"{DEFER}DELETE FROM author;",
        "column post.author_id is NULL now in rows that refer to a deleted row of author",
    ),
    "rows deleted by a key that no sample has": (
        "DELETE FROM author WHERE id = 3;",
        "table profile loses rows: rows that refer to a deleted row of author (ON DELETE CASCADE)",
    ),
    "a key updated": (
        f"{DEFER}DELETE FROM profile; UPDATE author SET id = id + 100 WHERE id = 7;",
        "column post.author_id holds another value in rows that refer to an updated row of author (ON UPDATE CASCADE)",
    ),
    "one row of a tree deleted": (
        "DELETE FROM tree WHERE title = 'old';",
        "column tree.up is NULL now in rows that refer to a deleted row of tree (ON DELETE SET NULL)",
    ),
    "a REPLACE of a parent": (
        "INSERT OR REPLACE INTO author VALUES (1, 'a', 'b', 2.0);",
        "column post.author_id is NULL now in rows that refer to a deleted row of author",
    ),
    "a REPLACE that leaves out a column": (
        "REPLACE INTO tag (id, slug) VALUES (1, 'a');",
        "column tag.label is lost in rows that are replaced",
    ),
    "a REPLACE by another unique column": (
        "INSERT OR REPLACE INTO tag (slug, label, hits) VALUES ('a', 'b', 3);",
        "table tag loses rows: REPLACE deletes every row that has the same value in a unique column",
    ),
    "an UPDATE OR REPLACE": (
        "UPDATE OR REPLACE tag SET slug = 'b' WHERE slug = 'a';",
        "table tag loses rows: REPLACE deletes",
    ),
    "a table that replaces by itself": (
        "INSERT INTO once (id, code, kept) VALUES (1, 'a', 'b');",
        "table once loses rows: REPLACE deletes",
    ),
    "a trigger that deletes elsewhere": (
        "DELETE FROM page WHERE status = 'draft';",
        "table log loses rows: triggers page_added, page_changed, page_gone may delete them",
    ),
    "a trigger that writes elsewhere": (
        "INSERT INTO page (id, title) VALUES (1, 'a');",
        "column total.pages changes by triggers page_added, page_changed, page_gone",
    ),
    "a trigger of the same file": (
        "CREATE TRIGGER t AFTER UPDATE ON tag BEGIN UPDATE note SET said = NULL; END; UPDATE tag SET hits = 1;",
        "column note.said changes by trigger t",
    ),
    "a copy of some rows": (note("SELECT * FROM note WHERE said LIKE 'Text%'"), "table note loses rows"),
    "a copy of the rows with a value": (
        note("SELECT * FROM note WHERE said IS NOT NULL"),
        "table note loses rows",
    ),
    "a copy of no row": (
        note("SELECT * FROM note WHERE 0"),
        "table note loses its rows: they are not copied",
    ),
    "a copy of the first rows": (note("SELECT * FROM note LIMIT 5000"), "table note loses rows"),
    "a copy of the rows behind the first": (
        note("SELECT * FROM note LIMIT -1 OFFSET 1"),
        "table note loses rows",
    ),
    "a copy of distinct rows": (note("SELECT DISTINCT * FROM note"), "table note loses rows"),
    "a copy of one row a group": (note("SELECT at, said FROM note GROUP BY said"), "table note loses rows"),
    "a copy that joins": (
        rebuilt("page", "id INTEGER PRIMARY KEY, title TEXT, changed TEXT, status TEXT", "")
        .replace(
            "INSERT INTO fresh ;", "INSERT INTO fresh SELECT page.* FROM page JOIN log ON log.page = page.id;"
        )
        .replace("DROP TABLE page", "DROP VIEW shown;\nDROP TABLE page"),
        "table page loses rows",
    ),
    "a copy that passes over what clashes": (
        rebuilt("note", "at TEXT, said TEXT UNIQUE", "SELECT * FROM note").replace("INTO", "OR IGNORE INTO"),
        "table note loses rows",
    ),
    "a copy without a column": (
        tag("(id, slug, hits) SELECT id, slug, hits FROM tag"),
        "column tag.label is its default",
    ),
    "a copy of mixed-up columns": (
        tag("SELECT id, label, slug, hits FROM tag"),
        "column tag.slug holds other values",
    ),
    "a copy of all columns in another order": (
        rebuilt(
            "tag", "id INTEGER PRIMARY KEY, label TEXT, slug TEXT UNIQUE, hits INTEGER", "SELECT * FROM tag"
        ),
        "column tag.label holds other values",
    ),
    "a copy with other keys": (
        tag("(slug, label, hits) SELECT slug, label, hits FROM tag"),
        "table tag loses its rows",
    ),
    "a copy that casts to a number": (
        note("SELECT at, CAST(said AS INTEGER) FROM note"),
        "note.said holds other",
    ),
    "a copy that trims": (note("SELECT at, trim(said) FROM note"), "note.said holds other values"),
    "a copy that lowers": (note("SELECT lower(at), said FROM note"), "note.at holds other values"),
    "a copy that shortens": (
        note("SELECT at, substr(said, 1, 255) FROM note"),
        "note.said holds other values",
    ),
    "a copy that fills in": (
        note("SELECT at, coalesce(said, '') FROM note"),
        "note.said holds other values now: NULL becomes ''",
    ),
    "a copy that computes": (
        rebuilt(
            "price", "id INTEGER PRIMARY KEY, cents NUMERIC, raw BLOB, low TEXT AS (lower(cents))", ""
        ).replace("INTO fresh ", "INTO fresh SELECT id, cents * 1.0, raw FROM price"),
        "column price.cents holds other values",
    ),
    "a number where a text was": (
        rebuilt("note", "at TEXT, said INTEGER", "SELECT * FROM note"),
        "column note.said holds other values",
    ),
    "a whole number where none was": (
        rebuilt("tree", TREE.replace("title TEXT", "title REAL"), "SELECT * FROM tree"),
        "column tree.title holds other values",
    ),
    "a copy over an old name": (
        (
            "ALTER TABLE note RENAME TO note_old; CREATE TABLE note (at TEXT, said TEXT);"
            "INSERT INTO note SELECT * FROM note_old WHERE at IS NOT NULL; DROP TABLE note_old;"
        ),
        "table note loses rows: not all of them are copied",
    ),
    "an UPDATE of the copy": (
        note("SELECT * FROM note").replace("DROP", "UPDATE fresh SET said = 'x';\nDROP"),
        "column note.said holds other values",
    ),
    "a column that comes back": (
        "ALTER TABLE tree DROP COLUMN title; ALTER TABLE tree ADD COLUMN title TEXT;",
        "column tree.title is empty now",
    ),
    "two columns that change names": (
        (
            "ALTER TABLE note RENAME COLUMN at TO x; ALTER TABLE note RENAME COLUMN said TO at;"
            "ALTER TABLE note RENAME COLUMN x TO said;"
        ),
        "column note.at holds other values",
    ),
}

# name -> (the migration, its grade): nothing is lost, or only what a statement names
KEPT: dict[str, tuple[str, str]] = {
    "a table rebuilt as it was": (note("SELECT * FROM note"), "none"),
    "a table rebuilt with a column more": (
        rebuilt("note", "at TEXT, said TEXT, by TEXT", "(at, said) SELECT at, said FROM note"),
        "additive",
    ),
    "a table copied in two halves": (
        rebuilt("item", "id INTEGER PRIMARY KEY, name TEXT", "SELECT * FROM item WHERE id % 2 = 0").replace(
            "DROP", "INSERT INTO fresh SELECT * FROM item WHERE id % 2 <> 0;\nDROP"
        ),
        "none",
    ),
    "rows updated by name": ("UPDATE author SET name = 'x' WHERE id = 3;", "data"),
    "rows updated, then copied": ("UPDATE note SET said = lower(said);" + note("SELECT * FROM note"), "data"),
    "rows deleted, then copied": (
        "DELETE FROM note WHERE said IS NULL;" + note("SELECT * FROM note WHERE said IS NOT NULL"),
        "data",
    ),
    "rows without children deleted": ("DELETE FROM log WHERE id = 1;", "data"),
    "all rows of a tree": ("DELETE FROM tree;", "data"),
    "a REPLACE of all columns of a row without children": ("REPLACE INTO total VALUES ('a', 1);", "data"),
    "an upsert": (
        "INSERT INTO tag (slug) VALUES ('a') ON CONFLICT (slug) DO UPDATE SET hits = hits + 1;",
        "data",
    ),
    "a trigger on the very rows": ("UPDATE page SET title = trim(title);", "data"),
    "an id counter": (tag("SELECT * FROM tag"), "data"),
    "a new table of what the old ones hold": (
        "CREATE TABLE heading AS SELECT title FROM page LIMIT 3; DELETE FROM heading;",
        "additive",
    ),
}
