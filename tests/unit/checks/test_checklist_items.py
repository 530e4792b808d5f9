"""The items of the checklist, on worlds built by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from release.checks.checklist import Ask, Finding, Item, excused
from release.checks.checklist_pages import Bindings, LoginAnswers, PageLoads, Secrets
from release.checks.checklist_staging import CI, Staging, StagingMigrations
from release.formats.wrangler_config import Needs
from release.model.deployment import Database, Health, WorkerDeployment
from release.model.health import NO_ROUTE
from release.model.problem import Problem
from release.model.readiness import CommitCheck, Configured, PageSeen, Readiness, Tried
from release.model.record import Record, Remark
from release.model.request import Request
from release.model.unread import Unread
from tests.golden.scenes import BASE, OLD, RELEASE, world

if TYPE_CHECKING:
    from release.model.world import World

GOLDEN = world()
LATER = "5" * 40
UNREAD = Unread("it did not answer", "Ask again.")


def seen(**parts: object) -> World:
    """A world in which this was read for the checklist."""
    return replace(GOLDEN, readiness=Readiness(**parts))  # type: ignore[arg-type]


def staging(commit: str = BASE, **more: object) -> World:
    """A world in which staging serves a commit."""
    live = WorkerDeployment("cms-staging", (("id", 100.0),), f"cms-v1.2.3+{commit}", None, (), (commit,))
    parts: dict[str, object] = {"health": Health("1.2.3", commit, None), "databases": {}, **more}
    return seen(tried=Tried("staging", {"cms": parts.pop("live", live)}, **parts))  # type: ignore[arg-type, dict-item]


def check(name: str, state: str, said: str) -> CommitCheck:
    return CommitCheck(name, state, said, f"https://github.example/{name}")  # type: ignore[arg-type]


def test_ci_is_green_where_all_is() -> None:
    finding = CI()(seen(ci=(check("test", "green", "success"), check("lint", "green", "neutral"))))
    assert (finding.kind, finding.what) == ("ok", f"CI is green on {BASE[:7]}: 2 checks")


def test_ci_that_is_red_names_what_failed_and_where_to_look() -> None:
    finding = CI()(seen(ci=(check("test", "red", "failure"), check("lint", "running", "queued"))))
    assert finding.kind == "bad"
    assert "test (failure)" in finding.what
    assert "https://github.example/test" in finding.advice


def test_ci_that_has_not_ended_is_waited_for() -> None:
    finding = CI()(seen(ci=(check("e2e", "running", "in_progress"),)))
    assert (finding.kind, "e2e (in_progress)" in finding.what, "Wait" in finding.advice) == (
        "bad",
        True,
        True,
    )


def test_the_deployment_to_staging_does_not_count_for_ci() -> None:
    ci = (check("test", "green", "success"), check("deploy to staging", "running", "in_progress"))
    assert CI(("deploy to staging",))(seen(ci=ci)).kind == "ok"
    assert CI(("deploy to staging",))(seen(ci=ci[1:])).kind == "bad"


def test_a_commit_on_which_nothing_ran_is_not_green() -> None:
    finding = CI()(seen(ci=()))
    assert finding.kind == "bad"
    assert "No check ran" in finding.what


@pytest.mark.parametrize(
    "look", [CI(), Staging(), StagingMigrations(), PageLoads("dashboard", "The dashboard"), LoginAnswers()]
)
def test_what_was_not_read_is_never_well(look: CI) -> None:
    assert look(replace(GOLDEN, readiness=None)).kind in {"unknown", "bad"}


def test_staging_that_serves_the_commit_is_well() -> None:
    assert Staging()(staging()).kind == "ok"


def test_staging_that_serves_another_commit_is_named() -> None:
    finding = Staging()(staging(OLD))
    assert finding.what == f"staging is not running {BASE[:7]}: cms runs {OLD[:7]}."


def test_staging_that_is_not_healthy_says_why() -> None:
    finding = Staging()(staging(health=Health(None, None, "/api/health answered 500")))
    assert (finding.kind, "answered 500" in finding.what) == ("bad", True)


def test_staging_whose_health_names_another_commit_is_not_well() -> None:
    assert Staging()(staging(health=Health("1.2.3", OLD, None))).kind == "bad"


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (Health(None, None, None), f"staging runs {BASE[:7]} and is healthy"),
        (Health(None, BASE[:9], None), f"staging runs {BASE[:7]} and is healthy"),
        (NO_ROUTE, f"staging runs {BASE[:7]}; it has no health route"),
    ],
)
def test_staging_whose_health_tells_less_is_well_by_what_cloudflare_serves(health: Health, said: str) -> None:
    assert Staging()(staging(health=health)) == Finding("ok", said)


@pytest.mark.parametrize("health", [Health("1.2.3", BASE, None), Health(None, None, "down")])
def test_staging_that_served_the_commit_and_went_on_is_well(health: Health) -> None:
    live = WorkerDeployment("cms-staging", (("id", 100.0),), f"cms-v1.2.3+{LATER}", None, (), (LATER, BASE))
    finding = Staging()(staging(live=live, ahead=True, health=health))
    assert (finding.kind, f"staging ran {BASE[:7]}" in finding.what) == ("ok", True)


@pytest.mark.parametrize(("ahead", "bases"), [(False, (LATER, BASE)), (True, (LATER,))])
def test_a_later_commit_on_staging_does_not_speak_for_one_that_it_does_not_hold_or_that_never_ran(
    ahead: bool,  # noqa: FBT001
    bases: tuple[str, ...],
) -> None:
    live = WorkerDeployment("cms-staging", (("id", 100.0),), f"cms-v1.2.3+{LATER}", None, (), bases)
    assert Staging()(staging(live=live, ahead=ahead)).kind == "bad"


def test_a_split_of_the_traffic_on_staging_is_not_the_commit() -> None:
    live = WorkerDeployment("s", (("a", 50.0), ("b", 50.0)), f"cms-v1.2.3+{BASE}", None)
    assert Staging()(staging(live=live)).kind == "bad"


def test_without_a_place_for_trying_nobody_is_blocked() -> None:
    assert Staging()(seen()).kind == StagingMigrations()(seen()).kind == "none"


def test_migrations_that_staging_lacks_are_named() -> None:
    database = GOLDEN.databases["cms"]
    assert isinstance(database, Database)
    finding = StagingMigrations()(staging(databases={"cms": replace(database, ledger=("0001_pages.sql",))}))
    assert (finding.kind, "0002_page_slug.sql" in finding.what) == ("bad", True)


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (PageSeen(200, "/", asks_login=False, lacks=None), "ok"),
        (PageSeen(200, "/login", asks_login=True, lacks=None), "unknown"),
        (PageSeen(401, "/", asks_login=True, lacks=None), "unknown"),
        (PageSeen(500, "/", asks_login=False, lacks=None), "bad"),
        (PageSeen(200, "/", asks_login=False, lacks="main h1"), "bad"),
        (UNREAD, "bad"),
    ],
)
def test_a_page_loads_renders_or_asks_to_log_in(page: PageSeen | Unread, kind: str) -> None:
    assert PageLoads("sample-page", "The sample page")(seen(pages={"sample-page": page})).kind == kind


@pytest.mark.parametrize(("status", "kind"), [(200, "ok"), (302, "ok"), (404, "bad"), (503, "bad")])
def test_a_login_that_answers_is_well(status: int, kind: str) -> None:
    page = PageSeen(status, "/login", asks_login=True, lacks=None)
    assert LoginAnswers()(seen(pages={"login": page})).kind == kind


def bound(production: set[str], tried: set[str], live: set[str] | None) -> World:
    """A world with these bindings in the configuration's two environments, and live."""
    nothing: frozenset[str] = frozenset()
    said = Configured(Needs(frozenset(production), nothing), Needs(frozenset(tried), nothing))
    serving = WorkerDeployment(
        "cms", (("id", 100.0),), None, None, bindings=None if live is None else frozenset(live)
    )
    return replace(seen(configured={"cms": said}), live={"cms": serving})


