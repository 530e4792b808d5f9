"""`inv init` asks the health route once, where a person agrees; else what the source tells counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from release.commands.init.asked_route import understood
from release.commands.init.proposal import propose
from release.commands.init.questions import Interview
from release.commands.init.repository import look
from release.testing import receiver
from tests.unit.monorepos import ENVIRON, made, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from release.commands.init.proposal import Proposal

FILES = {
    "package.json": manifest("site", "1.2.0", test="true"),
    "wrangler.json": json.dumps({"name": "site", "main": "index.js"}),
    "index.js": 'if (path === "/healthz") return Response.json({ ok: true });\n',
}
VERSION_ID = "1c0b6f85-7b58-4e0a-9a37-2f6c8e1d4b70"


@pytest.mark.parametrize(
    ("status", "answer", "settings"),
    [
        (200, {"status": "ok", "version": "1.2.0", "commit": "4f2c1ab"}, {}),
        (200, {"ok": True}, {"status": "ok", "ok": True, "version": False}),
        (200, {"healthy": 1}, {"status": "healthy", "ok": 1, "version": False}),
        (200, {"build": {"version": "v1.2.0"}}, {"status": False, "version": "build.version"}),
        (200, {"sha": "4f2c1abcd"}, {"status": False, "version": False, "commit": "sha"}),
        (
            200,
            {"status": "up", "version": {"id": VERSION_ID}},
            {"ok": "up", "version": False, "version_id": "version.id"},
        ),
        (200, {"status": "degraded"}, {"status": False, "version": False}),
        (200, "all fine", {"text": "all fine"}),
        (200, "<html>a page</html>", {"status": False, "version": False}),
        (204, "", {"expect_status": 204, "status": False, "version": False}),
        (200, [1], {"status": False, "version": False}),
    ],
)
def test_what_an_answer_tells_is_what_is_configured(
    status: int, answer: object, settings: dict[str, Any]
) -> None:
    body = answer if isinstance(answer, str) else json.dumps(answer)
    route = understood("/api/health", status, body.encode())
    assert route is not None
    assert route.settings == settings


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_not_well_tells_nothing(status: int) -> None:
    assert understood("/healthz", status, b'{"version": "1.2.0"}') is None


def proposed(root: Path, url: str, **answers: str) -> Proposal:
    said = {"url.production": url, **{key.replace("_", "-"): value for key, value in answers.items()}}
    repository = look(made(root, FILES), ENVIRON)
    return propose(repository, Interview(said, None, guessing=True).ask)


def test_the_route_is_asked_once_where_a_person_agrees(tmp_path: Path) -> None:
    told = json.dumps({"status": "ok", "version": "1.2.0"})
    with receiver() as site:
        site.server.before = lambda request: Response(told) if request.path == "/healthz" else None
        proposal = proposed(tmp_path, site.url, ask_health="yes")
    assert proposal.settings["environments"]["production"]["health"] == {"path": "/healthz"}
    assert not any("tells no version" in note for note in proposal.notes)


def test_nobody_is_asked_without_that(tmp_path: Path) -> None:
    with receiver() as site:
        proposal = proposed(tmp_path, site.url)
    assert site.heard == []
    assert proposal.settings["environments"]["production"]["health"]["ok"] is True


def test_where_nothing_answers_the_source_counts(tmp_path: Path) -> None:
    with receiver() as site:
        url = site.url
    proposal = proposed(tmp_path, url, ask_health="yes")
    assert proposal.settings["environments"]["production"]["health"]["status"] == "ok"
    assert any("did not answer" in note for note in proposal.notes)
