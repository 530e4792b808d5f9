"""A file whose end takes wrangler's note into itself is found before; one that ran without its row is recognised and finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.testing.double import DATABASES
from release.testing.monorepo import MIGRATIONS
from tests.contract.release_facts import ledger, rows, to_d1, told

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double

NAME = "0004_tags.sql"
TAGS = "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n"
OPEN = f"{TAGS}/* to be continued\n"
THREE = f"{TAGS}ALTER TABLE tags ADD COLUMN label TEXT;\n-- last\nINSERT INTO tags (label) VALUES ('new');\n"


def ran(world: Double, sql: str, *noted: str) -> None:
    """Somebody ran this in production as wrangler would, in one request, with these rows behind it."""
    rows = "".join(f"\nINSERT INTO d1_migrations (name)\nvalues ('{name}');" for name in noted)
    with world.ops() as ops:
        ops.cloudflare.query(DATABASES["double-production"], sql + rows)


def up_to_date(world: Double) -> None:
    """The third migration was applied as it should be."""
    ran(world, "ALTER TABLE pages ADD COLUMN slug TEXT;\n", "0003_slug.sql")


def released(world: Double) -> Outcome:
    outcome = world.release()
    assert outcome.outcome == "released", told(outcome)
    return outcome


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (OPEN, "0004_tags.sql:2 ends inside a comment that `/*` begins"),
        (f"{TAGS}/*/", "0004_tags.sql:2 ends inside a comment"),
        (f"{TAGS}-- x\nINSERT INTO tags VALUES ('it is", "0004_tags.sql:3 ends inside a string"),
        (f'{TAGS}SELECT "id', '0004_tags.sql:2 ends inside a name that `"` begins'),
        (f"{TAGS}SELECT `id", "0004_tags.sql:2 ends inside a name that a backtick begins"),
        (f"{TAGS}SELECT [id;\n", "0004_tags.sql:2 ends inside a name that `[` begins"),
        (f"{TAGS}EXPLAIN\n", "0004_tags.sql:2 ends without a `;`"),
        (f"{TAGS}SELECT 1 -- done;", "0004_tags.sql:2 ends without a `;`"),
        (
            f"{TAGS}CREATE TRIGGER t AFTER INSERT ON tags BEGIN SELECT 1;",
            "0004_tags.sql:2 ends without a `;`",
        ),
        (f"{TAGS}SELECT 1;\0", "0004_tags.sql:2 holds a NUL byte"),
    ],
)
def test_an_end_that_takes_wranglers_note_into_itself_is_told_with_its_line(
    double: Double, sql: str, words: str
) -> None:
    double.ci = "\0" not in sql
    double.commit({f"{MIGRATIONS}/{NAME}": sql})
    before = ledger(double)
    outcome = double.release()
    assert outcome.exit_code == 4
    assert words in told(outcome)
    assert ledger(double) == before


@pytest.mark.parametrize("end", ["-- done", "/* done */", "/** '\" [ **/ -- /*", "SELECT 'it''s /* --';"])
def test_an_end_that_is_one_is_released(double: Double, end: str) -> None:
    double.commit({f"{MIGRATIONS}/{NAME}": TAGS + end})
    released(double)
    assert ledger(double)[-1] == NAME


def test_a_file_that_swallowed_its_row_is_noted_by_the_same_command(double: Double) -> None:
    double.commit({f"{MIGRATIONS}/{NAME}": OPEN, f"{MIGRATIONS}/0005_more.sql": "CREATE TABLE more (id);\n"})
    up_to_date(double)
    ran(double, OPEN, NAME)
    assert ledger(double)[-1] == "0003_slug.sql"  # as it happened: the table is there, its row is not
    planned = double.plan()
    assert to_d1(planned) == [f"note {NAME} in the ledger", "apply 0005_more.sql"]
    released(double)
    assert ledger(double)[-2:] == [NAME, "0005_more.sql"]


def test_one_whose_successor_has_its_row_is_noted_too(double: Double) -> None:
    later = "ALTER TABLE tags ADD COLUMN label TEXT;\n"
    double.commit({f"{MIGRATIONS}/{NAME}": OPEN, f"{MIGRATIONS}/0005_label.sql": later})
    up_to_date(double)
    ran(double, OPEN, NAME)
    ran(double, later, "0005_label.sql")
    released(double)
    assert ledger(double)[-2:] == ["0005_label.sql", NAME]


def test_one_that_swallowed_its_row_behind_data_ran_as_a_whole(double: Double) -> None:
    """D1 applies a file whole or not at all: its own end is why the row is missing."""
    double.commit({f"{MIGRATIONS}/{NAME}": f"{THREE}/*"})
    up_to_date(double)
    ran(double, f"{THREE}/*", NAME)
    released(double)
    assert (ledger(double)[-1], rows(double, "SELECT label FROM tags")) == (NAME, ["new"])


def test_a_file_that_may_lack_its_data_is_asked_about_and_through_decides(double: Double) -> None:
    double.commit({f"{MIGRATIONS}/{NAME}": THREE})
    up_to_date(double)
    ran(double, "CREATE TABLE tags (id INTEGER PRIMARY KEY); ALTER TABLE tags ADD COLUMN label TEXT;")
    outcome = double.release()
    assert outcome.exit_code == 4
    assert "does not show whether line 4 ran, which writes data" in told(outcome)
    assert f"inv step.backfill --through {NAME}" in told(outcome)

    ran(double, "INSERT INTO tags (label) VALUES ('new');")
    assert double.release(only="backfill", through=NAME).exit_code in {0, 3}
    released(double)
    assert (ledger(double)[-1], rows(double, "SELECT label FROM tags")) == (NAME, ["new"])


def test_a_file_that_ran_in_part_is_finished_by_the_same_command(double: Double) -> None:
    double.commit({f"{MIGRATIONS}/{NAME}": THREE})
    up_to_date(double)
    ran(double, TAGS)
    planned = double.plan()
    assert to_d1(planned) == [f"apply {NAME} from line 2"]
    released(double)
    assert (ledger(double)[-1], rows(double, "SELECT label FROM tags")) == (NAME, ["new"])


def test_one_that_ran_in_part_and_wrote_data_there_is_not_guessed_at(double: Double) -> None:
    sql = f"{TAGS}INSERT INTO tags VALUES (1);\nCREATE INDEX tags_id ON tags (id);\nCREATE TABLE more (id);\n"
    double.commit({f"{MIGRATIONS}/{NAME}": sql})
    up_to_date(double)
    ran(double, f"{TAGS}CREATE INDEX tags_id ON tags (id);")
    outcome = double.release()
    assert outcome.exit_code == 4
    assert f"{NAME} was applied to double-production, wholly or in part" in told(outcome)
    assert "does not show whether line 2 ran" in told(outcome)
    assert "wrangler d1 execute double-production --remote" in told(outcome)


def test_a_first_file_that_ran_in_part_on_an_empty_ledger_is_finished(double: Double) -> None:
    ran(
        double,
        "DELETE FROM d1_migrations; DROP TABLE users; DROP TABLE pages; CREATE TABLE pages (id INTEGER);",
    )
    outcome = double.release()
    assert outcome.exit_code == 4  # the table is another one: nothing fits, and that is said
    assert "The live schema matches no migration" in told(outcome)


def test_a_schema_that_no_file_explains_is_still_somebodys_hand(double: Double) -> None:
    up_to_date(double)
    double.commit({f"{MIGRATIONS}/{NAME}": TAGS})
    ran(double, "CREATE TABLE strange (id INTEGER);")
    outcome = double.release()
    assert outcome.exit_code == 4
    assert "does not match its migration ledger: it has column strange.id" in told(outcome)
