"""Losses in schemas of other shapes than the one of `policy_losses`: names, keys, views, triggers, types."""

from __future__ import annotations

PAIR = (
    "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT); CREATE TABLE p (id INTEGER PRIMARY KEY, a INTEGER{});"
)
SWAP = (
    "CREATE TABLE f (id INTEGER PRIMARY KEY, n TEXT, m TEXT); INSERT INTO f (id, n) SELECT id, n FROM a;"
    "DROP TABLE a; ALTER TABLE f RENAME TO a;"
)
DRIZZLE = """\
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_Author` (`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL, `Name` text NOT NULL, `x` text);
--> statement-breakpoint
INSERT INTO `__new_Author`("id", "Name") SELECT "id", "Name" FROM `Author`;--> statement-breakpoint
DROP TABLE `Author`;--> statement-breakpoint
ALTER TABLE `__new_Author` RENAME TO `Author`;--> statement-breakpoint
PRAGMA foreign_keys=ON;
"""

# name -> (the released schema, the migration, a part of what is told)
SHAPES: dict[str, tuple[str, str, str]] = {
    "names as drizzle quotes them": (
        (
            "CREATE TABLE `Author` (`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL, `Name` text NOT NULL);"
            "CREATE TABLE `Post` (`id` integer PRIMARY KEY, `authorId` integer, FOREIGN KEY (`authorId`)"
            " REFERENCES `Author`(`id`) ON UPDATE no action ON DELETE set null);"
        ),
        DRIZZLE,
        "column post.authorid is NULL now in every row that refers to author",
    ),
    "a trigger that a foreign key's action fires": (
        PAIR.format(" REFERENCES a (id) ON DELETE SET NULL")
        + "CREATE TABLE s (k TEXT PRIMARY KEY) WITHOUT ROWID;"
        "CREATE TRIGGER t AFTER UPDATE ON p BEGIN DELETE FROM s; END;",
        SWAP,
        "table s loses its rows: trigger t may delete them",
    ),
    "a key of two columns": (
        (
            "CREATE TABLE a (x TEXT, y TEXT, PRIMARY KEY (x, y)); CREATE TABLE p (id INTEGER PRIMARY KEY, x TEXT, y TEXT,"
            " FOREIGN KEY (x, y) REFERENCES a (x, y) ON DELETE SET NULL);"
        ),
        (
            "CREATE TABLE f (x TEXT, y TEXT, PRIMARY KEY (x, y)); INSERT INTO f SELECT * FROM a; DROP TABLE a;"
            "ALTER TABLE f RENAME TO a;"
        ),
        "column p.y is NULL now in every row that refers to a",
    ),
    "a table between two others": (
        PAIR.format("")
        + "CREATE TABLE ap (a NOT NULL REFERENCES a (id) ON DELETE CASCADE, p NOT NULL REFERENCES p (id)"
        " ON DELETE CASCADE, PRIMARY KEY (a, p));",
        SWAP,
        "table ap loses its rows",
    ),
    "a default that is a row": (
        PAIR.format(" DEFAULT 1 REFERENCES a (id) ON DELETE SET DEFAULT"),
        (
            "PRAGMA defer_foreign_keys = ON; CREATE TABLE f AS SELECT * FROM a; DROP TABLE a;"
            "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO a SELECT * FROM f; DROP TABLE f;"
        ),
        "column p.a is its default now in every row that refers to a (ON DELETE SET DEFAULT)",
    ),
    "a view that is written": (
        PAIR.format("") + "CREATE VIEW v AS SELECT * FROM a;"
        "CREATE TRIGGER t INSTEAD OF UPDATE ON v BEGIN UPDATE p SET a = NULL; END;",
        "UPDATE v SET n = 'x' WHERE id = 3;",
        "column p.a changes by trigger t",
    ),
    "a blob that becomes a text": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b BLOB);",
        (
            "CREATE TABLE f (id INTEGER PRIMARY KEY, b BLOB); INSERT INTO f SELECT id, CAST(b AS TEXT) FROM a;"
            "DROP TABLE a; ALTER TABLE f RENAME TO a;"
        ),
        "column a.b holds other values now",
    ),
    "a large number that passes through a float": (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER);",
        (
            "CREATE TABLE f (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO f SELECT id, n * 1.0 FROM a;"
            "DROP TABLE a; ALTER TABLE f RENAME TO a;"
        ),
        "column a.n holds other values now",
    ),
    "rows without a key, some of them alike": (
        "CREATE TABLE a (x, y);",
        (
            "CREATE TABLE f (x, y); INSERT INTO f SELECT * FROM a UNION SELECT * FROM a; DROP TABLE a;"
            "ALTER TABLE f RENAME TO a;"
        ),
        "table a loses rows: not all of them are copied",
    ),
}
