"""What an ending says was live before: that which was, in this environment, and not the number before this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.rollback.course import RollbackOptions, rollback
from release.testing import Recorder
from release.testing import double as opened
from release.views.ending import outcome_lines
from tests.contract.release_facts import record_of, served
from tests.contract.run.test_unfinished_releases import by_hand

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.testing import Double


def told(outcome: Outcome) -> str:
    """The ending as a person reads it."""
    return "\n".join(line.text for line in outcome_lines(outcome))


def rolled_back(world: Double) -> None:
    """`inv rollback --yes`."""
    asked = RollbackOptions("production", despite_migrations=True)
    done = rollback(world.root, world.environ, asked, lambda *_: None, Recorder(), connect=world.connect)
    assert done.exit_code == 0


def test_a_staging_of_a_tagged_commit_is_a_deployment_and_says_what_was_there(double: Double) -> None:
    before = served(double, "cms", "staging")[0].partition("+")[2]
    assert double.release("minor").exit_code == 0
    tip = double.git("rev-parse", "HEAD")
    outcome = double.deploy()
    text = told(outcome)
    assert (outcome.outcome, outcome.is_tagged, outcome.was) == ("deployed", True, f"1.2.3 ({before[:7]})")
    assert f"{tip[:7]} (cms-v1.3.0) is deployed to staging" in text
    assert f"1.2.3 ({before[:7]})" in text
    assert "released" not in text
    assert outcome.as_json()["was"] == f"1.2.3 ({before[:7]})"
    assert record_of(double, "staging").outcome == "released"


def test_a_staging_of_a_later_commit_bears_no_tag(double: Double) -> None:
    assert double.release().exit_code == 0
    double.ci = False
    commit = double.commit({"docs/more.md": "more\n"})
    text = told(double.deploy())
    assert f"{commit[:7]} is deployed to staging" in text


def test_the_same_commit_again_was_there_already(double: Double) -> None:
    double.ci = False
    double.commit({"docs/more.md": "more\n"})
    assert double.deploy().was != "the same"
    again = double.deploy()
    assert (again.outcome, again.was) == ("deployed", "the same")
    assert "the same commit" in told(again)


@pytest.mark.parametrize("case", ["usual", "after a rollback", "first", "by hand", "finish"])
def test_the_ending_says_what_was_live_in_production_before(tmp_path: Path, case: str) -> None:
    with opened(tmp_path, released=None if case == "first" else "1.2.3") as world:
        words = "1.2.4 (was 1.2.3)"
        if case == "after a rollback":
            assert world.release().exit_code == 0
            rolled_back(world)
            world.commit({"docs/more.md": "more\n"})
            words = "cms-v1.2.3 was live: cms-v1.2.4 was rolled back"
        if case == "by hand":
            by_hand(world, "mcp")
            by_hand(world, "cms")
            words = "1.2.4 (was an untagged version that answers as 1.2.4)"
        if case == "first":
            words = "(the first release)"
        if case == "finish":
            hook = world.forge.repository / "hooks" / "update"
            hook.write_text("#!/bin/sh\ncase $1 in refs/tags/*) exit 1 ;; esac\n")
            hook.chmod(0o755)
            assert world.release().exit_code == 3
            hook.unlink()
            words = "1.2.4 (already live)"
        outcome = world.release()
        assert outcome.exit_code == 0
        assert words in told(outcome)


def test_two_workers_that_served_different_things_are_named(double: Double) -> None:
    by_hand(double, "mcp")
    outcome = double.release()
    assert outcome.was == "mcp an untagged version that answers as 1.2.3, cms 1.2.3"
