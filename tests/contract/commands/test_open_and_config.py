"""`inv open` names the page that is meant, `inv config` where each value came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from release.commands.config import config
from release.commands.open import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from release.testing import Double


def said(command: Any, root: Path, capsys: pytest.CaptureFixture[str], **given: Any) -> tuple[int, Any]:  # noqa: ANN401 - a task
    """The exit code and the JSON of a command in this process."""
    context = Context()
    context.config.release = {"root": str(root)}
    with pytest.raises(Exit) as left:
        command(context, json=True, **given)
    return left.value.code, json.loads(capsys.readouterr().out)


@pytest.fixture
def at_home(double: Double, monkeypatch: pytest.MonkeyPatch) -> Double:
    for name, value in double.environ.items():
        monkeypatch.setenv(name, value)
    return double


def test_open_names_the_last_release_and_the_run_that_is_under_way(
    at_home: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    forge = at_home.forge
    code, found = said(open_page, at_home.root, capsys)
    assert (code, found["what"]) == (0, "the release cms-v1.2.3")
    assert found["url"] == f"{forge.server_url}/{forge.owner}/{forge.name}/releases/tag/cms-v1.2.3"
    sha = forge.bare.resolve("main") or ""
    run = forge.add_run(".github/workflows/deploy-prod.yml", "workflow_dispatch", "main", sha, "ada")
    _, found = said(open_page, at_home.root, capsys)
    assert found["what"] == f"the run {run.id}, queued"
    assert found["url"].endswith(f"/actions/runs/{run.id}")
    _, found = said(open_page, at_home.root, capsys, tag="cms-v1.2.3")
    assert found["what"] == "the release cms-v1.2.3"


def test_open_refuses_a_tag_that_is_none(at_home: Double, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = said(open_page, at_home.root, capsys, tag="cms-v1.2.33")
    assert code == 2
    assert "Did you mean" in json.dumps(found)


def test_config_says_where_each_value_came_from(at_home: Double, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (at_home.root / "pyproject.toml").read_text("utf-8").splitlines()
    _, found = said(config, at_home.root, capsys)
    tag = found["values"]["app.tag"]
    assert tag["value"] == "cms-v{version}"
    assert lines[int(tag["source"].partition(":")[2]) - 1].startswith("tag =")
    assert found["values"]["checklist.ci"]["source"] == "default"
    assert found["values"]["workers[0].name"]["value"] == "mcp"
    (at_home.root / "pyproject.toml").write_text("[tool.release]\nbranchh = 1\n")
    code, _ = said(config, at_home.root, capsys)
    assert code == 2
