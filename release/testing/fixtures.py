"""Fixtures for an author's own pytest: `pytest_plugins = ["release.testing.fixtures"]` in the conftest.py."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from release.testing.plugged import plugged as opened
from release.testing.recorded import recorded as read_once
from release.testing.scene import double as started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.testing.double import Double
    from release.testing.plugged import Plugins
    from release.testing.recorded import Recorded


class Plugged(Protocol):
    """What the fixture `plugged` is: a function that starts a double whose monorepo has these plugins."""

    def __call__(
        self,
        plugins: Plugins,
        settings: str = "",
        options: str = "",
        files: Mapping[str, bytes | str] | None = None,
    ) -> Double:
        """The double; it is stopped when the test ends."""
        ...


@pytest.fixture
def recorded() -> Recorded:
    """The moment before a release, as values: see `release.testing.recorded`."""
    return read_once()


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A running world without plugins: see `release.testing.double`."""
    with started(tmp_path) as world:
        yield world


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[Plugged]:
    """Starts a world with plugins: see `release.testing.plugged`."""
    with ExitStack() as open_worlds:

        def start(
            plugins: Plugins,
            settings: str = "",
            options: str = "",
            files: Mapping[str, bytes | str] | None = None,
        ) -> Double:
            return open_worlds.enter_context(opened(tmp_path, plugins, settings, options, files))

        yield start
