"""What a failure is said to mean: what is live, what is not recorded, and the one command to run next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from release.decide.decide import Go
from release.errors import BlockedError, StoppedError
from release.model.deployment import Database, Health, Smoke, WorkerDeployment
from release.model.outcome import Failure
from release.model.record import Record, Window
from release.model.repository import History, Remote
from release.model.step import Done, Stuck
from release.model.unread import Unread
from release.plan.plan import Plan, PlannedWrite
from release.plan.preview import Preview
from release.run.explain import explained, failure_of, live_now, next_command, rollback_command
from tests.unit.worlds import BASES, SCHEMAS, SOUND, SQL, release_of, subject_of

if TYPE_CHECKING:
    from release.model.step import Look
    from release.model.world import World

SUBJECT = subject_of(BASES[0], "1.2.4")
RELEASE = release_of(SUBJECT)
FILES = tuple(SQL)
OLD = WorkerDeployment("script", (("v1" * 4, 100.0),), "cms-v1.2.3+" + "1" * 40, None)
NEW = WorkerDeployment("script", (("v9" * 4, 100.0),), f"{SUBJECT.tag}+{SUBJECT.commit}", None)
STRANGE = WorkerDeployment("script", (("v5" * 4, 100.0),), None, None)
BEFORE = Database("double-production", "uuid", FILES[:1], SCHEMAS[1])
AFTER = replace(BEFORE, ledger=FILES, schema=SCHEMAS[2])
COMMAND = "inv release --bump patch"
WRITES = (("cms", "cloudflare"), ("record", "git"), ("github-release", "github"))
WELL = Health("1.2.4", SUBJECT.commit, None)
FAILURE = Failure("smoke", "it broke", "That means something.", "Repair it.")


def record(**parts: Any) -> Record:  # noqa: ANN401
    parts = {"before": {"mcp": "v1" * 4, "cms": "v1" * 4}, "subject": SUBJECT, "outcome": "failed", **parts}
    return Record(environment="production", nonce="n", **parts)


START = replace(
    SOUND,
    live={"mcp": OLD, "cms": OLD},
    databases={"cms": BEFORE},
    record=record(),
    remote=Remote(BASES[0].commit, {"cms-v1.2.3": "1" * 40}, None),
    releases=frozenset(),
)


def moment(**parts: Any) -> World:  # noqa: ANN401
    return replace(START, **parts)


def smoked(*, healthy: bool) -> World:
    return moment(live={"mcp": NEW, "cms": NEW}, smoke=Smoke(healthy, "told", {}))


PLAN = Plan(
    app="cms",
    environment="production",
    base=RELEASE.base,
    previous="1.2.3",
    version="1.2.4",
    tag=RELEASE.tag,
    commit=RELEASE.commit,
    steps=("migrate", "deploy cms", "smoke", "record"),
    writes=tuple(PlannedWrite(step=step, system=system, target="", what="") for step, system in WRITES),
    migrations={FILES[1]: "", FILES[2]: ""},
    serving={"mcp": "v1" * 4, "cms": "v1" * 4},
    ledger=FILES[0],
)
PROSPECT = Preview(START, Go("start", RELEASE, "commits wait"), COMMAND, RELEASE, PLAN)


@dataclass(frozen=True)
class Odd:
    """A step with words of its own."""

    name: str = "odd"
    reads: tuple[()] = ()
    changes: bool = False
    meaning: str = "It is odd."
    advice: str = "Look at it."

    def look(self, *_: object) -> Look:
        return Done()


def told(world: World, *, recorded: bool = False, failure: Failure = FAILURE) -> Failure:
    return explained(failure, PROSPECT, world, changed=True, recorded=recorded)


@pytest.mark.parametrize(
    ("look", "trouble", "advice"),
    [
        (Stuck("it is stuck", "unstick it"), None, "unstick it"),
        (Stuck("it is stuck", ""), None, "Look at it."),
        (Stuck("it is stuck", "unstick it"), BlockedError("refused", "ask again"), "ask again"),
        (Done(), BlockedError("refused", ""), "Look at it."),
    ],
)
def test_what_went_wrong_knows_better_than_the_step_what_to_do(
    look: Look, trouble: BlockedError | None, advice: str
) -> None:
    failure = failure_of(Odd(), "broken", look, trouble)
    assert (failure.step, failure.meaning, failure.advice) == ("odd", "It is odd.", advice)


def test_a_run_that_a_person_stopped_blames_no_step() -> None:
    failure = failure_of(Odd(), "stopped", Done(), StoppedError("stopped", "again"))
    assert failure.meaning != Odd.meaning
    assert failure.advice == "again"


def test_a_failure_before_any_write_says_that_production_is_unchanged_and_lists_nothing() -> None:
    failure = explained(FAILURE, PROSPECT, START, changed=False, recorded=False)
    assert (failure.standing, failure.state) == ("Not released. Production is unchanged.", ())


def test_an_unchanged_environment_that_still_carries_an_older_half_names_it_and_the_way_back() -> None:
    world = moment(live={"mcp": NEW, "cms": OLD})
    failure = explained(FAILURE, PROSPECT, world, changed=False, recorded=False, pending=SUBJECT)
    assert f"still carries {SUBJECT.tag} of {SUBJECT.base[:7]}, which is not recorded" in failure.standing
    assert dict(failure.state)["roll back"].startswith("inv rollback\nputs cms then mcp back")


@pytest.mark.parametrize(
    ("world", "standing"),
    [
        (moment(live={"mcp": NEW, "cms": OLD}), "Production is half changed: mcp is cms-v1.2.4, cms is not."),
        (
            moment(live={"mcp": NEW, "cms": NEW}),
            "Production serves cms-v1.2.4, and its health was not checked.",
        ),
        (smoked(healthy=False), "Production serves cms-v1.2.4 and is not healthy."),
        (
            smoked(healthy=True),
            "Production serves cms-v1.2.4 and is healthy, but the release is not recorded.",
        ),
        (
            moment(databases={"cms": AFTER}),
            "The database of production was migrated; no worker serves cms-v1.2.4.",
        ),
        (
            moment(live={"mcp": OLD, "cms": Unread("no answer")}),
            "Production may have changed: what it serves could not be read.",
        ),
        (
            moment(databases={"cms": Unread("no answer")}),
            "Production may have changed: what it serves could not be read.",
        ),
        (
            moment(live={"mcp": STRANGE, "cms": STRANGE}),
            "Production is not what it was, and not cms-v1.2.4: it was deployed from elsewhere meanwhile.",
        ),
    ],
)
def test_one_sentence_says_what_the_environment_is_now(world: World, standing: str) -> None:
    assert told(world).standing == f"{standing} Nothing was committed or tagged."


def test_where_the_remote_cannot_be_read_nothing_is_claimed_of_it() -> None:
    world = replace(smoked(healthy=True), remote=Unread("The remote does not answer."))
    failure = told(world)
    assert "committed" not in failure.standing
    assert dict(failure.state)["not recorded"] == "unknown: The remote does not answer."


def test_a_schema_that_moved_without_a_row_in_the_ledger_is_a_migrated_database() -> None:
    assert "was migrated" in told(moment(databases={"cms": replace(BEFORE, schema=SCHEMAS[2])})).standing


def test_a_deployment_without_a_number_is_called_by_its_commit_and_claims_nothing_of_git() -> None:
    bare = replace(RELEASE, commit=RELEASE.base, environment="staging")
    live = replace(NEW, tag=f"{bare.tag}+{bare.base}")
    world = moment(environment="staging", live={"mcp": live, "cms": live})
    failure = explained(FAILURE, replace(PROSPECT, release=bare), world, changed=True, recorded=False)
    assert failure.standing == f"Staging serves {bare.base[:7]}, and its health was not checked."


@pytest.mark.parametrize(
    ("step", "words"),
    [("record", "the branch does not hold it yet"), ("verify", "is live and recorded")],
)
def test_a_tag_on_the_remote_is_a_release_whatever_failed_then(step: str, words: str) -> None:
    failure = told(smoked(healthy=True), recorded=True, failure=replace(FAILURE, step=step))
    assert words in failure.standing
    assert "roll back" not in dict(failure.state)


@pytest.mark.parametrize(
    ("tags", "landed", "releases", "missing"),
    [
        ({}, False, frozenset(), "tag cms-v1.2.4, the bump on the branch, the GitHub Release"),
        ({SUBJECT.tag: "f" * 40}, True, frozenset(), "tag cms-v1.2.4, the GitHub Release"),
        ({SUBJECT.tag: SUBJECT.commit}, False, frozenset({SUBJECT.tag}), "the bump on the branch"),
        ({SUBJECT.tag: SUBJECT.commit}, True, Unread("no answer"), "the GitHub Release"),
        ({SUBJECT.tag: SUBJECT.commit}, True, frozenset({SUBJECT.tag}), None),
    ],
)
def test_what_is_not_recorded_is_listed_piece_by_piece(
    tags: dict[str, str], *, landed: bool, releases: frozenset[str] | Unread, missing: str | None
) -> None:
    world = replace(
        smoked(healthy=True),
        remote=Remote(BASES[0].commit, tags, None),
        history=History(contained=True, unreleased=(), is_on_branch=landed),
        releases=releases,
    )
    assert dict(told(world).state).get("not recorded") == missing


def test_the_bookmark_is_named_where_this_release_migrates() -> None:
    world = replace(smoked(healthy=False), record=record(bookmark="b00k"))
    assert "bookmark b00k" in dict(told(world).state)["database"]
    unmigrated = msgspec.structs.replace(PLAN, migrations={})
    without = replace(PROSPECT, plan=unmigrated)
    failure = explained(FAILURE, without, world, changed=True, recorded=False)
    assert "database" not in dict(failure.state)


def test_a_healthy_release_is_not_told_to_be_fixed() -> None:
    assert "or fix" in dict(told(smoked(healthy=False)).state)
    assert "or fix" not in dict(told(smoked(healthy=True)).state)


def test_the_next_command_goes_back_only_where_the_new_version_is_bad_and_nothing_bars_the_way() -> None:
    bad = smoked(healthy=False)
    assert next_command(PROSPECT, bad, recorded=False) == "inv rollback"
    assert next_command(PROSPECT, bad, recorded=True) == COMMAND
    assert next_command(PROSPECT, smoked(healthy=True), recorded=False) == COMMAND
    assert next_command(PROSPECT, replace(bad, record=None), recorded=False) == COMMAND
    barred = replace(bad, record=record(migrated=FILES[1:]), databases={"cms": AFTER})
    assert next_command(PROSPECT, barred, recorded=False) == COMMAND


def test_over_a_migration_the_way_back_asks_for_its_word_unless_the_window_is_open() -> None:
    closed = moment(record=record(migrated=FILES[1:]), databases={"cms": AFTER})
    assert rollback_command(closed) == "inv rollback --despite-migrations"
    opened = record(migrated=FILES[1:], window=Window(open=True, migrations=FILES[1:]))
    assert rollback_command(replace(closed, record=opened)) == "inv rollback"
    assert rollback_command(replace(closed, databases={"cms": BEFORE})) == "inv rollback"
    assert rollback_command(replace(closed, environment="staging")).startswith("inv rollback --env staging")


@pytest.mark.parametrize(
    ("database", "said"),
    [(None, ""), (Unread("no answer"), ", database unknown"), (AFTER, f", database at {FILES[-1]}")],
)
def test_what_is_live_is_one_line(database: Database | Unread | None, said: str) -> None:
    live = "mcp v1v1v1v1 (cms-v1.2.3), cms v1v1v1v1 (cms-v1.2.3)"
    assert live_now(moment(databases={"cms": database} if database else {})) == f"{live}{said}"