@pytest.mark.parametrize(
    ("production", "tried", "live", "said"),
    [
        ({"DB"}, {"DB"}, {"DB", "COMMIT_SHA"}, None),
        ({"DB"}, {"DB", "KV"}, {"DB"}, "binds KV where it is tried, and not in production"),
        ({"DB", "KV"}, {"DB", "KV"}, {"DB"}, "cms in production does not have KV yet"),
        ({"DB"}, {"DB"}, None, None),
    ],
)
def test_bindings_that_production_lacks_are_named(
    production: set[str], tried: set[str], live: set[str] | None, said: str | None
) -> None:
    finding = Bindings()(bound(production, tried, live))
    assert (finding.kind == "ok") == (said is None)
    assert said is None or said in finding.what


def test_secrets_that_production_lacks_are_named_with_the_command() -> None:
    said = Configured(Needs(frozenset(), frozenset({"FROM_FILE"})))
    lacking = seen(configured={"cms": said}, secrets={"cms": frozenset({"OTHER"})})
    finding = Secrets({"cms": ("SESSION_KEY",)})(lacking)
    assert "cms has no FROM_FILE, SESSION_KEY" in finding.what
    assert "wrangler secret put FROM_FILE" in finding.advice
    assert Secrets({"cms": ("OTHER",)})(seen(secrets={"cms": frozenset({"OTHER"})})).kind == "ok"


