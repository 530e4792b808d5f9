"""A release that is live and not recorded: what is told, and how the next run ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from release.rehearsal.cloud.memory_runtime import well_behaved
from tests.contract.release_facts import (
    once_deployed,
    remote,
    tags,
    told,
    version_id,
)

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double


REFUSED = "#!/bin/sh\ncase $1 in refs/release/*) ;; *) echo 'GH006: Protected branch' >&2; exit 1;; esac\n"


def refuse_pushes(world: Double, script: str = REFUSED) -> Path:
    """A hook of the forge that takes the record and nothing else."""
    hook = world.forge.repository / "hooks" / "update"
    hook.write_text(script)
    hook.chmod(0o755)
    return hook


def test_rerun_after_refused_push_lands_the_same_tag(double: Double) -> None:
    main, hook = remote(double, "main"), refuse_pushes(double)
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert outcome.failure is not None
    assert outcome.failure.step == "record"
    assert "GH006: Protected branch" in told(outcome)
    assert "Production is healthy and unrecorded" in told(outcome)
    assert (tags(double), remote(double, "main")) == (["cms-v1.2.3"], main)
    assert double.git("status", "--porcelain") == ""
    hook.unlink()
    ids = [version_id(double, name) for name in ("mcp", "cms")]
    again = double.release("minor")
    assert (again.decision, again.outcome, again.exit_code) == ("finish", "released", 0)
    assert again.as_json()["commit"] == outcome.as_json()["commit"] == remote(double, "cms-v1.2.4")
    assert [version_id(double, name) for name in ("mcp", "cms")] == ids


def test_another_machine_finishes_an_unrecorded_release_after_main_went_on(double: Double) -> None:
    hook = refuse_pushes(double)
    commit = double.release().as_json()["commit"]
    hook.unlink()
    moved = double.merge({"readme": "later"})
    outcome = double.release(root=double.clone())
    assert (outcome.decision, outcome.outcome) == ("finish", "released")
    assert remote(double, "cms-v1.2.4") == commit
    assert remote(double, "main^1") == moved


def test_a_refused_branch_takes_the_tag_down_with_it(double: Double) -> None:
    refuse_pushes(double, "#!/bin/sh\ntest $1 != refs/heads/main\n")
    assert double.release().exit_code == 3
    assert tags(double) == ["cms-v1.2.3"]


def test_a_release_that_github_did_not_make_is_made_by_the_next_run(double: Double) -> None:
    def down(request: Request) -> Response | None:
        return Response("<html>unicorn</html>", 502) if request.method == "POST" else None

    double.forge.before = down
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert outcome.failure is not None
    assert outcome.failure.step == "github-release"
    assert "it only creates the Release" in told(outcome)
    assert tags(double) == ["cms-v1.2.3", "cms-v1.2.4"]
    assert double.git("status", "--porcelain") == ""
    double.forge.before = None
    again = double.release()
    assert (again.decision, again.outcome) == ("finish", "released")
    made = [write["what"] for write in again.as_json()["writes"]]
    assert made == ["make the Release", "show cms-v1.2.4 as deployed"]


def test_a_badge_that_says_something_else_is_told_and_the_release_stays(double: Double) -> None:
    def old_badge(loaded: LoadedVersion, request: Request) -> Response:
        if request.path == "/":
            return Response('<i class="version-badge" data-version="1.2.3"></i>', content_type="text/html")
        return well_behaved(loaded, request)

    double.runtime.behaviour[double.script("cms")] = old_badge
    outcome = double.release()
    assert outcome.failure is not None
    assert outcome.failure.step == "verify"
    assert "the dashboard's badge says 1.2.3" in told(outcome)
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "cms-v1.2.4" in tags(double)


def test_a_remote_that_goes_away_during_the_release_is_told_and_the_rerun_ends_it(double: Double) -> None:
    once_deployed(double, lambda: double.git("remote", "set-url", "origin", "http://127.0.0.1:1/gone.git"))
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    double.git("remote", "set-url", "origin", double.remote_url)
    assert double.release().as_json()["version"] == "1.2.4"
