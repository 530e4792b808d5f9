"""A step alone: it fixes no number that nobody asked for, and repairs what the last release lacks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from release.commands.rollback.course import RollbackOptions, rollback
from release.model.options import Options
from release.model.request import Request
from release.rehearsal.cloud.statements import Statement
from release.run import release as releasing
from release.run.approval import Person, usual
from release.testing import Recorder
from release.testing.double import DATABASES, approve
from release.views.text import plan_lines
from tests.contract.record_on_remote import REF, deployed, refs
from tests.contract.release_facts import everything, ledger, record_of, remote, served, tags, told
from tests.turns import in_turn

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double

OLD, SLUG = ["0001_pages.sql", "0002_users.sql"], "0003_slug.sql"


def lose_ledger(world: Double) -> None:
    """The rows of production's ledger are gone; the schema stays."""
    world.runtime.d1(DATABASES["double-production"], (Statement("DELETE FROM d1_migrations"),))


def without_bump(world: Double, step: str) -> Outcome:
    """`inv step.NAME --yes`, without a bump."""
    asked = Options(Request(), only=step, said=False)
    gate = lambda _, preview: approve(preview)  # noqa: E731
    return releasing.release(world.root, world.environ, asked, gate, Recorder(), connect=world.connect)


def in_place(world: Double, *steps: str) -> None:
    """The steps one after another, each well; the files of a bump are put away in the end."""
    for step in steps:
        done = world.release(only=step)
        assert (done.outcome, done.exit_code) == ("done", 0), told(done)
    world.git("checkout", "--quiet", ".")


ALONE = (("backfill",), ("test",), ("bump", "migrate"), ("backfill", "bump", "migrate", "test"))
BUMPS = (("minor", "1.3.0"), ("patch", "1.2.4"), ("major", "2.0.0"))


@pytest.mark.parametrize(("steps", "release"), in_turn(ALONE, BUMPS))
def test_a_step_that_needs_no_number_fixes_none(
    double: Double, steps: tuple[str, ...], release: tuple[str, str]
) -> None:
    bump, version = release
    if "backfill" in steps:
        lose_ledger(double)
    in_place(double, *steps)
    outcome = double.release(bump)  # type: ignore[arg-type]  # one of the three
    assert (outcome.exit_code, outcome.as_json()["version"]) == (0, version)
    assert tags(double) == ["cms-v1.2.3", f"cms-v{version}"]
    assert ledger(double) == [*OLD, SLUG]


def test_a_step_that_leaves_nothing_behind_leaves_the_record_as_it_was(double: Double) -> None:
    assert double.release().exit_code == 0
    before = record_of(double)
    double.commit({"docs/more.md": "more\n"})
    lose_ledger(double)
    in_place(double, "test", "backfill", "bump")
    after = record_of(double)
    assert (after.subject, after.before, after.outcome, after.holder) == (
        before.subject,
        before.before,
        "released",
        None,
    )


def test_a_release_after_a_migration_alone_knows_what_was_there_before_it(double: Double) -> None:
    before = [served(double, name)[0] for name in ("mcp", "cms")]
    in_place(double, "bump", "migrate")
    alone = record_of(double)
    assert (alone.subject, alone.migrated, alone.outcome) == (None, (SLUG,), "running")
    assert alone.bookmark
    assert double.release("minor").exit_code == 0
    record = record_of(double)
    assert (record.migrated, record.bookmark) == ((SLUG,), alone.bookmark)
    back = rollback(
        double.root,
        double.environ,
        RollbackOptions("production", despite_migrations=True),
        lambda *_: None,
        Recorder(),
        connect=double.connect,
    )
    assert back.exit_code == 0
    assert [served(double, name)[0] for name in ("mcp", "cms")] == before


def test_a_step_alone_of_a_release_that_was_begun_goes_on_with_it(double: Double) -> None:
    double.release("minor", only="bump")
    in_place_not_put_away = ("backfill", "migrate", "deploy mcp")
    for step in in_place_not_put_away:
        done = without_bump(double, step)
        assert (done.outcome, done.exit_code) == ("done", 0), told(done)
    assert served(double, "mcp")[0].startswith("cms-v1.3.0+")
    subject = record_of(double).subject
    assert (subject and subject.version, record_of(double).asked) == ("1.3.0", "minor")
    assert double.plan("major").warnings[0].what.startswith("cms-v1.3.0 is unfinished; it is a minor, and")
    assert without_bump(double, "deploy cms").exit_code == 0
    assert without_bump(double, "smoke").exit_code == 0
    ended = [without_bump(double, step).exit_code for step in ("record", "github-release", "verify")]
    assert ended == [0, 0, 0]
    assert tags(double) == ["cms-v1.2.3", "cms-v1.3.0"]
    assert double.release("minor").outcome == "nothing"


def test_a_dead_step_is_named_to_another_release_as_what_it_is(double: Double) -> None:
    class Dead(Recorder):
        def started(self, step: str) -> None:
            raise SystemExit(step)

    with suppress(SystemExit):
        double.release(only="backfill", listener=Dead())
    blocked = double.release(root=double.clone())
    assert "running the step backfill on production" in told(blocked) or blocked.exit_code == 0


