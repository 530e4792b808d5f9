"""`inv rehearse` and the kept stage, as processes: what they say, and that nothing of them is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.processes import gone, listening, of_folder, silent
from tests.e2e.scene import Ended, bare_environment, inv, invocation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.scene import Scene

pytestmark = pytest.mark.rehearsal

EXPORTED = {
    "CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", "GITHUB_API_URL", "GITHUB_REPOSITORY",
    "GITHUB_TOKEN", "GIT_CONFIG_COUNT", "RELEASE_STAGE", "RELEASE_REMOTE", "RELEASE_PRODUCTION_URL", "RELEASE_STAGING_URL",
}  # fmt: skip


def test_rehearse_prints_one_object_and_leaves_nothing(fresh_repository: Path) -> None:
    ended = inv("rehearse", "--json", root=fresh_repository)
    assert ended.code == 0, str(ended)
    answer = ended.answer
    assert (answer["outcome"], answer["decision"], answer["version"], answer["tag"]) == (
        "released", "start", "1.2.4", "cms-v1.2.4",
    )  # fmt: skip
    assert len(answer["plan"]) == 64
    assert {step["outcome"] for step in answer["steps"]} <= {"ok", "skipped"}
    assert [write["step"] for write in answer["writes"]] == [
        "migrate", "deploy mcp", "deploy cms", "record", "record", "github-release", "github-release",
    ]  # fmt: skip
    nothing_is_left(fresh_repository)


def test_ctrl_c_in_a_rehearsal_leaves_nothing(fresh_repository: Path) -> None:
    running = Running.until(fresh_repository, "migrate")
    os.killpg(running.process.pid, signal.SIGINT)
    ended = running.end()
    assert ended.code not in {0, -signal.SIGINT}
    assert "Traceback" not in ended.err
    assert silent(running.ports)
    nothing_is_left(fresh_repository)


def test_a_rehearsal_that_is_killed_takes_its_stage_along(fresh_repository: Path) -> None:
    running = Running.until(fresh_repository, "deploy mcp")
    running.process.kill()
    running.end()
    assert gone(of_folder(fresh_repository))
    assert silent(running.ports)


def test_a_kept_stage_is_everybodys_until_it_is_stopped(kept: Path) -> None:
    assert json.loads(inv("rehearsal.status", "--json", root=kept).out)["running"] is False
    assert inv("rehearsal.env", root=kept).code == 4
    started = inv("rehearsal.start", root=kept)
    assert started.code == 0, str(started)
    exported = exports(kept)
    assert exported.keys() >= EXPORTED
    assert json.loads(inv("rehearsal.status", "--json", root=kept).out)["running"] is True
    assert exported["RELEASE_PRODUCTION_URL"] in inv("rehearsal.status", root=kept).out

    only_who_has_the_token_gets_in(exported, kept)
    marked = httpx.get(f"{exported['RELEASE_PRODUCTION_URL']}/api/health").json()["versionId"]
    ports, there = ports_of(exported), of_folder(kept)
    assert (len(listening(ports)), len(there) > 1) == (len(ports), True)

    assert inv("rehearsal.stop", root=kept).code == 0
    assert gone(there)
    assert silent(ports)

    assert inv("rehearsal.start", root=kept).code == 0
    again = exports(kept)
    assert (again["CLOUDFLARE_API_TOKEN"], again["RELEASE_STAGE"]) == (
        exported["CLOUDFLARE_API_TOKEN"],
        exported["RELEASE_STAGE"],
    )
    assert httpx.get(f"{again['RELEASE_PRODUCTION_URL']}/api/health").json()["versionId"] == marked


def only_who_has_the_token_gets_in(exported: dict[str, str], kept: Path) -> None:
    clone = ["git", "clone", "--quiet", exported["RELEASE_REMOTE"]]
    stranger = {**bare_environment(), "GIT_TERMINAL_PROMPT": "0"}
    refused = subprocess.run([*clone, str(kept / "no")], env=stranger, capture_output=True, check=False)
    assert refused.returncode != 0
    subprocess.run([*clone, str(kept / "yes")], env=bare_environment() | exported, check=True)
    account = f"{exported['CLOUDFLARE_API_BASE_URL']}/accounts/{exported['CLOUDFLARE_ACCOUNT_ID']}"
    repository = f"{exported['GITHUB_API_URL']}/repos/{exported['GITHUB_REPOSITORY']}"
    for address, token in {
        f"{account}/d1/database": exported["CLOUDFLARE_API_TOKEN"],
        f"{repository}/releases": exported["GITHUB_TOKEN"],
    }.items():
        known = {"Authorization": f"Bearer {token}"}
        assert httpx.get(address, headers=known).status_code == 200
        assert httpx.get(address, headers={"Authorization": "Bearer wrong"}).status_code in {401, 403}
        assert httpx.get(address).status_code in {400, 401, 403}


def exports(root: Path) -> dict[str, str]:
    """What a shell has after `eval "$(inv rehearsal.env)"`."""
    said = inv("rehearsal.env", root=root)
    assert said.code == 0, str(said)
    names = [line.removeprefix("export ").split("=")[0] for line in said.out.splitlines()]
    script = said.out + "".join(f"printf '%s\\n' \"${name}\"\n" for name in names)
    shown = subprocess.run(
        ["sh", "-ec", script], env=bare_environment(), capture_output=True, text=True, check=True
    )
    return dict(zip(names, shown.stdout.splitlines(), strict=True))


def ports_of(exported: dict[str, str]) -> list[int]:
    """The ports in all addresses of a stage."""
    found = {urlsplit(value).port for name, value in exported.items() if name.endswith(("_URL", "_REMOTE"))}
    return sorted(port for port in found if port)


def nothing_is_left(root: Path) -> None:
    """No process, no folder, and a work tree as it was."""
    assert gone(of_folder(root))
    assert list((root / ".release" / "rehearsal").iterdir()) == []
    shown = subprocess.run(
        ["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True
    )
    assert shown.stdout == ""


@dataclass(frozen=True)
class Running:
    """A rehearsal in its middle."""

    process: subprocess.Popen[str]
    ports: list[int]

    @classmethod
    def until(cls, root: Path, step: str) -> Running:
        """Start one, and come back when it says that this step has started."""
        process = subprocess.Popen(
            invocation("rehearse", "--json", root=root),
            cwd=root,
            env=bare_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stderr is not None
        said = list(iter_until(process.stderr, f"...  {step}"))
        assert process.poll() is None, "".join(said)
        (environment,) = (root / ".release" / "rehearsal").glob("*/environment.json")
        return cls(process, ports_of(json.loads(environment.read_text("utf-8"))))

    def end(self) -> Ended:
        """Wait for it."""
        out, err = self.process.communicate()
        return Ended(self.process.returncode, out, err)


def iter_until(lines: Iterator[str], start: str) -> Iterator[str]:
    """The lines up to the first that starts so."""
    for line in lines:
        yield line
        if line.startswith(start):
            return


@pytest.mark.whole
def test_a_rehearsal_like_production_starts_from_it_and_writes_nothing_there(
    scene: Scene, fresh_repository: Path
) -> None:
    scene.sql("CREATE TABLE by_hand (a)")
    scene.stage.cloud.api.read_tokens.add("reads-alone")
    before, writes = scene.stage.cloud.account, scene.stage.cloud.log
    named = ("CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_ACCOUNT_ID")
    source = {**{name: scene.environ[name] for name in named}, "CLOUDFLARE_API_TOKEN": "reads-alone"}
    environ = {**bare_environment(), **source}
    ended = inv("rehearse", "--like", "production", "--rows", "5", root=fresh_repository, environ=environ)
    assert (scene.stage.cloud.account, scene.stage.cloud.log) == (before, writes)
    assert "has its real schema and ledger" in ended.err
    assert (
        ended.code != 0
    )  # a table that no migration makes: production would have stopped this release as well
    assert "by_hand" in ended.out + ended.err
    nothing_is_left(fresh_repository)
