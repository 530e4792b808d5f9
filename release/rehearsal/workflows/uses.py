"""The actions that a runner carries out itself: the checkout. Others are taken as done, and the log says so."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from release.rehearsal.workflows.job import ActionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.rehearsal.workflows.commands import Log
    from release.rehearsal.workflows.machine import Machine

GitHub = dict[str, Any]


def use(action: str, inputs: dict[str, str], github: GitHub, machine: Machine, log: Log) -> None:
    """Carry out `uses: action` on a stage. Raises ActionError where the checkout fails."""
    name = action.partition("@")[0]
    if name != "actions/checkout":
        log.take(f"{name} is not played on a stage: taken as done")
        return
    checkout(inputs, github, machine, log)
    lend_tool(machine)


def checkout(inputs: Mapping[str, str], github: GitHub, machine: Machine, log: Log) -> None:
    """actions/checkout: a fetch with the job's token, which stays nowhere; the branch, or a commit by itself."""
    wanted, branch = inputs.get("ref", ""), github["ref_name"]
    commit = wanted or github["sha"]
    everything = inputs.get("fetch-depth", "1") == "0"
    what = ("--tags", "origin", "+refs/heads/*:refs/remotes/origin/*") if everything else ("--no-tags",)
    some = (f"--depth={inputs.get('fetch-depth', '1')}", "origin", commit)

    def git(*words: str, env: Mapping[str, str] | None = None) -> None:
        _git(machine, log, words, env or {})

    git("init", "--quiet", "--initial-branch=main")
    git("remote", "add", "origin", f"{github['server_url']}/{github['repository']}")
    git("fetch", "--quiet", *what, *(() if everything else some), env=_with_token(github))
    git("checkout", "--quiet", "--force", *(("--detach",) if wanted else ("-B", branch)), commit)


def lend_tool(machine: Machine) -> None:
    """Let ./inv of the checkout find this very tool installed beside it: a runner's first call would download it."""
    root, venv = machine.workspace, machine.workspace / ".venv"
    if not (root / "inv").is_file() or venv.exists():
        return
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)
    (venv / ".gitignore").write_text("*\n", "utf-8")
    (venv / ".inv-ready").write_text(f"{root}\n{shutil.which(sys.executable)}\n", "utf-8")
    after = max((root / name).stat().st_mtime for name in ("pyproject.toml", "inv") if (root / name).exists())
    os.utime(venv / ".inv-ready", (after + 2, after + 2))


def _with_token(github: GitHub) -> dict[str, str]:
    credentials = base64.b64encode(f"x-access-token:{github['token']}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{github['server_url']}/.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {credentials}",
    }


def _git(machine: Machine, log: Log, words: tuple[str, ...], env: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["git", *words],
        cwd=machine.workspace,
        env={**machine.image, "GIT_TERMINAL_PROMPT": "0", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    log.take(f"git {words[0]}")
    if done.returncode:
        raise ActionError(f"git {words[0]}: {done.stderr.strip()}")
