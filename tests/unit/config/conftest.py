"""How a configuration is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from release.config import load
from release.errors import USAGE, UsageError
from tests.unit.config.guide import written

if TYPE_CHECKING:
    from pathlib import Path

Refusal = Callable[[str], list[str]]


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    """The lines of the error for a pyproject.toml."""

    def lines(text: str) -> list[str]:
        with pytest.raises(UsageError) as caught:
            load(written(tmp_path, text))
        assert caught.value.exit_code == USAGE
        return caught.value.what.splitlines()

    return lines
