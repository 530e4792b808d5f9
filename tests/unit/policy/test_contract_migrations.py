"""A migration that waits for the new version demands less, and is said to close the way back only when it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from release.config import EXAMPLE, load
from release.database.contract import is_marked, word_of
from release.model.evidence import Verdict
from release.model.record import Record, Window
from release.model.request import Request
from release.policy.migrations import Case, weigh
from release.policy.verdict import problems
from release.policy.words import window_words
from tests.unit.database.cases import migration
from tests.unit.worlds import BASES, release_of, subject_of

OLD = migration("0001_a.sql", "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT);")
ADDS = migration("0002_b.sql", "CREATE TABLE tags (a);")
DROP = "ALTER TABLE pages DROP COLUMN title;"
DROPS = migration("0003_c.sql", DROP)
MARKED = migration("0003_c.sql", f"-- release: after-deploy\n{DROP}")


def case(*now: object, contract: bool = False) -> Case:
    return Case((OLD,), (OLD, *now), "migrations", name="cms", contract=contract)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "found", [case(ADDS, MARKED), case(ADDS, DROPS, contract=True)], ids=["a marker", "the configuration"]
)
def test_a_contract_migration_demands_minor_and_leaves_the_way_back_open_until_it_runs(found: Case) -> None:
    evidence, window = weigh("cms-v1.2.3", [found])

    assert evidence.least == "minor"
    assert evidence.losses == () or evidence.losses[0].table == "pages"
    assert window is not None
    assert (window.open, window.contract, window.migrations) == (
        True,
        ("0003_c.sql",),
        ("0002_b.sql", "0003_c.sql"),
    )
    assert list(window_words(window))[-1] == "until    the step contract: 0003_c.sql"


def test_without_a_marker_the_verdict_names_it_as_the_remedy(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    evidence, window = weigh("cms-v1.2.3", [case(ADDS, DROPS)])
    folder = tmp_path_factory.mktemp("config")
    (folder / "pyproject.toml").write_text(EXAMPLE)
    release = replace(release_of(subject_of(BASES[0], "1.2.4")), previous="1.2.3")
    (found,) = problems(Verdict((evidence,), window), release, Request(), load(folder))

    assert evidence.least == "major"
    assert window is not None
    assert window.open is False
    assert "inv release --bump major; or put `-- release: after-deploy` into 0003_c.sql" in found.advice


def test_over_several_databases_each_contract_migration_is_named_by_its_own() -> None:
    cases = [replace(case(ADDS, MARKED), name=name, label=name) for name in ("cms", "audit")]
    _, window = weigh("cms-v1.2.3", cases)

    assert window is not None
    assert window.contract == ("cms/0003_c.sql", "audit/0003_c.sql")


@pytest.mark.parametrize(
    ("is_open", "barring"),
    [(True, ("0003_c.sql",)), (False, ("0002_b.sql", "0003_c.sql")), (None, ("0002_b.sql", "0003_c.sql"))],
)
def test_over_an_open_window_only_the_contract_migrations_bar_the_way_back(
    is_open: object, barring: tuple[str, ...]
) -> None:
    names = ("0002_b.sql", "0003_c.sql")
    window = Window(open=is_open, migrations=names, contract=names[1:])  # type: ignore[arg-type]
    assert Record(environment="production", nonce="", migrated=names, window=window).barring == barring


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("-- release: after-deploy\nSELECT 1;", "after-deploy"),
        ("SELECT 1; -- why\n--  Release :  AFTER-DEPLOY \n", "AFTER-DEPLOY"),
        ("SELECT '\n-- release: after-deploy\n';", None),
        ("/* -- release: after-deploy */ SELECT 1;", None),
        ("-- the release: soon\nSELECT 1;", None),
        ("-- release: later\nSELECT 1;", "later"),
        ("SELECT 1;", None),
    ],
)
def test_a_file_says_when_it_runs_in_a_comment_of_its_own(sql: str, word: str | None) -> None:
    found = migration("0002_x.sql", sql)
    assert word_of(found) == word
    assert is_marked(found) is ((word or "").lower() == "after-deploy")
