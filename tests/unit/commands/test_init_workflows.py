"""The workflows as `inv init` writes them into another monorepo."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from release.commands.init import packaged
from release.config import parsed

ROOT = Path(__file__).parents[3]
SCHEMA = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
LEAST = """\
[tool.release]
app = { name = "a" }
workers = [{ name = "a" }]
environments.production = { url = "https://a.example.com" }
"""
STAGING = 'environments.staging = { url = "https://staging.a.example.com" }\n'


def written(text: str) -> dict[str, str]:
    return packaged.workflows(parsed(text, ROOT))


def test_github_takes_what_is_written(tmp_path: Path) -> None:
    for at, text in enumerate((LEAST, LEAST + STAGING, LEAST + 'branch = "release/2.x"\n')):
        (tmp_path / f"{at}").mkdir()
        for name, content in written(text).items():
            (tmp_path / f"{at}" / name).write_text(content, "utf-8")
    program, files = Path(sys.executable).parent / SCHEMA[0], sorted(tmp_path.glob("*/*.yml"))
    done = subprocess.run([program, *SCHEMA[1:], *files], capture_output=True, text=True, check=False)
    assert (done.returncode, len({file.parent for file in files})) == (0, 3), done.stdout


def test_with_a_staging_they_are_ours_byte_by_byte() -> None:
    ours = {
        name: (ROOT / ".github" / "workflows" / name).read_text("utf-8")
        for name in ("ci.yml", "deploy-prod.yml")
    }
    assert written(LEAST + STAGING) == ours


def test_without_a_staging_nothing_is_deployed_there() -> None:
    assert jobs(written(LEAST + STAGING)["ci.yml"]) == ["monorepo", "tool", "required", "deploy-staging"]
    assert jobs(written(LEAST)["ci.yml"]) == ["monorepo", "tool", "required"]


def test_they_watch_the_release_branch() -> None:
    assert 'branches: ["release/2.x"]' in written(LEAST + 'branch = "release/2.x"\n')["ci.yml"]


def test_a_package_that_a_plugin_publishes_gets_its_workflow() -> None:
    assert "publish-api.yml" in written(LEAST + 'plugins = ["plugins/cms_api.py"]\n')


def jobs(text: str) -> list[str]:
    return re.findall(r"^  ([a-z-]+):$", text.partition("\njobs:\n")[2], re.MULTILINE)