@pytest.mark.parametrize("has_record", [True, False])
def test_a_lost_ledger_is_filled_where_there_is_nothing_to_release(
    double: Double, *, has_record: bool
) -> None:
    assert double.release().exit_code == 0
    if not has_record:
        double.git("update-ref", "-d", REF, cwd=double.forge.repository)
    lose_ledger(double)
    outcome = without_bump(double, "backfill")
    assert (outcome.decision, outcome.outcome, outcome.exit_code) == ("repair", "done", 0), told(outcome)
    assert ledger(double) == [*OLD, SLUG]
    assert double.release().outcome == "nothing"
    if has_record:
        assert record_of(double).outcome == "released"


def test_a_github_release_that_was_deleted_is_made_again(double: Double) -> None:
    assert double.release().exit_code == 0
    api = f"{double.environ['GITHUB_API_URL']}/repos/acme/cms/releases"
    headers = {"authorization": f"Bearer {double.environ['GITHUB_TOKEN']}"}
    number = httpx.get(f"{api}/tags/cms-v1.2.4", headers=headers).json()["id"]
    httpx.delete(f"{api}/{number}", headers=headers).raise_for_status()
    outcome = without_bump(double, "github-release")
    assert (outcome.decision, outcome.exit_code) == ("repair", 0), told(outcome)
    with double.ops() as ops:
        assert ops.github.has_release("cms-v1.2.4")


def test_a_bump_that_main_has_lost_lands_again(double: Double) -> None:
    base = double.git("rev-parse", "HEAD")
    assert double.release().exit_code == 0
    double.git("update-ref", "refs/heads/main", base, cwd=double.forge.repository)
    elsewhere = double.clone()
    asked = Options(Request(), only="record", said=False)
    gate = lambda _, preview: approve(preview)  # noqa: E731
    outcome = releasing.release(elsewhere, double.environ, asked, gate, Recorder(), connect=double.connect)
    assert (outcome.decision, outcome.exit_code) == ("repair", 0), told(outcome)
    assert remote(double, "main") == remote(double, "cms-v1.2.4")


@pytest.mark.parametrize(
    "step", ["smoke", "verify", "record", "github-release", "backfill", "migrate", "test"]
)
def test_a_repair_where_all_is_well_ends_well_and_changes_nothing(double: Double, step: str) -> None:
    assert double.release().exit_code == 0
    before, record = everything(double), record_of(double)
    outcome = without_bump(double, step)
    assert (outcome.decision, outcome.outcome, outcome.exit_code) == ("repair", "done", 0), told(outcome)
    assert everything(double) == before
    after = record_of(double)
    assert (after.subject, after.before, after.outcome, after.burnt) == (
        record.subject,
        record.before,
        record.outcome,
        record.burnt,
    )


def test_a_database_that_was_restored_is_migrated_again(double: Double) -> None:
    assert double.release().exit_code == 0
    back = ("ALTER TABLE pages DROP COLUMN slug", f"DELETE FROM d1_migrations WHERE name = '{SLUG}'")
    double.runtime.d1(DATABASES["double-production"], tuple(Statement(sql) for sql in back))
    outcome = without_bump(double, "migrate")
    assert (outcome.decision, outcome.exit_code) == ("repair", 0), told(outcome)
    assert ledger(double) == [*OLD, SLUG]
    assert record_of(double).outcome == "released"


def test_a_repair_that_fails_says_that_nothing_changed_and_keeps_the_record(double: Double) -> None:
    from werkzeug.wrappers import Response

    assert double.release().exit_code == 0
    double.runtime.behaviour[double.script("cms")] = lambda *_: Response("down", 500)
    outcome = without_bump(double, "smoke")
    assert (outcome.outcome, outcome.exit_code, outcome.next) == ("failed", 1, "inv step.smoke")
    assert "is unchanged" in told(outcome)
    assert record_of(double).outcome == "released"


@pytest.mark.parametrize("step", ["record", "github-release", "smoke", "verify"])
def test_what_was_rolled_back_is_not_looked_after(double: Double, step: str) -> None:
    assert double.release().exit_code == 0
    asked = RollbackOptions("production", despite_migrations=True)
    rollback(double.root, double.environ, asked, lambda *_: None, Recorder(), connect=double.connect)
    before = refs(double)
    outcome = without_bump(double, step)
    assert outcome.outcome == "nothing"
    assert refs(double) == before


@pytest.mark.parametrize(("step", "word"), [("backfill", "production"), ("smoke", "cms-v1.2.4")])
def test_the_plan_of_a_step_alone_names_it_and_what_to_type(double: Double, step: str, word: str) -> None:
    assert double.release().exit_code == 0
    heard, asked = Recorder(), Options(Request(), only=step, said=False)
    gate = usual(Person(ask=lambda _: word))
    ended = releasing.release(double.root, double.environ, asked, gate, heard, connect=double.connect)
    assert ended.exit_code == 0
    assert heard.preview is not None
    first = next(plan_lines(heard.preview)).text
    assert f"the step {step} alone" in first
    assert " -> " not in first
    assert word in first


@pytest.mark.parametrize("step", ["deploy mcp", "deploy cms", "bump"])
def test_a_step_that_ships_something_has_nothing_to_do_where_nothing_is_to_be_released(
    double: Double, step: str
) -> None:
    assert double.release().exit_code == 0
    count = len(deployed(double))
    assert without_bump(double, step).outcome == "nothing"
    assert len(deployed(double)) == count
