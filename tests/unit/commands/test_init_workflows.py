"""The workflows as `inv init` writes them into another monorepo."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({"package-lock.json": "{}"}, []),
        ({}, []),
        (
            {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"},
            ["corepack enable", "corepack prepare pnpm@10 --activate"],
        ),
        (
            {"pnpm-lock.yaml": "lockfileVersion: 5.4\n"},
            ["corepack enable", "corepack prepare pnpm@7 --activate"],
        ),
        ({"pnpm-lock.yaml": "lockfileVersion: '12.0'\n"}, ["corepack enable"]),
        (
            {
                "pnpm-lock.yaml": "lockfileVersion: '6.0'\n",
                "package.json": '{"packageManager": "pnpm@8.15.0"}',
            },
            ["corepack enable"],
        ),
        ({"yarn.lock": "# yarn lockfile v1\n"}, ["corepack enable"]),
        ({"yarn.lock": "__metadata:\n"}, ["corepack enable", "corepack prepare yarn@stable --activate"]),
        (
            {"yarn.lock": "__metadata:\n", ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.1.0.cjs\n"},
            ["corepack enable"],
        ),
        ({"bun.lock": "{}"}, ["npm install --global bun"]),
        (
            {"bun.lock": "{}", "package.json": '{"packageManager": "bun@1.2.3"}'},
            ["npm install --global bun@1.2.3"],
        ),
        ({"bun.lock": "{}", "yarn.lock": ""}, []),
    ],
)
def test_the_program_that_installs_is_brought_before_each_install(
    tmp_path: Path, files: dict[str, str], commands: list[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    found = packaged.workflows(parsed(LEAST + STAGING, tmp_path))
    before = [
        part for text in found.values() for part in text.split("      - name: Install the packages\n")[:-1]
    ]
    assert len(before) == 4
    for part in before:
        setup = part.rpartition("package-manager-cache: false\n")[2]
        lines = [
            line.strip().removeprefix("run: ").partition(" #")[0]
            for line in setup.splitlines()
            if "name:" not in line
        ]
        assert [line for line in lines if line != "|"] == commands


def test_a_package_that_a_plugin_publishes_gets_its_workflow() -> None:
    assert "publish-api.yml" in written(LEAST + 'plugins = ["plugins/cms_api.py"]\n')


def jobs(text: str) -> list[str]:
    return re.findall(r"^  ([a-z-]+):$", text.partition("\njobs:\n")[2], re.MULTILINE)
