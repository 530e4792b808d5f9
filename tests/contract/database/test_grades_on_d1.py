"""The grades beside real runs: what the tables of cases say of a migration is what workerd's own D1 does with it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from release.database.files import pending_text
from release.database.grades import CannotTell
from release.database.grading import grade
from release.formats.d1_splitter import received
from release.rehearsal.cloud.runtime import SqlError
from release.rehearsal.cloud.statements import Statement
from tests.contract.cloud_account import miniflare
from tests.unit.database import cases, losses_cases, shapes_cases, uses_cases
from tests.unit.database.cases import migration
from tests.unit.database.rebuilds_cases import REBUILDS, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime

OF_THE_POLICY = cases.RELEASED, {**cases.GRADES, **REBUILDS, **uses_cases.LENIENT, **REFUSED}
CASES: dict[str, tuple[str, str]] = {
    **{f"grade: {name}": (OF_THE_POLICY[0], one[0]) for name, one in OF_THE_POLICY[1].items()},
    **{f"loss: {name}": (losses_cases.RELEASED, one[0]) for name, one in losses_cases.LOSSES.items()},
    **{f"kept: {name}": (losses_cases.RELEASED, one[0]) for name, one in losses_cases.KEPT.items()},
    **{f"shape: {name}": (one[0], one[1]) for name, one in shapes_cases.SHAPES.items()},
    **{f"hint: {name}": (one[0], one[1]) for name, one in uses_cases.HINTS.items()},
}
UUIDS = {name: str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in CASES}
# refused by a bound of the scratch, or because the ledger is wrangler's own
ELSEWHERE = frozenset(
    {
        "grade: a loop",
        "grade: too much memory",
        "grade: a table of wrangler's",
        "grade: a row of wrangler's",
    }
)


@pytest.fixture(scope="module")
def d1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniflareRuntime]:
    """One workerd with an empty database for each case."""
    runtime = miniflare(tmp_path_factory.mktemp("d1") / "runtime")
    for one in UUIDS.values():
        runtime.add_database(one)
    runtime.start()
    yield runtime
    runtime.stop()


def refusal(runtime: MiniflareRuntime, name: str) -> str:
    """Why D1 refuses the file of a case after what is released; nothing where it takes it."""
    released, sql = CASES[name]
    noted = "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE, applied_at TEXT);"
    runtime.d1(UUIDS[name], [Statement(one) for one in received(noted + released)])
    try:
        runtime.d1(UUIDS[name], [Statement(one) for one in received(sql.removeprefix("\ufeff"))])
    except SqlError as error:
        return str(error)
    return ""


@pytest.mark.rehearsal
def test_a_migration_has_a_grade_where_the_local_runtimes_own_d1_takes_it(
    d1: MiniflareRuntime, record_property: Callable[[str, object], None]
) -> None:
    wrong, compared = [], 0
    for name, (released, sql) in CASES.items():
        pending = migration("0002_x.sql", sql)
        if name in ELSEWHERE or isinstance(pending_text(pending), CannotTell):
            continue  # no statement to run, or none that wrangler could send
        found = grade((migration("0001_a.sql", released),), (pending,))
        because, compared = refusal(d1, name), compared + 1
        if bool(found.cannot_tell) != bool(because):
            wrong.append((name, [one.because for one in found.cannot_tell], because))
    record_property("figure: grades compared with runs on workerd's D1", compared)
    assert not wrong, wrong
