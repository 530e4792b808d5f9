"""What the package's metadata promises is there."""

from __future__ import annotations

import tomllib
from pathlib import Path
from pkgutil import resolve_name

from release.commands.init import packaged

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_what_init_brings_is_packed_where_it_looks_for_it() -> None:
    packed = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    there = packaged.PACKAGED.relative_to(ROOT)
    assert set(packed) == {"inv", ".github/workflows"}
    assert all((ROOT / source).exists() for source in packed)
    assert {Path(source).name: Path(to) for source, to in packed.items()} == {
        Path(source).name: there / Path(source).name for source in packed
    }


def test_plain_inv_is_this_tools_program() -> None:
    assert callable(resolve_name(PYPROJECT["project"]["scripts"]["inv"]))
