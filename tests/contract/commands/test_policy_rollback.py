"""The rollback window: found when a release is planned, kept in its record, and used by `inv rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.commands.rollback.course import RollbackOptions, rollback
from release.errors import BlockedError
from release.model.request import Request
from release.testing import Recorder
from release.testing.monorepo import CONFIG, MIGRATIONS
from tests.contract.record_on_remote import record_of

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double

OFF = '[tool.release.policy]\nschema = "off"\napi = "off"\ncommits = "off"\n'
AUTO = Request(level="auto")


def unwell(*_: object) -> Response:
    return Response('{"status": "down"}', 500)


def back(world: Double, tag: str | None = None, listener: Recorder | None = None) -> Outcome:
    told = listener or Recorder()
    asked = RollbackOptions("production", tag)
    return rollback(world.root, world.environ, asked, lambda *_: None, told, connect=world.connect)


def released(double: Double, sql: str) -> Outcome:
    """A release whose migrations are the double's own, additive one, and this."""
    double.commit(
        {"pyproject.toml": CONFIG.replace(OFF, ""), f"{MIGRATIONS}/0004_more.sql": sql}, "fix: what came"
    )
    return double.release(request=AUTO)


def test_over_additive_migrations_a_rollback_asks_no_more_words(double: Double) -> None:
    assert released(double, "CREATE TABLE tags (page REFERENCES pages (id));\n").outcome == "released"
    listener = Recorder()

    assert back(double, listener=listener).outcome == "rolled-back"
    assert "0003_slug.sql was applied since; the older workers are compatible with it" in listener.lines
    assert any("a DELETE of a row of pages fails where tags.page names it" in line for line in listener.lines)


def test_over_a_breaking_migration_it_names_what_closes_the_way(double: Double) -> None:
    assert released(double, "ALTER TABLE users DROP COLUMN slug;\n").exit_code == 4
    assert released(double, "DROP TABLE users;\n").outcome == "released"

    with pytest.raises(BlockedError, match=r"do not run on its schema: table users is gone\.") as refusal:
        back(double)
    assert "--despite-migrations" in refusal.value.advice


def test_the_record_keeps_the_window_so_that_it_needs_no_checkout(double: Double) -> None:
    released(double, "CREATE TABLE tags (a);\n")
    window = record_of(double).window

    assert window is not None
    assert (window.open, window.migrations) == (True, ("0003_slug.sql", "0004_more.sql"))


def test_without_a_verdict_it_refuses_as_ever(double: Double) -> None:
    assert double.release().outcome == "released"
    assert record_of(double).window is None

    with pytest.raises(BlockedError, match="would run on the newer schema"):
        back(double)


def test_what_nobody_could_tell_bars_the_way(double: Double) -> None:
    late = "CREATE TABLE IF NOT EXISTS users (x);\n"  # nothing here, and another table in a new database
    double.commit({"pyproject.toml": CONFIG.replace(OFF, ""), f"{MIGRATIONS}/0000_late.sql": late})
    assert double.release(request=Request(level="major", underbump="it came late")).outcome == "released"

    with pytest.raises(BlockedError, match="would run on the newer schema"):
        back(double)


def test_to_an_older_release_all_that_lies_in_between_counts(double: Double) -> None:
    released(double, "DROP TABLE users;\n")
    double.commit({"apps/cms/worker.js": "export default { fetch: () => new Response('6') };\n"}, "fix: more")
    assert double.release(request=AUTO).outcome == "released"
    assert record_of(double).migrated == ()

    with pytest.raises(BlockedError, match="table users is gone"):
        back(double, "cms-v1.2.3")
    assert back(double).outcome == "rolled-back"


def test_an_unhealthy_release_over_an_additive_migration_says_to_roll_back(double: Double) -> None:
    double.runtime.behaviour[double.script("cms")] = unwell
    outcome = released(double, "CREATE TABLE tags (a);\n")

    assert (outcome.outcome, outcome.next) == ("unrecorded", "inv rollback")


def test_an_unhealthy_release_over_a_breaking_migration_leaves_it_to_a_person(double: Double) -> None:
    double.runtime.behaviour[double.script("cms")] = unwell
    outcome = released(double, "DROP TABLE users;\n")

    assert (outcome.outcome, outcome.next) == ("unrecorded", "inv release --bump auto")
