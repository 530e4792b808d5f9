"""Every hook is described, and every hook has a test."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import release
from release import demand
from release.extensions.signatures import hooks
from release.hookspecs import Hooks
from release.target import NpmTarget

TESTS = Path(__file__).parents[2]
MARK = re.compile(r"^@pytest\.mark\.hook\(\"(\w+)\"\)$", re.MULTILINE)


def test_every_hook_has_a_test() -> None:
    marked = {name for file in TESTS.rglob("test_*.py") for name in MARK.findall(file.read_text("utf-8"))}
    assert marked == set(hooks()), "mark the test of a hook with @pytest.mark.hook(NAME)"


@pytest.mark.parametrize("name", hooks())
def test_a_hook_says_when_it_runs_and_names_its_types(name: str) -> None:
    function = vars(Hooks)[name]
    assert inspect.getdoc(function)
    signature = inspect.signature(function)
    assert {"config", "environ"} <= signature.parameters.keys()
    assert signature.return_annotation is not inspect.Signature.empty


def test_everything_that_the_package_offers_to_plugins_is_there() -> None:
    assert all(getattr(release, name) is not None for name in release.__all__)
    assert {name for names in release._HOMES.values() for name in names} == {*release.__all__}
    with pytest.raises(AttributeError, match="module 'release' has no attribute 'hokimpl'"):
        release.hokimpl  # noqa: B018


def test_a_plugin_gets_what_its_hooks_return_from_the_package_itself() -> None:
    assert {"Check", "Command", "Evidence", "NpmTarget", "Step"} <= {*release.__all__}
    assert release.NpmTarget is NpmTarget
    assert release.Evidence is demand.Evidence


def test_an_import_of_the_package_loads_none_of_what_it_offers() -> None:
    loaded = "import release, sys; print(*(home for home in release._HOMES if home in sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True) == "\n"
