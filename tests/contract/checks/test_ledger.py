"""What does not fit between schema, ledger and files is said in every plan and in every status."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from release.checks.ledger import LedgerFits
from release.decide.ledger import findings
from release.model.deployment import Database
from release.model.stores import stores
from release.testing import recorded

if TYPE_CHECKING:
    from release.testing import Recorded


def having(**changes: Any) -> Recorded:  # noqa: ANN401 - the fields of Database
    """A moment whose database is changed."""
    moment = recorded()
    ((name, database),) = moment.world.databases.items()
    assert isinstance(database, Database)
    return moment.where(databases={name: replace(database, **changes)})


def said(moment: Recorded) -> list[str]:
    return [what for store in stores(moment.world) for what, _ in findings(moment.world, store)]


def test_a_database_that_is_what_its_ledger_says_is_no_problem() -> None:
    assert recorded().find(LedgerFits()) == ()
    assert said(recorded()) == []


def test_an_empty_ledger_is_said_in_the_status_and_by_backfill_in_the_plan() -> None:
    moment = having(ledger=())
    assert [one.endswith("is empty.") for one in said(moment)] == [True]
    assert moment.find(LedgerFits()) == ()


def test_a_name_without_a_file_is_a_warning() -> None:
    (problem,) = having(ledger=("0001_pages.sql", "0009_gone.sql")).find(LedgerFits())
    assert "lists 0009_gone.sql, and this commit has no such file" in problem.what
    assert problem.level == "warn"


def test_a_schema_that_drifted_is_a_warning_though_nothing_is_pending() -> None:
    names = tuple(one.name for one in stores(recorded().world)[0].migrations)
    (problem,) = having(ledger=names, schema=()).find(LedgerFits())
    assert "does not match its migration ledger" in problem.what
