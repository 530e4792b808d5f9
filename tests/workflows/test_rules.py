"""What no checker knows of our workflows: who gets which secret, who may write, and that a cancelled job reaches inv."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.workflows.engine import EXPRESSION
from release.rehearsal.workflows.workflow import read
from tests.workflows.scene import workflow_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.rehearsal.workflows.workflow import Step
    from tests.workflows.engine import GitHubEngine

WRITING = ("./inv release", "./inv deploy", "./inv publish")
FILES = pytest.mark.parametrize("file", workflow_files(), ids=lambda file: file.stem)


def expressions(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        yield from [tree[EXPRESSION]] if EXPRESSION in tree else []
        for value in tree.values():
            yield from expressions(value)
    if isinstance(tree, list):
        for value in tree:
            yield from expressions(value)


def secrets_of(step: Step) -> set[str]:
    texts = " ".join(expressions([step.env, step.inputs]))
    return {secret or token for secret, token in re.findall(r"secrets\.(\w+)|github\.(token)", texts)}


@FILES
def test_secrets_reach_only_the_step_that_calls_inv_with_them(engine: GitHubEngine, file: Path) -> None:
    workflow = read(engine, file)
    outside = [*expressions([workflow.env]), *(e for job in workflow.jobs for e in expressions([job.env]))]
    assert not [text for text in outside if "secrets" in text or "token" in text]
    for job in workflow.jobs:
        with_secrets = [step for step in job.steps if secrets_of(step)]
        assert all(str(step.run).find("./inv ") >= 0 for step in with_secrets)
        assert len(with_secrets) <= 1


@FILES
def test_only_jobs_behind_an_environment_may_write(engine: GitHubEngine, file: Path) -> None:
    for job in read(engine, file).jobs:
        writes = {name for name, level in job.permissions.items() if level == "write"}
        assert not writes or job.environment, job.key
        assert writes <= {"contents", "id-token"}


@FILES
def test_the_signal_of_a_cancelled_job_reaches_inv(engine: GitHubEngine, file: Path) -> None:
    for step in (step for job in read(engine, file).jobs for step in job.steps if step.run):
        if any(word in step.run for word in WRITING):
            assert step.run.splitlines()[-1].startswith("exec ./inv "), step.run


@FILES
def test_no_job_has_a_lane_in_which_github_would_drop_who_waits(engine: GitHubEngine, file: Path) -> None:
    assert not [job.key for job in read(engine, file).jobs if job.concurrency]


@FILES
def test_nothing_is_started_by_a_fork_with_our_secrets(engine: GitHubEngine, file: Path) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(read(engine, file).triggers)


def test_the_deploy_key_is_in_no_file_and_in_no_process_but_the_agent(engine: GitHubEngine) -> None:
    found = 0
    for file in workflow_files():
        for step in (step for job in read(engine, file).jobs for step in job.steps):
            if "RELEASE_DEPLOY_KEY" in step.env:
                found += 1
                assert step.shell.startswith("ssh-agent bash ")
                assert step.run.splitlines()[:2] == [
                    'ssh-add -q - <<< "$RELEASE_DEPLOY_KEY"',
                    "unset RELEASE_DEPLOY_KEY",
                ]
    assert found == 3


def test_ssh_trusts_the_pinned_host_key_and_no_other(engine: GitHubEngine) -> None:
    commands = {
        step.env["GIT_SSH_COMMAND"]
        for file in workflow_files()
        for job in read(engine, file).jobs
        for step in job.steps
        if "GIT_SSH_COMMAND" in step.env
    }
    (command,) = commands
    told = subprocess.run(
        ["sh", "-c", f"{command} -G git@github.com"], capture_output=True, text=True, check=True
    )
    settings = dict(line.split(" ", 1) for line in told.stdout.splitlines() if " " in line)
    assert settings["stricthostkeychecking"] == "true"
    assert settings["userknownhostsfile"] == "/dev/null"
    assert settings["knownhostscommand"].startswith("/bin/echo github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5")
