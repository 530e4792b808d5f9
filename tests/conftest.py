"""What every test gets: no network but loopback, no trace left behind, a double, and a stage for rehearsals."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from release.errors import ReleaseError
from release.ops.node import node
from release.rehearsal.stage import Stage
from release.testing import double as opened
from tests.figures import pytest_terminal_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from release.testing import Double

__all__ = ["pytest_terminal_summary"]

ROOT = Path(__file__).parents[1]
# a busy machine is no failure: properties have no deadline
settings.register_profile(
    "here", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")

LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _on_loopback_only(getattr(socket.socket, name)))
        yield


def _on_loopback_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:  # noqa: ANN401  # the standard library's
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test wants to connect to {address}")
        return connect(self, address)

    return guarded


@pytest.fixture(scope="session", autouse=True)
def _no_trace() -> Iterator[None]:
    """The environment is the same in the end; in CI, where nobody edits meanwhile, the work tree is too."""
    environment, tree = _environment(), _status()
    yield
    assert _environment() == environment
    assert _status() == tree


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def _status() -> str:
    if not os.environ.get("CI"):
        return ""
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A world in this process: version 1.2.3 is live, and one commit waits for its release."""
    with opened(tmp_path) as world:
        yield world


@pytest.fixture(scope="session")
def prepared_stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped stage with its last release live, made once for all workers of a session."""
    require_node()
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "prepared-stage"
    with (shared / "prepared-stage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            draft = shared / "stage-in-the-making"
            Stage(ROOT, draft, os.environ).start(_unheard).stop()
            draft.rename(folder)
    return folder


@pytest.fixture
def stage(prepared_stage: Path, tmp_path: Path) -> Iterator[Stage]:
    """A started stage of its own: the real wrangler and workerd, local cloud and forge (about 1.5 s)."""
    folder = tmp_path / "stage"
    copy_stage(prepared_stage, folder)
    with Stage(ROOT, folder, os.environ).start(_unheard) as started:
        yield started


def copy_stage(source: Path, to: Path) -> None:
    """Copy a stopped stage; what is never changed in place is linked, so that 200 MB take no time."""

    def copy(file: str, target: str) -> None:
        path = Path(file)
        if "node_modules" in path.parts or (".git" in path.parts and "objects" in path.parts):
            os.link(file, target)
        else:
            shutil.copy2(file, target)

    shutil.copytree(source, to, symlinks=True, copy_function=copy)


def require_node() -> None:
    """Skip a rehearsal where Node is missing, and say so; in CI, fail: nothing may be left out there."""
    try:
        node(os.environ)
    except ReleaseError as error:
        reason = f"no rehearsal without Node: {error.what}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def _unheard(_: str) -> None:
    """Nobody listens."""
