"""What evidence demands of a number: which bump is too low, what may be overruled, and what never is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from release.config.policy import Policy
from release.model.evidence import Baseline, Evidence, Fault, Surface, Verdict
from release.model.record import Window
from release.model.release import Release
from release.model.repository import Commit, History
from release.model.request import Request
from release.model.unread import Unread
from release.policy.verdict import judge, level_of, overruled, problems, raised
from tests.unit.worlds import BASES, CONFIGURED, SOUND, SQL

if TYPE_CHECKING:
    from release.config import Config
    from release.model.request import Level

PATCH, MINOR, MAJOR = "1.2.4", "1.3.0", "2.0.0"
API = Evidence("api", "minor", ("GET /pages is new",))
SCHEMA = Evidence("schema", "major", ("the column pages.slug is dropped",))
BLIND = Evidence("api", None, cannot_tell=(Fault("the document is no JSON", "openapi.json", 3),))
CHANGED = Evidence("schema", None, errors=(Fault("0001_pages.sql was changed", "m/0001_pages.sql"),))
PAST = Baseline("cms-v1.2.3", {"cms": BASES[0].folders["cms"].migrations[:1]})


def numbered(version: str, previous: str | None = "1.2.3", commit: str = "c" * 40) -> Release:
    return Release("cms", "production", "b" * 40, previous, None, version, f"cms-v{version}", commit)


def strict(**levels: str) -> Config:
    """A configuration whose sources block, but for these."""
    return msgspec.structs.replace(CONFIGURED, policy=msgspec.convert(levels, Policy))


def told(
    *evidence: Evidence, version: str = PATCH, underbump: str = "", **levels: str
) -> list[tuple[str, str]]:
    config = strict(**levels)
    request = Request(underbump=underbump)
    found = problems(Verdict(evidence), numbered(version), request, config)
    return [(one.check, one.level) for one in found]


@pytest.mark.parametrize(
    ("previous", "version", "level"),
    [
        ("1.2.3", "1.2.4", "patch"),
        ("1.2.3", "1.3.0", "minor"),
        ("1.9.9", "2.0.0", "major"),
        ("1.2.3", "1.10.0", "minor"),
        ("1.2.3", "1.2.10", "patch"),
        (None, "1.0.0", None),
    ],
)
def test_a_number_says_by_how_much_it_was_raised(
    previous: str | None, version: str, level: Level | None
) -> None:
    assert raised(numbered(version, previous)) == level


def test_a_deployment_without_a_number_raises_none() -> None:
    assert raised(numbered(MAJOR, commit="b" * 40)) is None


@pytest.mark.parametrize(
    ("least", "asked", "settled"),
    [
        ("major", "auto", "major"),
        (None, "auto", "patch"),
        ("major", "patch", "patch"),
        ("minor", "major", "major"),
    ],
)
def test_auto_takes_the_least_that_is_demanded_and_a_typed_bump_stays(
    least: Level | None, asked: str, settled: str
) -> None:
    verdict = Verdict((Evidence("api", least), Evidence("commits", None)))
    assert level_of(verdict, Request(level=asked)).level == settled  # type: ignore[arg-type]


def test_the_least_bump_is_the_highest_of_what_the_sources_demand() -> None:
    assert Verdict((API, SCHEMA)).least == Verdict((SCHEMA, API)).least == "major"
    assert Verdict((BLIND,)).least is None


@pytest.mark.parametrize(
    ("version", "count"), [(PATCH, 2), (MINOR, 1), (MAJOR, 0)], ids=["patch", "minor", "major"]
)
def test_each_source_that_demands_more_than_the_number_is_a_problem_of_its_own(
    version: str, count: int
) -> None:
    assert len(told(API, SCHEMA, version=version)) == count


def test_the_problem_names_the_bump_the_reason_and_both_ways_on() -> None:
    (problem,) = problems(Verdict((API,)), numbered(PATCH), Request(), strict())
    assert problem.what == "1.2.4 is a patch bump, and api demands minor. GET /pages is new."
    assert problem.advice.startswith("inv release --bump minor; ")
    assert "--underbump" in problem.advice


def test_commits_demand_in_the_plural() -> None:
    (problem,) = problems(Verdict((Evidence("commits", "minor"),)), numbered(PATCH), Request(), strict())
    assert "commits demand minor." in problem.what


def test_a_source_that_only_warns_never_blocks_but_for_errors_it_does_too() -> None:
    assert told(API, api="warn") == [("policy api", "warn")]
    assert told(BLIND, api="warn") == [("policy api", "warn")]
    assert told(CHANGED, schema="warn") == [("policy schema", "block")]


def test_a_reason_to_underbump_passes_everything_but_errors() -> None:
    assert told(API, SCHEMA, BLIND, underbump="the route is unused") == []
    assert told(CHANGED, underbump="the route is unused") == [("policy schema", "block")]


def test_what_cannot_be_told_blocks_whatever_the_bump_and_says_where() -> None:
    (problem,) = problems(Verdict((BLIND,)), numbered(MAJOR), Request(), strict())
    assert (problem.file, problem.line, problem.level) == ("openapi.json", 3, "block")


def test_what_underbump_overrules_is_kept_in_words_and_nothing_where_it_overrules_nothing() -> None:
    assert overruled(Verdict((API, BLIND)), numbered(PATCH), strict()) == (
        "patch 1.2.4, although api demands minor, api cannot tell"
    )
    assert overruled(Verdict((API,)), numbered(MINOR), strict()) == ""


def judged(**levels: str) -> dict[str, Evidence]:
    config = strict(**levels)
    history = History(contained=True, unreleased=(Commit("a" * 40, "feat: slugs"),))
    verdict = judge(replace(SOUND, history=history), PAST, config, (Evidence("auth", "patch"),))
    return {one.source: one for one in verdict.evidence}


def test_every_source_speaks_and_plugins_after_the_built_in_ones() -> None:
    assert list(judged()) == ["schema", "api", "commits", "auth"]


@pytest.mark.parametrize("source", ["schema", "api", "commits"])
def test_a_source_that_is_off_says_nothing(source: str) -> None:
    assert source not in judged(**{source: "off"})


def test_a_plugin_is_switched_off_by_its_own_name() -> None:
    config = msgspec.structs.replace(CONFIGURED, policy=Policy(sources={"auth": "off"}))
    assert judge(SOUND, PAST, config, (Evidence("auth", "major"),)).least != "major"


def test_pending_migrations_open_a_window_and_none_where_the_schema_is_off() -> None:
    past = Baseline("cms-v1.2.3", {"cms": BASES[0].folders["cms"].migrations})
    assert judge(SOUND, past, strict()).window is None
    window = judge(SOUND, PAST, strict()).window
    assert window is not None
    assert set(window.migrations) == set(SQL) - {"0001_pages.sql"}
    assert judge(SOUND, PAST, strict(schema="off")).window is None


def test_scripts_get_every_fault_and_the_window() -> None:
    told = Verdict((BLIND,), Window(open=False, closed_by=("pages.slug",))).as_json()
    assert told["sources"][0]["cannot_tell"] == [
        {"what": "the document is no JSON", "file": "openapi.json", "line": 3}
    ]
    assert told["window"]["closed_by"] == ["pages.slug"]
    assert Verdict().as_json() == {"least": None, "sources": [], "window": None}


@pytest.mark.parametrize(("before", "after", "blocks"), [(None, b"{}", False), (b"{}", None, True)])
def test_a_surface_that_cannot_be_read_blocks_where_it_is_this_commits_and_is_noted_where_it_was(
    before: bytes | None, after: bytes | None, *, blocks: bool
) -> None:
    lost = Unread("it exits with 1")
    past = replace(PAST, surfaces=(Surface("cms", before or lost, after or lost),))
    (api,) = (one for one in judge(SOUND, past, strict()).evidence if one.source == "api")
    assert (bool(api.cannot_tell), bool(api.note)) == (blocks, not blocks)
