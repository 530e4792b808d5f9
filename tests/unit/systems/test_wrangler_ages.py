"""What a wrangler whose `deploy` takes no marks is asked instead, and which one is too old; a shell script plays it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from release.errors import EffectError, UsageError
from release.systems.npm.wrangler_ages import require_wranglers
from tests.unit.systems.test_wrangler import CMS, DEPLOYED, MCP, Played
from tests.unit.worlds import CONFIGURED

if TYPE_CHECKING:
    from pathlib import Path

UPLOADED = """echo '{"type":"version-upload","worker_name":"cms-prod","version_id":"v2"}' >> "$WRANGLER_OUTPUT_FILE_PATH"\n"""
REFUSED = """echo 'X [ERROR] A request to the Cloudflare API (/x/versions) failed.'; echo; echo '  {} [code: {}]'; exit 1"""


def aged(tmp_path: Path, script: str, version: str = "4.40.0") -> Played:
    """A wrangler of this version, that the script plays; `calls` gets a line a command."""
    played = Played(tmp_path, script)
    (tmp_path / "node_modules/wrangler/package.json").write_text(json.dumps({"version": version}))
    return played


def commands(tmp_path: Path) -> list[str]:
    """What wrangler was started with, a line each, without the marks' values."""
    lines = (tmp_path / "all").read_text().splitlines()
    return [line.partition("cli.js ")[2].partition(" --var")[0].partition("+")[0] for line in lines]


def test_an_old_wrangler_uploads_with_the_marks_and_the_api_serves(tmp_path: Path) -> None:
    played = aged(tmp_path, f'[ "$3" = triggers ] || {UPLOADED}')
    assert played.deploy() == "v2"
    assert played.served == [("cms-prod", "v2", "was v0 base b")]
    assert commands(tmp_path) == [
        "versions upload --env production --tag cms-v1.2.4",
        "triggers deploy --env production",
    ]
    assert f"--var COMMIT_SHA:{'c' * 40}" in (tmp_path / "all").read_text()


@pytest.mark.parametrize(
    ("text", "code"),
    [("This Worker does not exist on your account.", 10007), ("Apply the migration first.", 10211)],
    ids=["a first version", "a pending migration of Durable Objects"],
)
def test_what_only_a_deployment_can_do_is_deployed_before_the_mark_is_set(
    tmp_path: Path, text: str, code: int
) -> None:
    refused = REFUSED.format(text, code)
    upload = f"if [ -e {tmp_path}/made ]; then {UPLOADED} else {refused}; fi"
    played = aged(tmp_path, f'case "$3" in versions) {upload};; *) touch {tmp_path}/made; {DEPLOYED};; esac')
    assert played.deploy() == "v2"
    assert played.served == [("cms-prod", "v2", "was v0 base b")]
    assert commands(tmp_path) == [
        "versions upload --env production --tag cms-v1.2.4",
        "deploy --env production",
        "versions upload --env production --tag cms-v1.2.4",
    ]


def test_an_upload_that_is_refused_serves_nothing_and_says_why(tmp_path: Path) -> None:
    played = aged(tmp_path, REFUSED.format("boom at load", 10021))
    with pytest.raises(EffectError, match=r"versions upload ended with exit code 1: .*boom at load"):
        played.deploy()
    assert played.served == []


def test_an_upload_that_reports_no_version_serves_nothing(tmp_path: Path) -> None:
    played = aged(tmp_path, "exit 0")
    with pytest.raises(EffectError, match="wrangler ended well, but reports no uploaded version"):
        played.deploy()
    assert played.served == []


@pytest.mark.parametrize("version", ["4.66.0", "4.164.0", "5.0.0", "4.66.0-beta.1"])
def test_a_newer_wrangler_deploys_in_one(tmp_path: Path, version: str) -> None:
    played = aged(tmp_path, DEPLOYED, version)
    assert played.deploy() == "v1"
    assert (commands(tmp_path), played.served) == (["deploy --env production --tag cms-v1.2.4"], [])


@pytest.mark.parametrize("version", ["3.91.0", "4.7.0", "4.164.0", "none", ""])
def test_a_wrangler_that_is_new_enough_or_does_not_tell_is_taken(tmp_path: Path, version: str) -> None:
    aged(tmp_path, "", version)
    require_wranglers(msgspec.structs.replace(CONFIGURED, root=tmp_path))


@pytest.mark.parametrize("version", ["3.90.0", "2.20.0"])
def test_a_wrangler_that_is_too_old_is_named_with_the_least_that_works(tmp_path: Path, version: str) -> None:
    aged(tmp_path, "", version)
    with pytest.raises(
        UsageError, match=f"has wrangler {version}; a release needs 3.91.0 or newer"
    ) as caught:
        require_wranglers(msgspec.structs.replace(CONFIGURED, root=tmp_path))
    assert (caught.value.exit_code, "wrangler@latest" in caught.value.advice) == (2, True)


def test_an_own_deploy_command_needs_a_wrangler_that_takes_the_marks(tmp_path: Path) -> None:
    own = (MCP, msgspec.structs.replace(CMS, deploy=("yarn", "deploy")))
    config = msgspec.structs.replace(CONFIGURED, root=tmp_path, workers=own)
    aged(tmp_path, "", "4.65.0")
    with pytest.raises(UsageError, match=r"cms is deployed by its own command.*4\.66\.0 is the first"):
        require_wranglers(config)
    (tmp_path / "node_modules/wrangler/package.json").write_text('{"version": "4.66.0"}')
    require_wranglers(config)
