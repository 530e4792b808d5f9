"""Products of cases: each value in turn by default, every combination with `--whole`."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest


def in_turn(*axes: tuple[Any, ...]) -> list[Any]:
    """The cases for `parametrize`: each value of each axis at least once; the rest of the product is marked `whole`."""
    longest = max(map(len, axes))
    by_default = [tuple(axis[at % len(axis)] for axis in axes) for at in range(longest)]
    return [
        pytest.param(*case, marks=() if case in by_default else pytest.mark.whole) for case in product(*axes)
    ]
