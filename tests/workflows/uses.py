"""The actions that our workflows use, as far as they do something that a test can see."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.workflows.commands import Log
    from tests.workflows.machine import Machine

Inputs = dict[str, str]
GitHub = dict[str, Any]


class ActionError(Exception):
    """An action that failed, or one that this runner does not know."""


def use(action: str, inputs: Inputs, github: GitHub, machine: Machine, log: Log) -> None:
    """Carry out `uses: action`. Raises ActionError."""
    name, _, version = action.partition("@")
    if name not in _ACTIONS:
        raise ActionError(f"this runner has no {name}")
    if len(version) != 40:
        raise ActionError(f"{name} is not pinned by a commit")
    _ACTIONS[name](inputs, github, machine, log)


def checkout(inputs: Inputs, github: GitHub, machine: Machine, log: Log) -> None:
    """actions/checkout: a fetch with the job's token, which stays nowhere; the branch, or a commit by itself."""
    if inputs.get("persist-credentials") != "false":
        raise ActionError("actions/checkout would keep the token in .git/config")
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


def set_up(inputs: Inputs, github: GitHub, machine: Machine, log: Log) -> None:
    """actions/setup-node and setup-python: this machine has both."""


_ACTIONS: dict[str, Callable[[Inputs, GitHub, Machine, Log], None]] = {
    "actions/checkout": checkout,
    "actions/setup-node": set_up,
    "actions/setup-python": set_up,
}


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
