"""What a command that only looks loads: counts of modules and of compiled dataclasses, and what must stay out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from release.testing import Double

ROOT = Path(__file__).parents[3]
RECORDED = """
import atexit, dataclasses, json, sys
report, compiled, define = sys.argv[1], [], dataclasses._process_class
def noted(cls, *words, **options):
    compiled.append(cls.__module__ + "." + cls.__qualname__)
    return define(cls, *words, **options)
dataclasses._process_class = noted
atexit.register(lambda: open(report, "w").write(json.dumps({"modules": list(sys.modules), "compiled": compiled})))
from release.program import program
program.run(["inv", *sys.argv[2:]])
"""
MOST = {  # modules of ours, and dataclasses that are compiled: 0.4 ms each
    "plan": (210, 64),
    "status": (150, 30),
    "checklist": (155, 54),
}
OF_OTHERS = (  # what no command loads that only looks
    "release.rehearsal",
    "release.testing",
    "release.announce",
    "release.run.effects",
    "release.run.lock",
    "release.run.sequence",
    "release.checks.package",
    "release.policy.api",
    "release.policy.migrations",
    "release.database.grading",
    "release.commands.hotfix.course",
    "release.commands.init.proposal",
    "release.views.actions",
    "release.views.live",
    "release.views.summary",
    "rich",
    "selectolax",
    "tomlkit",
    "werkzeug",
)


@pytest.mark.parametrize("command", MOST)
def test_a_command_that_looks_loads_only_what_it_runs(double: Double, tmp_path: Path, command: str) -> None:
    report = tmp_path / "report.json"
    words = ["--search-root", str(ROOT), command]

    done = subprocess.run(
        [sys.executable, "-P", "-c", RECORDED, str(report), *words],
        cwd=double.root,
        env={**double.environ, "RELEASE_STAGE": str(double.root)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    loaded = json.loads(report.read_text("utf-8"))
    ours = [name for name in loaded["modules"] if name.partition(".")[0] == "release"]
    compiled = [name for name in loaded["compiled"] if name.startswith("release.")]
    assert [name for name in loaded["modules"] if name.startswith(OF_OTHERS)] == []
    modules, dataclasses = MOST[command]
    assert 0 < len(ours) <= modules, sorted(ours)
    assert len(compiled) <= dataclasses, compiled
