"""A second adopter: one worker without database and packages, released by the same rehearsal."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from release.config import load
from release.rehearsal.checkout import git
from tests.e2e.scene import ROOT, bare_environment, inv

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = ROOT / "examples" / "minimal"
MOST_LINES = 15


def test_the_example_is_configured_in_few_lines() -> None:
    text = (MINIMAL / "pyproject.toml").read_text("utf-8")
    assert list(tomllib.loads(text)["tool"]) == ["release"]
    assert 0 < len([line for line in text.splitlines() if line.strip()]) < MOST_LINES
    config = load(MINIMAL)
    assert (config.database, config.plugins, len(config.workers)) == (None, (), 1)
    assert config.environment("production").badge is None


@pytest.mark.rehearsal
@pytest.mark.usefixtures("prepared")  # so that wrangler is installed already, and shared
def test_the_example_is_released_by_the_same_rehearsal(fresh_repository: Path) -> None:
    ended = inv("rehearse", "--json", root=fresh_repository / "examples" / "minimal")
    assert ended.code == 0, str(ended)
    answer = ended.answer
    assert (answer["outcome"], answer["version"], answer["tag"]) == ("released", "0.1.1", "v0.1.1")
    assert [step["name"] for step in answer["steps"]] == [
        "test", "bump", "deploy hello", "smoke", "record", "github-release", "verify",
    ]  # fmt: skip
    for word in ("cms", "mcp", "alokai", "migrat", "badge"):
        assert word not in f"{ended.out}{ended.err}".lower().replace(str(fresh_repository).lower(), "")


@pytest.mark.rehearsal
@pytest.mark.whole
@pytest.mark.usefixtures("prepared")
def test_a_worker_that_needs_secrets_and_keeps_objects_is_released_too(fresh_repository: Path) -> None:
    root = fresh_repository / "examples" / "minimal"
    settings: dict[str, Any] = json.loads((root / "wrangler.jsonc").read_text("utf-8"))
    objects = {"bindings": [{"name": "ROOM", "class_name": "Room"}]}
    settings["migrations"] = [{"tag": "v1", "new_sqlite_classes": ["Room"]}]
    settings["env"]["production"] = {
        "secrets": {"required": ["KEY"]}, "durable_objects": objects, "ai": {"binding": "AI"},
    }  # fmt: skip
    (root / "wrangler.jsonc").write_text(json.dumps(settings), "utf-8")
    main = root / "src" / "index.js"
    room = 'export class Room { fetch() { return new Response("a room"); } }\n'
    main.write_text(room + main.read_text("utf-8"), "utf-8")
    git(fresh_repository, bare_environment(), "-c", "user.name=a", "-c", "user.email=a@example.com",
        "commit", "--quiet", "--all", "--message", "feat: a room")  # fmt: skip
    ended = inv("rehearse", "--json", root=root)
    assert ended.code == 0, str(ended)
    assert ended.answer["outcome"] == "released"
    assert "secrets that are dummies here: KEY of hello-production" in ended.err
    assert "The local cloud does not run: AI (ai)." in ended.err
