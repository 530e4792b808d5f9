"""A forge with a little history, and the two clients that talk to it: real git and real httpx."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from release.rehearsal.forge import Forge
from release.rehearsal.forge.transport import ContractTransport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "t0ken"


@dataclass(frozen=True)
class Clone:
    """A work tree whose origin is the forge."""

    folder: Path
    environment: dict[str, str]

    def git(self, *arguments: str) -> str:
        """Git's stdout; an AssertionError with its stderr when it fails."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Git's exit code and output."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def commit(self, name: str, text: str = "", *, subject: str = "") -> str:
        """One more commit that writes a file; its SHA."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text or name, "utf-8")
        self.git("add", name)
        self.git("commit", "-q", "-m", subject or f"feat: {name}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A running forge without history, whose answers are held against GitHub's description."""
    with Forge(tmp_path / "forge", "acme", "cms", TOKEN) as forge:
        forge.contract = True
        yield forge
    assert forge.failures == []


def clone_of(forge: Forge, folder: Path) -> Clone:
    """A new work tree with the forge as its origin."""
    folder.mkdir()
    identity = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
    }
    isolated = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
        "LC_ALL": "C",
    }
    clone = Clone(folder, {"PATH": os.environ["PATH"], **isolated, **identity, **forge.git_environment()})
    clone.git("init", "-q", "-b", "main")
    clone.git("remote", "add", "origin", forge.clone_url)
    return clone


@pytest.fixture
def clone(forge: Forge, tmp_path: Path) -> Clone:
    """A work tree with two commits on main, pushed."""
    clone = clone_of(forge, tmp_path / "clone")
    clone.commit("one")
    clone.commit("two")
    clone.git("push", "-q", "origin", "main")
    return clone


@pytest.fixture
def github(forge: Forge) -> Iterator[httpx.Client]:
    """A client of the forge's repository that GitHub's description watches."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    base = f"{forge.api_url}/repos/acme/cms/"
    with httpx.Client(base_url=base, headers=headers, transport=ContractTransport()) as client:
        yield client
