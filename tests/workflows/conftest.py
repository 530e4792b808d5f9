"""One engine for all tests of a process, and a place of work for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workflows.engine import GitHubEngine
from tests.workflows.scene import place as opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.workflows.scene import Place


@pytest.fixture(scope="session")
def engine() -> Iterator[GitHubEngine]:
    """GitHub's reader of workflows and expressions."""
    engine = GitHubEngine()
    yield engine
    engine.close()


@pytest.fixture
def place(tmp_path: Path, engine: GitHubEngine) -> Iterator[Place]:
    """A world with our workflows on its main, in which nothing has run yet."""
    with opened(tmp_path, engine) as found:
        yield found
