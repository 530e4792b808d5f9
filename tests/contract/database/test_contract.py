"""A contract migration runs once the new version serves: the way back is open until then, and a rerun finishes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.errors import BlockedError
from release.model.request import Request
from release.rehearsal.cloud.memory_runtime import well_behaved
from release.testing import Recorder
from release.testing.double import DATABASES
from release.testing.monorepo import CONFIG, MIGRATIONS
from release.views.text import plan_lines
from tests.contract.commands.rollbacks import back
from tests.contract.release_facts import STEPS, ledger, on_remote, record_of, rows, served, tags, told

if TYPE_CHECKING:
    from werkzeug.wrappers import Request as HttpRequest
    from werkzeug.wrappers import Response

    from release.model.outcome import Outcome
    from release.model.request import Level
    from release.plan.preview import Preview
    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

ADDS, DROPS, LATER = "0004_adds.sql", "0005_drops.sql", "0006_later.sql"
MARKER = "-- release: after-deploy\n"
DROP = "ALTER TABLE pages DROP COLUMN title;\n"
WITH_CONTRACT = (*STEPS[: STEPS.index("smoke") + 1], "contract", *STEPS[STEPS.index("record") :])
GRADED = CONFIG.replace('migrations = "', 'contract = "after-deploy"\nmigrations = "', 1)


def scene(world: Double, **files: str) -> None:
    """Migrations on main: an additive one, and one that drops what the old code reads."""
    made = {ADDS: "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n", DROPS: MARKER + DROP, **files}
    world.commit({f"{MIGRATIONS}/{name}": sql for name, sql in made.items()}, "feat: titles are gone")


def sent(world: Double, sql: str) -> None:
    with world.ops() as ops:
        ops.cloudflare.query(DATABASES["double-production"], sql)


def steps(outcome: Outcome) -> dict[str, str]:
    return {one.name: one.outcome for one in outcome.steps}


def planned(world: Double, level: Level) -> Preview:
    recorder = Recorder()
    outcome = world.plan(request=Request(level=level), listener=recorder)
    assert outcome.outcome == "planned", told(outcome)
    assert recorder.preview is not None
    return recorder.preview


def columns(world: Double) -> list[object]:
    return rows(world, "SELECT name FROM pragma_table_info('pages')")


def test_it_runs_after_the_smoke_check_and_before_the_record(double: Double) -> None:
    scene(double)
    seen = []

    def watching(loaded: LoadedVersion, request: HttpRequest) -> Response:
        if loaded.number == "1.2.4":
            seen.append("title" in columns(double) and ADDS in ledger(double))
        return well_behaved(loaded, request)

    double.runtime.behaviour[double.script("cms")] = watching
    outcome = double.release()

    assert outcome.outcome == "released", told(outcome)
    assert tuple(steps(outcome)) == WITH_CONTRACT
    assert "title" not in columns(double)
    assert ledger(double)[-2:] == [ADDS, DROPS]
    assert seen[:3] == [True, True, True]


def test_the_plan_says_which_run_when_and_until_when_the_way_back_is_open(double: Double) -> None:
    double.commit({"pyproject.toml": CONFIG.replace('schema = "off"\n', "")}, "build: the policy")
    scene(double)
    shown = planned(double, "minor")
    text = "\n".join(line.text for line in plan_lines(shown))
    writes = [(one.step, one.what) for one in shown.plan.writes if one.system == "d1"] if shown.plan else []

    assert writes[-2:] == [("migrate", f"apply {ADDS}"), ("contract", f"apply {DROPS}")]
    assert f"until    the step contract: {DROPS}" in text


def test_without_one_there_is_no_such_step(double: Double) -> None:
    assert tuple(steps(double.release())) == STEPS


@pytest.mark.parametrize("name", ["breaking", "additive"])
def test_a_database_may_say_so_of_all_that_are_breaking(double: Double, name: str) -> None:
    double.commit(
        {
            "pyproject.toml": GRADED,
            f"{MIGRATIONS}/{ADDS}": DROP if name == "breaking" else "CREATE TABLE t (a);",
        }
    )
    shown = planned(double, "major")
    when = {one.what: one.step for one in shown.plan.writes} if shown.plan else {}

    assert when[f"apply {ADDS}"] == ("contract" if name == "breaking" else "migrate")


def test_what_is_behind_one_waits_with_it_and_is_told(double: Double) -> None:
    scene(double, **{LATER: "CREATE TABLE later (a);\n"})
    outcome = double.release()

    assert outcome.outcome == "released", told(outcome)
    assert ledger(double)[-3:] == [ADDS, DROPS, LATER]
    assert [
        f"{LATER} waits for {DROPS}" in one.what for one in outcome.warnings if one.check == "contract"
    ] == [True]


def test_another_word_than_after_deploy_is_refused_with_its_line(double: Double) -> None:
    scene(double, **{DROPS: f"-- why\n-- release: after-deployment\n{DROP}"})
    outcome = double.plan()

    assert f"{DROPS}:2 says `release: after-deployment`" in told(outcome)


def test_one_that_fails_leaves_the_new_version_live_and_a_rerun_finishes(double: Double) -> None:
    scene(double, **{DROPS: f"{MARKER}CREATE UNIQUE INDEX one ON pages (title);\n"})
    sent(double, "INSERT INTO pages (title) VALUES ('a'), ('a');")
    failed = double.release()

    assert (failed.exit_code, failed.next) == (3, "inv release --bump patch"), told(failed)
    assert failed.failure is not None
    assert failed.failure.step == "contract"
    assert "live and healthy, and not recorded" in told(failed)
    assert "cms-v1.2.4" not in tags(double)
    sent(double, "DELETE FROM pages;")
    again = double.release()

    assert again.outcome == "released", told(again)
    assert ledger(double)[-1] == DROPS
    assert "cms-v1.2.4" in tags(double)


def test_the_way_back_is_open_until_it_ran_and_closed_after(double: Double) -> None:
    double.commit({"pyproject.toml": CONFIG.replace('schema = "off"\n', "")}, "build: the policy")
    scene(double, **{DROPS: f"{MARKER}CREATE UNIQUE INDEX one ON pages (title);\n"})
    sent(double, "INSERT INTO pages (title) VALUES ('a'), ('a');")
    assert double.release(request=Request(level="minor")).exit_code == 3

    assert record_of(double).barring == (DROPS,)
    assert served(double, "cms")[0].startswith("cms-v1.3.0")
    sent(double, "DELETE FROM pages;")
    assert double.release(request=Request(level="minor")).outcome == "released"
    assert on_remote(double, "main:apps/cms/package.json")


def test_before_it_ran_a_rollback_asks_no_more_words_and_after_it_does(double: Double) -> None:
    double.commit({"pyproject.toml": CONFIG.replace('schema = "off"\n', "")}, "build: the policy")
    scene(double, **{DROPS: f"{MARKER}CREATE UNIQUE INDEX one ON pages (title);\n"})
    sent(double, "INSERT INTO pages (title) VALUES ('a'), ('a');")
    assert double.release(request=Request(level="minor")).exit_code == 3
    assert back(double).exit_code == 0

    sent(double, "DELETE FROM pages;")
    double.commit({"notes.txt": "again\n"}, "fix: again")
    assert double.release(request=Request(level="minor")).outcome == "released"
    with pytest.raises(BlockedError, match=f"Migrations were applied since: {DROPS}"):
        back(double)
