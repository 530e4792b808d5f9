"""What the package's metadata promises is there."""

from __future__ import annotations

import tomllib
from pathlib import Path
from pkgutil import resolve_name

from release.adopt import packaged

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_what_init_brings_is_packed_where_it_looks_for_it() -> None:
    packed = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    there = str(packaged.PACKAGED.relative_to(ROOT))
    expected = {"inv": f"{there}/inv"}
    if (ROOT / ".github" / "workflows").is_dir():
        expected[".github/workflows"] = f"{there}/workflows"
    assert packed == expected


def test_plain_inv_is_this_tools_program() -> None:
    assert callable(resolve_name(PYPROJECT["project"]["scripts"]["inv"]))
