"""`inv plugins` as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from release.testing import monorepo

if TYPE_CHECKING:
    from pathlib import Path

TASKS = "from pathlib import Path\nfrom release.tasks import collection\nnamespace = collection(Path(__file__).parent)\n"


def typed(root: Path, words: str) -> subprocess.CompletedProcess[str]:
    """`inv WORDS` in a folder, through a shell where a pipe is asked for."""
    (root / "tasks.py").write_text(TASKS)
    command = f"{sys.executable} -m release.program --search-root {root} {words}"
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env=dict(os.environ)
    )


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    monorepo(tmp_path)
    done = typed(tmp_path, "plugins | head -1")
    assert (done.stdout, done.stderr) == ("release.checks   built in\n", "")


def test_json_is_one_object_and_a_wrong_plugin_is_exit_2_in_it(tmp_path: Path) -> None:
    monorepo(tmp_path)
    assert json.loads(typed(tmp_path, "plugins --json").stdout)["off"] == []
    monorepo(tmp_path, {"plugins/mine.py": "raise ValueError('no')"})
    done = typed(tmp_path, "plugins --json")
    assert done.returncode == 2
    assert "mine (plugins/mine.py) cannot be imported" in json.loads(done.stdout)["problems"][0]["what"]
    assert "Repair it, or take it out of `plugins` in [tool.release]." in done.stderr
