"""What the docstring of a value tells of its fields, the value has."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = sorted((ROOT / "release").rglob("*.py"))
TOLD = re.compile(
    r"(?:^|[.;:,)]\s+|\band\s+)`([a-z_][a-z0-9_]*)`(?=:|\s)"
)  # a clause that begins with a name


parsed = cache(ast.parse)


@cache
def bases() -> dict[str, ast.ClassDef]:
    """Every class of this tool."""
    found = (node for file in MODULES for node in ast.walk(parsed(file.read_text())))
    return {node.name: node for node in found if isinstance(node, ast.ClassDef)}


def invented(text: str) -> list[str]:
    """The names that docstrings of dataclasses and structs speak of as if they were fields, and that nothing has."""
    module = parsed(text)
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and _is_value(node):
            told = TOLD.findall(" ".join((ast.get_docstring(node) or "").split()))
            known = _members(node) | _names(module)
            found += [f"{node.name}: {name}" for name in told if name not in known]
    return found


def _is_value(node: ast.ClassDef) -> bool:
    said = [ast.unparse(one) for one in (*node.decorator_list, *node.bases)]
    return any(one.startswith("dataclass") or one.split(".")[-1] == "Struct" for one in said)


def _members(node: ast.ClassDef) -> set[str]:
    """Fields, properties, methods and their parameters, also those of what it is derived from."""
    names = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    for one in node.body:
        if isinstance(one, ast.AnnAssign | ast.Assign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(one, ast.FunctionDef):
            names.add(one.name)
    for base in (ast.unparse(one).split(".")[-1] for one in node.bases):
        if base in bases() and base != node.name:
            names |= _members(bases()[base])
    return names


def _names(module: ast.Module) -> set[str]:
    """What a module defines or imports."""
    names: set[str] = set()
    for one in ast.walk(module):
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            names.add(one.name)
        elif isinstance(one, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in one.names}
    for one in module.body:
        if isinstance(one, ast.Assign | ast.AnnAssign):
            names |= {below.id for below in ast.walk(one) if isinstance(below, ast.Name)}
    return names


def value(docstring: str) -> str:
    """A module with one value that has the field `name`."""
    return f'''
import json
@dataclass(frozen=True)
class Value:
    """{docstring}"""
    name: str
'''


def test_a_values_docstring_speaks_of_what_the_value_has() -> None:
    found = {str(file.relative_to(ROOT)): invented(file.read_text()) for file in MODULES}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "docstring",
    [
        "One worker. `first` is true for the one that goes first.",
        "What ships: `name` as a person says it; `first` are the others.",
        "`name` is a name, and `first` the one before it.",
        "One of many.\n\n    `first`: nothing comes before it.",
    ],
)
def test_a_field_that_is_not_there_is_found(docstring: str) -> None:
    assert invented(value(docstring)) == ["Value: first"]


@pytest.mark.parametrize(
    "docstring",
    ["`name` is what it is called.", "`json` is a module.", "Run `first` by hand, or `inv first`."],
)
def test_what_is_there_and_what_is_no_field_is_left_alone(docstring: str) -> None:
    assert invented(value(docstring)) == []