@pytest.mark.parametrize(("demand", "levels"), [("block", ["block"]), ("warn", ["warn"]), ("off", [])])
def test_each_item_blocks_warns_or_is_off(demand: str, levels: list[str]) -> None:
    item = Item("ci", demand, CI())  # type: ignore[arg-type]
    assert [one.level for one in item.find(seen(ci=()), RELEASE)] == levels


def test_what_cannot_be_told_counts_as_the_item_is_set() -> None:
    (problem,) = Item("ci", "block", CI()).find(seen(ci=UNREAD), RELEASE)
    assert (problem.level, problem.advice) == ("block", "Ask again.")
    assert "Cannot tell" in problem.what


def test_what_was_ticked_for_this_release_is_not_asked_again() -> None:
    ask = Ask("The storefront team knows")
    assert [one.level for one in ask.find(GOLDEN, RELEASE)] == ["ask"]
    tick = Remark(kind="tick", what="The storefront team knows", who="ada")
    record = Record(environment="production", nonce="n", subject=RELEASE.subject, remarks=(tick,))
    assert ask.find(replace(GOLDEN, record=record), RELEASE) == ()
    assert ask.find(replace(GOLDEN, record=record), replace(RELEASE, commit=LATER)) != ()


FOUND = tuple(
    Problem(name, "Not well.", "Do it.", level="block")
    for name in ("ci", "staging", "staging-migrations", "tools")
)


def test_a_hotfix_of_the_last_release_is_excused_from_staging_and_nothing_else() -> None:
    reason = "hotfix of cms-v1.2.3: login fails"
    found = excused(FOUND, Request(reason=reason), RELEASE)
    assert [one.check for one in found if one.level == "skip"] == ["staging", "staging-migrations"]
    assert {one.advice for one in found if one.level == "skip"} == {reason}
    assert [one.level for one in found if one.check in {"ci", "tools"}] == ["block", "block"]


@pytest.mark.parametrize("reason", ["", "hotfix of cms-v1.2.2: old", "a hotfix of cms-v1.2.3", "hotfix"])
def test_no_other_reason_excuses(reason: str) -> None:
    assert excused(FOUND, Request(reason=reason), RELEASE) == FOUND
