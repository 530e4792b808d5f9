"""One stage is set up for the whole session; each test gets a copy of its folder, and its own processes and ports."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit

from release.rehearsal import control
from release.rehearsal.checkout import git
from release.rehearsal.stage import Stage
from release.systems.npm.node import wrangler_version
from tests.contract.cloud_account import CACHE, node_modules
from tests.e2e.scene import ROOT, Scene, bare_environment
from tests.e2e.wranglers import BEFORE_PATTERNS, PINNED, wrangler_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK = Path("examples/cms/testing/quick.test.js")
ROBIN = {"NAME": "Robin Doe", "EMAIL": "robin@example.com"}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all workers of a session see; what the tests put there goes with the last of them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "e2e"
    with users(folder) as count:
        count.touch()
    yield folder
    with users(folder) as count:
        count.unlink()
        if not list(folder.glob("*.user")):
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def repository(shared: Path) -> Path:
    """This repository at HEAD, with a shorter test and smoke check; made once for all workers of the session."""
    return once(shared, "repository", make_repository)


@pytest.fixture(scope="session")
def prepared(repository: Path, shared: Path) -> Path:
    """The folder of a stage that was set up and stopped."""

    def make(folder: Path) -> None:
        stage = Stage(repository, folder, bare_environment())
        stage.start(lambda _: None)
        stage.stop()

    return once(shared, "stage", make)


@pytest.fixture
def scene(repository: Path, prepared: Path, tmp_path: Path) -> Iterator[Scene]:
    """A running stage of the test's own, production on the last release and staging on main."""
    folder = tmp_path / "stage"
    copy_stage(prepared, folder)
    stage = Stage(repository, folder, bare_environment())
    stage.start(lambda _: None)
    stage.forge.contract = stage.forge.strict = True  # what GitHub would not take or say is a failure
    try:
        yield Scene(stage)
    finally:
        stage.stop()
        shutil.rmtree(folder)
    assert (stage.cloud.failures, stage.forge.failures) == ([], [])


@pytest.fixture
def fresh_repository(repository: Path, tmp_path: Path) -> Iterator[Path]:
    """A clone of the test's own, in which no stage was ever started."""
    folder = tmp_path / "repository"
    git(repository, bare_environment(), "clone", "--quiet", str(repository), str(folder))
    share_packages(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def kept(fresh_repository: Path, prepared: Path) -> Iterator[Path]:
    """A clone whose kept stage was set up before, and does not run; stopped behind the test."""
    copy_stage(prepared, fresh_repository / control.KEPT)
    yield fresh_repository
    control.stop(fresh_repository)


@pytest.fixture(params=[BEFORE_PATTERNS, PINNED])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wrangler of before, or after `migrations_pattern`."""
    found = wrangler_of(tmp_path_factory.getbasetemp().parent, request.param)
    assert wrangler_version(found) == tuple(map(int, request.param.split(".")))
    return found


def make_repository(folder: Path) -> None:
    """Clone this repository and commit settings under which a test that fails, and a release that is bad, are seen soon."""
    node_modules()  # installed once, and kept for every stage
    environ = bare_environment()
    git(ROOT, environ, "clone", "--quiet", str(ROOT), str(folder))
    share_packages(folder)
    (folder / QUICK).write_text(
        'import test from "node:test";\n\ntest("nothing regressed", () => {});\n', "utf-8"
    )
    path = folder / "pyproject.toml"
    path.write_text(hurried(path.read_text("utf-8")), "utf-8")
    git(folder, environ, "add", "--all")
    who = {f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in ROBIN.items()}
    git(
        folder,
        environ,
        "-c",
        "commit.gpgsign=false",
        "commit",
        "--quiet",
        "-m",
        "test: in a hurry",
        extra=who,
    )


def hurried(pyproject: str) -> str:
    """The same settings with one quick test, a smoke check of seconds, and a staging that nobody waits for."""
    document = tomlkit.parse(pyproject)
    settings: Any = document["tool"]["release"]
    quick = {"run": ["node", "--no-warnings", "--test", QUICK.name], "cwd": str(QUICK.parent)}
    settings["test"]["commands"] = [quick]
    settings["checklist"] = {"staging": "off", "staging_migrations": "off"}
    for environment in settings["environments"].values():
        environment["smoke"] = {"deadline": 4, "interval": 0.2, "settle": 1}
    return tomlkit.dumps(document)


def share_packages(folder: Path) -> None:
    """The monorepo's packages are installed once for all."""
    CACHE.mkdir(parents=True, exist_ok=True)
    (folder / ".release").mkdir()
    (folder / ".release" / "cache").symlink_to(CACHE)


def copy_stage(prepared: Path, folder: Path) -> None:
    """Copy a stopped stage; packages and git's objects, which nothing changes, by hard links."""

    def copy(source: str, to: str) -> None:
        if "/node_modules/" in source or "/objects/" in source:
            os.link(source, to)
        else:
            shutil.copy2(source, to)

    shutil.copytree(prepared, folder, symlinks=True, copy_function=copy)


def once(shared: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made by whoever comes first; the others wait."""
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder


@contextlib.contextmanager
def users(folder: Path) -> Iterator[Path]:
    """This process's mark in a shared folder, while no other comes or goes."""
    folder.mkdir(exist_ok=True)
    with (folder.parent / "e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(exist_ok=True)
        yield folder / f"{os.getpid()}.user"
