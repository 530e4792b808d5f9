"""Which entry of d1_databases is meant: by binding, by name, or by the folder of its migrations."""

from __future__ import annotations

from typing import Any

import pytest

from release.errors import CannotReadError
from release.formats.wrangler_databases import Wanted, d1_of
from release.formats.wrangler_migrations import rules_of

MAIN = {"binding": "DB", "database_name": "cms", "database_id": "1"}
AUDIT = {"binding": "AUDIT", "database_name": "audit", "migrations_dir": "audit"}
SOURCE = "apps/cms/wrangler.jsonc"


def bound(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"env": {"production": {"d1_databases": list(entries)}}}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted("cms"), ("cms", "1")),
        (Wanted("DB"), ("DB", "1")),  # a binding where a name is told: what is told is asked for
        (Wanted(binding="AUDIT"), ("audit", None)),
        (Wanted("audit", "AUDIT"), ("audit", None)),
        (Wanted(folder="apps/cms/audit"), ("audit", None)),
        (Wanted(folder="apps/cms/./audit/"), ("audit", None)),
        (Wanted(folder="apps/cms/migrations"), ("cms", "1")),
    ],
)
def test_an_entry_is_found_by_what_is_told_of_it(wanted: Wanted, found: tuple[str, str | None]) -> None:
    assert d1_of(bound(MAIN, AUDIT), SOURCE, "production", wanted) == found


def test_a_name_that_wrangler_does_not_know_is_taken_for_a_binding_that_has_none() -> None:
    bare = {"binding": "AUDIT", "migrations_dir": "audit"}
    assert d1_of(bound(MAIN, bare), SOURCE, "production", Wanted("audit-x", "AUDIT")) == ("audit-x", None)


def test_the_only_entry_is_meant_where_nothing_is_told() -> None:
    settings = {"d1_databases": [AUDIT]}  # no environments: wrangler takes the top level
    assert d1_of(settings, SOURCE, "production", Wanted(folder="sql")) == ("audit", None)


@pytest.mark.parametrize(
    ("entries", "wanted", "what", "advice"),
    [
        (
            (MAIN,),
            Wanted("other"),
            "binds no D1 database other in production (there: cms)",
            'database_name = "other"',
        ),
        ((MAIN,), Wanted(binding="LOG"), "binds no D1 database LOG", 'binding = "LOG"'),
        ((), Wanted(folder="sql"), "binds no D1 database in production.", "Add it"),
        (
            (MAIN, AUDIT),
            Wanted(folder="sql"),
            "binds several D1 databases in production (cms, audit)",
            "`binding`",
        ),
        (
            (MAIN, {**MAIN, "binding": "TWO"}),
            Wanted(folder="apps/cms/migrations"),
            "binds several",
            "`binding`",
        ),
        ((AUDIT,), Wanted("log", "AUDIT"), "binds AUDIT to the D1 database audit", "wrangler's is then read"),
        (({"binding": "DB"},), Wanted(binding="DB"), "gives the D1 database DB no database_name", "Add it"),
    ],
)
def test_what_cannot_be_found_says_what_is_there_and_what_to_do(
    entries: tuple[dict[str, Any], ...], wanted: Wanted, what: str, advice: str
) -> None:
    with pytest.raises(CannotReadError) as refusal:
        d1_of(bound(*entries), SOURCE, "production", wanted)
    assert what in refusal.value.what
    assert advice in refusal.value.advice


def test_the_rules_of_a_database_without_an_id_know_its_name() -> None:
    rules = rules_of(bound(MAIN, AUDIT), SOURCE, "production", Wanted(binding="AUDIT"))
    assert (rules.database, rules.database_id, rules.folder) == ("audit", None, "apps/cms/audit")
