"""The stage's GitHub plays the workflows of what is pushed, opened and dispatched, and ends its jobs with itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.forge import Forge
from release.rehearsal.workflows.guard import MARK
from release.rehearsal.workflows.machines import image, settings
from release.rehearsal.workflows.player import Player
from release.testing.monorepo import NewCommit, import_commits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE = ".github/workflows/ci.yml"
CHECKOUT = "actions/checkout@v4"
HEAD = "on: { push: { branches: [main] }, pull_request: , workflow_dispatch: { inputs: { how: { default: well } } } }\n"


class Bench:
    """A forge, and a player whose thread does not run: `settle` plays what there is."""

    def __init__(self, forge: Forge, player: Player, environ: Mapping[str, str]) -> None:
        self.forge, self.player, self.environ = forge, player, environ

    def push(self, jobs: str, head: str = HEAD) -> str:
        """Somebody pushes a workflow to main, and it is played; the commit."""
        made = NewCommit("feat: a workflow", {FILE: f"{head}jobs:\n{jobs}"})
        (sha,) = import_commits(self.forge.repository, [made], environ=self.environ)
        self.player.settle()
        return sha

    def checks(self, sha: str) -> dict[str, str | None]:
        """The checks of a commit with their conclusions."""
        runs = self.forge._state.check_runs.values()
        return {one.name: one.conclusion for one in runs if one.sha == sha}

    def page(self) -> str:
        """The page of the newest run."""
        return self.player.page(f"/actions/runs/{self.forge.runs()[-1].id}") or ""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with Forge(tmp_path / "forge", "acme", "cms", "t0ken") as forge:
        folder = tmp_path / "runner"
        fresh = image(folder, forge, {"CLOUDFLARE_API_TOKEN": "cl0ud"}, environ, tmp_path / "packages")
        known = settings(folder, {"CLOUDFLARE_API_TOKEN": "cl0ud"}, ["skipped"])
        yield Bench(forge, Player(forge, folder, fresh, known), environ)


def test_a_push_to_main_gets_the_checks_of_its_own_workflow(bench: Bench) -> None:
    steps = f'    steps: [{{ uses: {CHECKOUT} }}, {{ run: "test -f {FILE}" }}]\n'
    bad = "  bad:\n    needs: good\n    steps: [{ run: exit 3 }]\n"
    skipped = "  skipped:\n    steps: [{ run: exit 4 }]\n"
    sha = bench.push(f"  good:\n{steps}{bad}{skipped}")
    assert bench.checks(sha) == {"good": "success", "bad": "failure", "skipped": "success"}, bench.page()
    assert "Process completed with exit code 3" in bench.page()


def test_a_pull_request_gets_the_checks_of_its_head(bench: Bench) -> None:
    main = bench.push("  a:\n    steps: [{ run: 'true' }]\n")
    bare = bench.forge.bare
    tree = bare.git("rev-parse", f"{main}^{{tree}}").strip()
    who = {f"GIT_{role}_{part}": "x" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    head = bare.git("commit-tree", tree, "-p", main, "-m", "fix", extra=who).strip()
    bare.update_ref("refs/heads/topic", head)
    bench.player.settle()
    assert bench.checks(head) == {}  # a branch alone starts nothing
    with bench.forge._changing() as state:
        from release.rehearsal.forge.store import Pull

        state.pulls[1] = Pull(1, 1, "fix", "topic", "main", head, main, "releaser")
    bench.player.settle()
    assert bench.checks(head) == {"a": "success"}


def test_what_is_not_played_is_a_neutral_check_that_says_so(bench: Bench) -> None:
    sha = bench.push("  a:\n    strategy: { matrix: { x: [1] } }\n    steps: [{ run: 'true' }]\n")
    ((name, conclusion),) = bench.checks(sha).items()
    assert (name.partition(" (")[0], conclusion) == ("ci.yml: not played on a stage", "neutral")


def test_a_dispatch_is_played_with_its_inputs_and_one_with_unknown_inputs_fails(bench: Bench) -> None:
    sha = bench.push("  a:\n    env: { HOW: '${{ inputs.how }}' }\n    steps: [{ run: 'echo it is $HOW' }]\n")
    for given in ({}, {"what": "x"}):
        run = bench.forge.add_run(FILE, "workflow_dispatch", "main", sha, "ada")
        bench.forge.change_run(run.id, inputs=given)
        bench.player.settle()
        ended = bench.forge.change_run(run.id)
        assert (ended.status, ended.conclusion) == ("completed", "failure" if given else "success")
        assert given or "it is well" in bench.page()


def test_a_job_sees_no_token_but_those_that_its_workflow_hands_on(bench: Bench) -> None:
    bench.push(
        "  a:\n    steps:\n      - run: env | cut -d= -f1 | grep -i token || echo none\n"
        "      - run: test \"$T\" = cl0ud && echo same\n        env: { T: '${{ secrets.CLOUDFLARE_API_TOKEN }}' }\n"
    )
    assert bench.page().splitlines()[1:3] == ["none", "same"], bench.page()


def test_a_stage_that_stops_ends_the_job_that_runs(bench: Bench, tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    bench.player.start()
    made = NewCommit(
        "feat: a workflow",
        {FILE: f"{HEAD}jobs:\n  a:\n    steps: [{{ run: 'echo $$ > {told}; sleep 600' }}]\n"},
    )
    import_commits(bench.forge.repository, [made], environ=bench.environ)
    pid = int(told.read_text())
    bench.player.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_guard_ends_the_jobs_of_a_stage_that_was_killed() -> None:
    mark = uuid.uuid4().hex
    words = [sys.executable, "-P", "-m", "release.rehearsal.workflows.guard", mark]
    job = subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: mark}, start_new_session=True)
    guard = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)
    guard.communicate()
    assert job.wait(30) == -signal.SIGKILL
