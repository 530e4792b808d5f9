"""What every test gets: no network but loopback, no trace left behind, and a double."""

from __future__ import annotations

import functools
import gc
import os
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from release.errors import ReleaseError
from release.systems.npm.node import node
from release.testing import Double, plugged
from release.testing import double as opened
from tests.figures import pytest_terminal_summary
from tests.ledgers import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["pytest_terminal_summary"]

ROOT = Path(__file__).parents[1]
# a busy machine is no failure: properties have no deadline
settings.register_profile(
    "here", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("here"), max_examples=10)  # of `inv test --quick`
settings.load_profile("here")

UNMEASURED = ("adopters", "e2e", "faults")
LOOPBACK = ("127.", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--whole`, which `inv test --all` gives: every case of a product, not a rotation in which each part appears."""
    parser.addoption(
        "--whole", action="store_true", help="every case of products of faults, writes and moves"
    )


@pytest.fixture(scope="session")
def is_whole(pytestconfig: pytest.Config) -> bool:
    """Whether every case of a product is asked for."""
    return bool(pytestconfig.getoption("--whole"))


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
def _certificates_once() -> Iterator[None]:
    """Load the certificates for the first client only: it takes as long as a plan, and nothing here speaks TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Programs that tests start can be interrupted, also where a shell started pytest in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session", autouse=True)
def _ledgers_as_planned() -> Iterator[None]:
    """In every test that migrates: the ledger gains what the plan says. `foreign_migrations`: somebody else migrates too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Double, "_carry_out", compared(Double._carry_out, lambda: _is_foreign[-1]))
        yield


_is_foreign = [False]


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A world in this process: version 1.2.3 is live, and one commit waits for its release."""
    with opened(tmp_path) as world:
        yield world


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what asks for a whole world, or stands in a file that opens worlds itself: `inv test --quick` leaves it out."""
    names = getattr(getattr(item, "module", None), "__dict__", {}).values()
    if "double" in getattr(item, "fixturenames", ()) or any(
        one in (opened, plugged) for one in names if callable(one)
    ):
        item.add_marker("world")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only the whole runs, and measure no coverage where that takes time and finds nothing new.

    `inv test --all` gives --whole; `-m whole` is those tests alone. Not measured are properties, which Hypothesis has
    marked before this, and whole releases.
    """
    if not config.getoption("--whole") and "whole" not in config.getoption("markexpr", default=""):
        left_out = [item for item in items if item.get_closest_marker("whole")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        if item.path.relative_to(ROOT / "tests").parts[0] in UNMEASURED or item.get_closest_marker(
            "hypothesis"
        ):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every garbage collection to come: a tenth of the time of the properties."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a rehearsal where Node is missing, and say so; in CI, fail: nothing may be left out there."""
    _is_foreign[-1] = item.get_closest_marker("foreign_migrations") is not None
    if item.get_closest_marker("rehearsal") is None:
        return
    try:
        node(os.environ)
    except ReleaseError as error:
        reason = f"no rehearsal without Node: {error.what}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
