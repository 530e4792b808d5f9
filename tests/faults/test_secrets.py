"""No secret appears in anything that is shown, kept or handed on, whatever goes wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from invoke.exceptions import Exit
from werkzeug.wrappers import Response

from release.commands import ending
from release.errors import ReleaseError
from release.testing import double
from release.testing.monorepo import CONFIG
from release.views import listener
from tests.faults.canaries import CANARIES, GIT, NAMES, Place, environment, files_of, left_behind, songs
from tests.faults.children import Commanding
from tests.faults.snapshot import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

    Noted = Callable[[str, object], None]

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "release", "plan", "deploy", "status", "verify", "rollback", "unlock", "plugins", "rehearse", "step.migrate",
)  # fmt: skip
TELL = "import os, sys; open('{file}', 'w').write(repr(dict(os.environ))); print(dict(os.environ)); sys.exit({code})"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    """A double whose tokens are canaries, and whose test and build commands print their environment."""
    module = import_module("release.testing.double")
    monkeypatch.setattr(module, "CLOUD_TOKEN", CANARIES["CLOUDFLARE_API_TOKEN"])
    monkeypatch.setattr(module, "FORGE_TOKEN", CANARIES["GITHUB_TOKEN"])
    for name, secret in CANARIES.items():
        monkeypatch.setenv(name, secret)
    with double(tmp_path, overlay={"pyproject.toml": config(tmp_path)}, remote="http") as opened:
        opened.environ.update(environment(opened))
        yield opened


def config(folder: Path, code: int = 0) -> str:
    """Commands that tell their environment, and a dashboard behind a cookie."""
    telling = {
        name: json.dumps([sys.executable, "-c", TELL.format(file=folder / f"environment-{name}", code=code)])
        for name in ("test", "build")
    }
    deploy = json.dumps([sys.executable, "-m", "tests.faults.deploy_command"])
    text = CONFIG.replace('run = ["true"]', f"run = {telling['test']}")
    text = text.replace(
        'path = "apps/mcp"\n', f'path = "apps/mcp"\nbuild = {telling["build"]}\ndeploy = {deploy}\n'
    )
    badge = 'attribute = "data-version", cookie_from = "DASHBOARD_COOKIE", header_from = "DASHBOARD_KEY" }'
    return text.replace('attribute = "data-version" }', badge)


def told(world: Double, capsys: pytest.CaptureFixture[str], connect: Any = None) -> list[Place]:  # noqa: ANN401
    """Release as the command does, on plain lines, in detail, and with --json; and all that was left behind."""
    out, err = io.StringIO(), io.StringIO()
    view = listener(verbose=True, out=out, err=err, environ=world.environ)
    if connect is not None:
        world.connect = connect  # type: ignore[method-assign]
    try:
        outcome = world.release(listener=view)
        ending.print_json(outcome.as_json())
    except ReleaseError as error:
        with pytest.raises(Exit):
            ending.leave(error, json=True)
    captured = capsys.readouterr()
    shown = [Place("stdout", out.getvalue()), Place("stderr", err.getvalue()), Place("--json", captured.out)]
    return [*shown, Place("errors", captured.err), *left_behind(world), *files_of(world.folder)]


def is_silent(places: list[Place], record_property: Noted) -> None:
    """No canary sings, in any place."""
    record_property("figure: canaries checked", len(NAMES) * len(places))
    assert not list(songs(places))


def test_a_release_shows_no_secret(
    world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    places = told(world, capsys)
    assert any("environment-test" in place.name for place in places), places[0]
    is_silent(places, record_property)


def test_build_and_deploy_commands_are_masked_and_a_build_has_no_token(
    world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    commanding = Commanding(world.root, world.environ, world.clock.now())
    places = told(world, capsys, commanding.connect)
    assert any("environment-build" in place.name for place in places)
    is_silent(places, record_property)


def test_a_test_that_fails_shows_no_secret(
    world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    world.commit({"pyproject.toml": config(world.folder, code=1)}, "test: regressed")
    is_silent(told(world, capsys), record_property)


def echo(request: Request) -> Response:
    """A server that answers with what it was sent."""
    sent = {name: str(text) for name, text in request.headers.items()}
    message = f"who is {sent.get('Authorization', '')}? {sent}"
    body = {
        "success": False,
        "errors": [{"code": 10000, "message": message}],
        "message": message,
        "result": None,
    }
    return Response(json.dumps(body), 403, content_type="application/json")


@pytest.mark.parametrize(
    "asked",
    [
        "GET /deployments",
        "POST /query",
        "POST /versions",
        "POST /deployments",
        "GET /releases/tags/",
        "POST /releases",
        "GET /info/refs",
        "POST /git-receive-pack",
    ],
)
def test_a_server_that_echoes_what_it_was_sent_reveals_nothing(
    asked: str, world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    method, path = asked.split()

    def echoing(request: Request) -> Response | None:
        return echo(request) if request.method == method and path in request.path else None

    world.cloud.before = world.forge.before = echoing
    is_silent(told(world, capsys), record_property)


def test_a_hook_of_the_remote_that_prints_tokens_reveals_nothing(
    world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    hook = world.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncat <<'END' >&2\nno: " + " ".join(CANARIES.values()) + "\nEND\nexit 1\n")
    hook.chmod(0o755)
    is_silent(told(world, capsys), record_property)


def test_a_password_in_the_remotes_address_is_not_shown(
    world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    from urllib.parse import quote

    world.git("remote", "set-url", "origin", f"http://ada:{quote(GIT, safe='')}@127.0.0.1:1/acme/cms.git")
    is_silent(told(world, capsys), record_property)


def test_a_dashboard_that_shows_the_cookie_reveals_nothing(
    world: Double, capsys: pytest.CaptureFixture[str], record_property: Noted
) -> None:
    from release.rehearsal.cloud.memory_runtime import well_behaved

    def showing(loaded: LoadedVersion, request: Request) -> Response:
        if request.path != "/":
            return well_behaved(loaded, request)
        badge = request.headers.get("Cookie", "").replace('"', "&quot;")
        return Response(f'<b class="version-badge" data-version="{badge}">', content_type="text/html")

    world.runtime.behaviour[SCRIPTS[-1]] = showing
    is_silent(told(world, capsys), record_property)


def test_no_command_shows_a_secret(world: Double, tmp_path: Path, record_property: Noted) -> None:
    environ = {**world.environ, "RELEASE_STAGE": str(world.root)}
    lines = [[name, "--help"] for name in COMMANDS]
    lines += [
        ["plan"],
        ["plan", "--json"],
        ["plan", "--output", str(tmp_path / "plan.json")],
        ["status", "--json"],
    ]
    lines += [
        ["verify"],
        ["release", "--yes", "--verbose"],
        ["release", "--yes", "--json"],
        ["--help"],
        ["--list"],
    ]
    places = [ran(words, environ) for words in lines]
    places.append(Place("the plan's file", (tmp_path / "plan.json").read_text()))
    is_silent([*places, *left_behind(world)], record_property)


def ran(words: list[str], environ: dict[str, str]) -> Place:
    """What a command says, on both ends."""
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(ROOT), *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Place(f"inv {' '.join(words)}", (done.stdout + done.stderr).decode(errors="replace"))
