"""A file that D1 cuts otherwise than SQLite is found before; one that was stopped half way is named, and finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.errors import ReleaseError
from release.testing.double import DATABASES
from release.testing.monorepo import MIGRATIONS
from tests.contract.release_facts import ledger, rows, served, told

if TYPE_CHECKING:
    from release.testing import Double

NAME = "0004_guard.sql"
TABLE = "CREATE TABLE guarded (id INTEGER PRIMARY KEY, state TEXT);\n"
CASE = (
    "CREATE TRIGGER guard BEFORE UPDATE ON guarded BEGIN "
    "SELECT CASE WHEN new.state = 'x' THEN RAISE(ABORT, 'no') END; END;\n"
)
SAFE = CASE.replace("CASE", "(CASE", 1).replace("END; END", "END); END")
SLUG = "ALTER TABLE pages ADD COLUMN slug TEXT;\n"


def sent(world: Double, sql: str, *noted: str) -> None:
    """Somebody sent this to production in one request, with these rows behind it."""
    more = "".join(f"\nINSERT INTO d1_migrations (name)\nvalues ('{name}');" for name in noted)
    with world.ops() as ops:
        ops.cloudflare.query(DATABASES["double-production"], sql + more)


def tables(world: Double) -> list[object]:
    return rows(world, "SELECT name FROM sqlite_schema WHERE name LIKE 'guard%' ORDER BY name")


def test_a_trigger_that_d1_cuts_at_its_case_is_found_before_anything_is_done(double: Double) -> None:
    double.ci = False
    double.commit({f"{MIGRATIONS}/{NAME}": TABLE + CASE})
    before = ledger(double)
    outcome = double.release()

    assert outcome.exit_code == 4
    assert f"{MIGRATIONS}/{NAME}:2 begins a trigger whose body D1 ends at the END of a CASE" in told(outcome)
    assert "D1 would receive: ... " in told(outcome)
    assert "Put brackets around it, (CASE ... END)" in told(outcome)
    assert ledger(double) == before


def test_what_may_be_refused_is_a_warning_and_is_applied_where_it_is_not(double: Double) -> None:
    double.commit({f"{MIGRATIONS}/{NAME}": TABLE + SAFE.replace(" BEGIN ", "\nBEGIN\n")})
    outcome = double.release()

    assert outcome.outcome == "released", told(outcome)
    assert any("has several lines: it may be refused" in one.what for one in outcome.warnings)
    assert tables(double) == ["guard", "guarded"]


@pytest.mark.parametrize("sql", [CASE, SAFE.replace(" BEGIN ", "\r\nBEGIN ")], ids=["CASE", "CRLF"])
@pytest.mark.parametrize("kept", [[], ["guarded"]], ids=["whole or not at all", "half way"])
def test_the_local_d1_cuts_as_the_reports_say(double: Double, sql: str, kept: list[str]) -> None:
    double.cloud.api.backend.stops_half_way = bool(kept)
    with pytest.raises(ReleaseError, match="incomplete input"):
        sent(double, TABLE + sql)

    assert tables(double) == kept


def test_a_file_that_was_stopped_half_way_is_finished_by_the_next_release(double: Double) -> None:
    sent(double, SLUG, "0003_slug.sql")
    double.cloud.api.backend.stops_half_way = True
    with pytest.raises(ReleaseError, match="incomplete input"):
        sent(double, TABLE + CASE, NAME)
    double.commit({f"{MIGRATIONS}/{NAME}": TABLE + SAFE})
    outcome = double.release()

    assert outcome.outcome == "released", told(outcome)
    assert tables(double) == ["guard", "guarded"]
    assert ledger(double)[-1] == NAME


def test_a_release_that_stops_half_way_through_a_file_says_so_and_the_same_command_finishes_it(
    double: Double,
) -> None:
    sent(double, SLUG, "0003_slug.sql")
    sent(double, "INSERT INTO pages (title) VALUES ('a'), ('a');")
    double.commit({f"{MIGRATIONS}/{NAME}": TABLE + "CREATE UNIQUE INDEX guard ON pages (title);\n"})
    double.cloud.api.backend.stops_half_way = True
    failed = double.release()

    assert failed.exit_code == 3, told(failed)
    assert [write.what for step in failed.steps if step.name == "migrate" for write in step.writes] == [
        f"apply {NAME} in part"
    ]
    assert f"{NAME} was applied up to line 2; the next run applies the rest" in told(failed)
    assert tables(double) == ["guarded"]
    assert NAME not in ledger(double)
    sent(double, "DELETE FROM pages;")
    again = double.release()
    assert again.outcome == "released", told(again)
    assert tables(double) == ["guard", "guarded"]
    assert ledger(double)[-1] == NAME
    assert served(double, "cms")[0].startswith("cms-v")
