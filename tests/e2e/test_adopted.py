"""The CMS as a repository of its own: `inv init` adopts the tool, and the rehearsal releases by what it wrote."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.checkout import git
from tests.e2e.conftest import share_packages
from tests.e2e.scene import ROOT, inv
from tests.unit.monorepos import ENVIRON

if TYPE_CHECKING:
    from pathlib import Path

URLS = (
    "--answer",
    "url.production=https://cms.example.com",
    "--answer",
    "url.staging=https://staging.cms.example.com",
)


@pytest.fixture
def cms(tmp_path: Path) -> Path:
    """The example, committed alone in a repository; only its tests are quick."""
    root = tmp_path / "cms"
    left_out = shutil.ignore_patterns("node_modules", ".wrangler", "dist")
    shutil.copytree(ROOT / "examples" / "cms", root, ignore=left_out)
    manifest = root / "package.json"
    found = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**found, "scripts": {"test": "node --version"}}), "utf-8")
    git(root, ENVIRON, "init", "--quiet", "--initial-branch=main")
    commit(root, "feat: a cms")
    return root


def commit(root: Path, subject: str) -> None:
    git(root, ENVIRON, "add", "--all")
    git(root, ENVIRON, "commit", "--quiet", "--message", subject)


@pytest.mark.rehearsal
@pytest.mark.whole  # by default a smaller monorepo is adopted: tests/adopters/
@pytest.mark.usefixtures("prepared")  # so that wrangler is installed already, and shared
def test_what_init_wrote_for_the_cms_is_rehearsed(cms: Path) -> None:
    wrote = inv("init", "--yes", *URLS, root=cms)
    assert wrote.code == 0, str(wrote)
    commit(cms, "chore: adopt the release tool")
    share_packages(cms)
    ended = inv("rehearse", "--json", root=cms)
    assert ended.code == 0, str(ended)
    assert (ended.answer["outcome"], ended.answer["tag"]) == ("released", "cms-v1.2.4")
    assert {"migrate", "deploy mcp", "deploy cms"} <= set(ended.steps)
    assert git(cms, ENVIRON, "status", "--porcelain") == ""
