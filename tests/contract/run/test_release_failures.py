"""Each step of a release that fails: what is said, what is true then, and that the same command ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.rehearsal.cloud.memory_runtime import well_behaved
from release.testing import CONFIG, Recorder, double
from tests.contract.release_facts import (
    everything,
    ledger,
    once_deployed,
    record_of,
    remote,
    served,
    tags,
    told,
    version_id,
)

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double


def unwell(loaded: LoadedVersion, request: Request) -> Response:
    """The new bundle answers 500; the one before it was well, and so is one that says it is fixed."""
    if loaded.number == "1.2.3" or "fixed" in loaded.source:
        return well_behaved(loaded, request)
    return Response(
        '{"status": "bad", "error": "no such column: slug"}', 500, content_type="application/json"
    )


def failing_config(*words: str) -> str:
    """The configuration with another test command."""
    return CONFIG.replace('["true"]', str(list(words)).replace("'", '"'))


def test_a_failing_test_leaves_production_unchanged(tmp_path: Path) -> None:
    config = failing_config("sh", "-c", "echo 1 of 40 failed; exit 3")
    with double(tmp_path, overlay={"pyproject.toml": config}) as world:
        before = everything(world)
        outcome = world.release()
        assert (outcome.outcome, outcome.exit_code, outcome.next) == ("failed", 1, "inv release --bump patch")
        assert "ended with exit code 3" in told(outcome)
        assert "1 of 40 failed" in told(outcome)
        assert "Don't bypass it: fix it on main" in told(outcome)
        assert "Not released. Production is unchanged." in told(outcome)
        assert everything(world) == before
        world.commit({"pyproject.toml": CONFIG}, "fix: the test")
        assert world.release().as_json()["version"] == "1.2.4"


def test_a_test_that_does_not_end_is_stopped_at_its_deadline(tmp_path: Path) -> None:
    config = failing_config("sleep", "600").replace(
        "[tool.release.test]", "[tool.release.test]\ndeadline = 1"
    )
    with double(tmp_path, overlay={"pyproject.toml": config}) as world:
        outcome = world.release()
        assert outcome.exit_code == 1
        assert "`sleep 600` did not end within 1 s" in told(outcome)


def test_a_bump_that_cannot_be_written_leaves_the_tree_as_it_was(double: Double) -> None:
    before = everything(double)
    manifest = double.root / "apps" / "cms" / ".package.json.release"
    manifest.mkdir()  # where the new manifest would be written first
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("failed", 1)
    assert outcome.failure is not None
    assert outcome.failure.step == "bump"
    assert "Nothing was deployed" in told(outcome)
    manifest.rmdir()
    assert everything(double) == before
    assert double.release().exit_code == 0


def test_a_migration_that_the_data_refuses_deploys_nothing(double: Double) -> None:
    bad = {"apps/cms/migrations/0004_bad.sql": "INSERT INTO users (id, mail) VALUES (1, 'a'), (2, 'a');\n"}
    double.commit(bad)
    before = [version_id(double, "mcp"), version_id(double, "cms"), remote(double, "main")]
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)  # 0003 was applied before it
    assert outcome.failure is not None
    assert outcome.failure.step == "migrate"
    assert "UNIQUE constraint failed" in told(outcome)
    assert ledger(double) == ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]
    assert [version_id(double, "mcp"), version_id(double, "cms"), remote(double, "main")] == before
    double.commit({"apps/cms/migrations/0004_bad.sql": "INSERT INTO users (id, mail) VALUES (1, 'a');\n"})
    assert double.release().as_json()["version"] == "1.2.4"


def test_the_first_migration_that_fails_leaves_production_unchanged(double: Double) -> None:
    double.commit({"apps/cms/migrations/0003_slug.sql": "ALTER TABLE pages ADD ADD slug;\n"})
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("failed", 1)
    assert "syntax error" in told(outcome)
    assert ledger(double) == ["0001_pages.sql", "0002_users.sql"]


@pytest.mark.parametrize(("worker", "touched"), [("mcp", []), ("cms", ["mcp"])])
def test_a_bundle_that_does_not_start_leaves_the_worker_as_it_was(
    double: Double, worker: str, touched: list[str]
) -> None:
    double.commit({f"apps/{worker}/worker.js": "throw new Error('broken');\n"})
    before = {name: version_id(double, name) for name in ("mcp", "cms")}
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)  # the migration has landed
    assert outcome.failure is not None
    assert outcome.failure.step == f"deploy {worker}"
    assert "Uncaught Error: throw new Error('broken')" in told(outcome)
    assert [name for name in ("mcp", "cms") if version_id(double, name) != before[name]] == touched
    assert ("cms was not touched" in told(outcome)) is (worker == "mcp")
    assert ("inv rollback" in outcome.failure.advice) is (worker == "cms")
    assert tags(double) == ["cms-v1.2.3"]
    double.commit({f"apps/{worker}/worker.js": "export default {};\n"}, "fix: it starts")
    again = double.release()
    assert (again.outcome, again.as_json()["version"]) == ("released", "1.2.4")


def test_a_release_that_is_live_and_bad_is_not_recorded(double: Double) -> None:
    main = remote(double, "main")
    double.runtime.behaviour[double.script("cms")] = unwell
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "no such column: slug" in told(outcome)
    assert "inv rollback" in told(outcome)
    assert "bookmark 0" in told(outcome)
    assert "inv rollback --despite-migrations" in told(outcome)
    assert outcome.next == "inv release --bump patch"  # over a migration, a person decides
    assert (tags(double), remote(double, "main")) == (["cms-v1.2.3"], main)
    assert record_of(double).outcome == "failed"
    assert double.git("status", "--porcelain") == ""


def test_a_fix_takes_the_number_that_was_never_healthy(double: Double) -> None:
    double.runtime.behaviour[double.script("cms")] = unwell
    bad = double.release()
    fixed = double.commit({"apps/cms/worker.js": "fixed\n"}, "fix: the column")
    outcome = double.release()
    assert (outcome.decision, outcome.outcome) == ("supersede", "released")
    assert outcome.as_json()["version"] == bad.as_json()["version"] == "1.2.4"
    assert remote(double, "cms-v1.2.4~1") == fixed


def test_the_same_command_smokes_again_and_finishes_what_got_well(double: Double) -> None:
    double.runtime.behaviour[double.script("cms")] = unwell
    bad = double.release()
    ids = [version_id(double, name) for name in ("mcp", "cms")]
    del double.runtime.behaviour[double.script("cms")]
    outcome = double.release("major")
    assert (outcome.decision, outcome.outcome) == ("finish", "released")
    assert outcome.as_json()["commit"] == bad.as_json()["commit"]
    assert [version_id(double, name) for name in ("mcp", "cms")] == ids


def test_a_deployment_whose_answer_is_lost_counts_all_the_same(double: Double) -> None:
    from release.rehearsal.forge import DropConnection

    def lose() -> None:
        raise DropConnection

    once_deployed(double, lose)
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("released", 0)
    assert served(double, "mcp")[0] == f"cms-v1.2.4+{outcome.as_json()['commit']}"


def test_a_database_that_was_changed_by_hand_is_migrated_no_further(double: Double) -> None:
    from release.testing.double import DATABASES

    with double.ops() as ops:
        uuid = DATABASES["double-production"]
        ops.cloudflare.query(uuid, "ALTER TABLE pages ADD COLUMN hand TEXT")
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "it has column pages.hand" in told(outcome)
    assert ledger(double) == ["0001_pages.sql", "0002_users.sql"]


def test_a_backfill_that_the_schema_proves_is_written(double: Double) -> None:
    with double.ops() as ops:
        ops.cloudflare.query("c81e4a37-90d2-4f6b-8d13-1b5a6e9f7c42", "DROP TABLE d1_migrations")
    outcome = double.release()
    assert outcome.outcome == "released"
    assert [write.what for write in outcome.steps[2].writes] == [
        "note 0001_pages.sql in the ledger",
        "note 0002_users.sql in the ledger",
    ]
    assert ledger(double) == ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]


def test_a_backfill_that_the_schema_cannot_decide_writes_nothing_until_a_person_does(double: Double) -> None:
    data = "apps/cms/migrations/0003_data.sql"
    double.commit({"apps/cms/migrations/0003_slug.sql": None, data: "UPDATE pages SET title = 'x';\n"})
    with double.ops() as ops:
        ops.cloudflare.query("c81e4a37-90d2-4f6b-8d13-1b5a6e9f7c42", "DROP TABLE d1_migrations")
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "inv step.backfill --through 0003_data.sql" in told(outcome)
    assert double.release(through="0003_data.sql").outcome == "released"
    assert ledger(double) == ["0001_pages.sql", "0002_users.sql", "0003_data.sql"]


def test_a_gate_that_says_no_writes_nothing(double: Double) -> None:
    from release.errors import BlockedError

    def refuse(_: object) -> None:
        raise BlockedError("Nobody approved.", "Ask somebody.")

    before = everything(double)
    outcome = double.release(gate=refuse)  # type: ignore[arg-type]  # it never returns
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "Nobody approved. Nothing was changed. Ask somebody." in told(outcome)
    assert everything(double) == before


def test_an_interrupted_release_gives_the_lock_back_and_restores_the_tree(double: Double) -> None:
    class Impatient(Recorder):
        def started(self, step: str) -> None:
            if step == "deploy mcp":
                raise KeyboardInterrupt

    outcome = double.release(listener=Impatient())
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "Interrupted (Ctrl-C)." in told(outcome)
    assert double.git("status", "--porcelain") == ""
    assert (record_of(double).holder, record_of(double).outcome) == (None, "failed")
    assert double.release().as_json()["version"] == "1.2.4"


def test_a_run_that_something_unforeseen_breaks_leaves_tree_and_lock_in_order(double: Double) -> None:
    class Broken(Recorder):
        def started(self, step: str) -> None:
            if step == "deploy mcp":
                raise RuntimeError(step)

    with pytest.raises(RuntimeError, match="deploy mcp"):
        double.release(listener=Broken())
    assert double.git("status", "--porcelain") == ""
    assert record_of(double).holder is None
    assert double.release().as_json()["version"] == "1.2.4"


def test_production_that_cannot_be_read_after_a_failure_counts_as_changed(double: Double) -> None:
    def unreachable() -> None:
        double.cloud.before = lambda _: Response("<html>", 503)

    once_deployed(double, unreachable)
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "Production may have changed: what it serves could not be read." in told(outcome)
    double.cloud.before = None
    assert double.release().as_json()["version"] == "1.2.4"


def test_traffic_that_is_split_between_versions_is_deployed_over(double: Double) -> None:
    first = version_id(double, "cms")
    double.release()
    double.commit({"readme": "2"})
    shares = [
        {"version_id": first, "percentage": 50},
        {"version_id": version_id(double, "cms"), "percentage": 50},
    ]
    split(double, shares)
    assert double.release().as_json()["version"] == "1.2.5"


def split(world: Double, shares: list[dict[str, object]]) -> None:
    """Deploy several versions of the cms at once."""
    with world.ops() as ops:
        path = (
            f"{world.cloud.base_url}/accounts/{world.cloud.account_id}/workers/scripts/{world.script('cms')}"
        )
        headers = {"authorization": f"Bearer {world.cloud.token}"}
        ops.http.send(
            "POST",
            f"{path}/deployments",
            headers=headers,
            json={"strategy": "percentage", "versions": shares},
        )
