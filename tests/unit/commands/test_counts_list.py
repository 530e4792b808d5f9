"""What `inv --list` loads and starts: counts have no noise, so they are the gate; times are benchmarks/'s business."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
HEAVY = {
    "httpx",
    "httpcore",
    "tomlkit",
    "rich",
    "click",
    "msgspec",
    "pluggy",
    "semver",
    "apsw",
    "werkzeug",
    "stamina",
}
MOST_MODULES = 46  # beyond bare Invoke's
MOST_LINES = 5_000  # of ours; source without bytecode costs 3.8 us a line
RECORDED = """
import atexit, json, sys
report, module = sys.argv[1:3]
started = []
sys.addaudithook(lambda event, args: started.append(args[0]) if event in {"subprocess.Popen", "os.system"} else None)
known = lambda: {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
atexit.register(lambda: open(report, "w").write(json.dumps({"modules": known(), "started": list(map(str, started))})))
program = __import__(module, fromlist=["program"]).program
program.run(["inv", *sys.argv[3:]])
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, object]]:
    """Runs a program's `--list` in a process of its own; which modules it loaded, which programs it started."""

    @cache
    def run(module: str, root: Path) -> dict[str, object]:
        tmp_path = tmp_path_factory.mktemp("list")
        report = tmp_path / f"{module}.json"
        words = ["--search-root", str(root), "--list"]
        command = [sys.executable, "-P", "-c", RECORDED, str(report), module, *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=False
        )
        assert re.search("Available tasks|Usage: inv COMMAND", done.stdout), done.stderr
        return dict(json.loads(report.read_text("utf-8")))

    return run


@pytest.fixture(scope="module")
def added(recorded: Callable[..., dict[str, object]]) -> dict[str, str | None]:
    """The modules that `inv --list` of this repository loads, and that of a file with one task does not."""
    bare = recorded("invoke.main", ROOT / "benchmarks" / "bare")["modules"]
    ours = recorded("release.program", ROOT)["modules"]
    assert isinstance(bare, dict)
    assert isinstance(ours, dict)
    return {name: file for name, file in ours.items() if name not in bare}


def test_listing_the_tasks_loads_few_modules_beyond_bare_invoke(added: dict[str, str | None]) -> None:
    assert 0 < len(added) <= MOST_MODULES, sorted(added)


def test_listing_the_tasks_loads_no_heavy_library(added: dict[str, str | None]) -> None:
    assert HEAVY & {name.partition(".")[0] for name in added} == set()


def test_listing_the_tasks_reads_few_lines_of_ours(added: dict[str, str | None]) -> None:
    files = {Path(file) for name, file in added.items() if name.partition(".")[0] == "release" and file}

    assert sum(len(file.read_text("utf-8").splitlines()) for file in files) <= MOST_LINES


def test_listing_the_tasks_starts_no_process(recorded: Callable[..., dict[str, object]]) -> None:
    assert recorded("release.program", ROOT)["started"] == []


def test_listing_the_tasks_does_not_load_yaml(recorded: Callable[..., dict[str, object]]) -> None:
    modules = recorded("release.program", ROOT)["modules"]

    assert isinstance(modules, dict)
    assert [name for name in modules if name.startswith(("invoke.vendor.yaml.", "yaml."))] == []


def test_an_invoke_yaml_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "invoke.yaml").write_text("greeting: hello from yaml\n")
    (tmp_path / "tasks.py").write_text(
        "from invoke import task\n\n@task\ndef greet(context):\n    print(context.greeting)\n"
    )
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(tmp_path), "greet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode) == ("hello from yaml\n", 0), done.stderr
