"""In tests GitHub's description judges every request of ours and every answer of the forge: both are really on."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from release.errors import ReleaseError
from release.rehearsal.forge import routes
from release.rehearsal.forge.answers import Answer
from release.rehearsal.forge.contract import github
from release.testing import double as opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Response

    from release.testing import Double


class Anything(msgspec.Struct):
    """What an answer holds does not matter here."""


def judged(folder: Path, do: Callable[[Double], object]) -> str:
    """What the judge says in the end of a world in which this was done."""
    with pytest.raises(AssertionError) as raised, opened(folder) as world, suppress(ReleaseError):
        do(world)
    return str(raised.value)


def asked(world: Double, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """One request by the tool's own client."""
    with world.ops() as ops:
        if method == "GET":
            ops.github.read(path, Anything, "try")
        else:
            ops.github.write(method, path, Anything, "try", body)


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/releases", {"tag_name": "t", "make_latest": True}, "make_latest"),
        ("POST", "/releases", {"tag_name": "t", "titel": "t"}, "titel"),
        ("GET", "/actions/runs?stat=waiting", None, "unknown parameter 'stat'"),
        ("GET", "/actions/runs/x/approvals", None, "run_id"),
        ("GET", "/no/such/thing", None, "no such path in the slice"),
        ("POST", "/deployments", None, "body"),
    ],
)
def test_a_request_that_github_would_not_take_fails_the_test(
    tmp_path: Path, method: str, path: str, body: dict[str, Any] | None, said: str
) -> None:
    told = judged(tmp_path, lambda world: asked(world, method, path, body))
    assert "ContractViolation" in told
    assert said in told


def test_an_answer_that_github_would_not_give_fails_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless(*_: object) -> Answer:
        return Answer({"id": 1})

    monkeypatch.setitem(
        routes.ROUTES, ("GET", "/repos/{owner}/{repo}/environments/{environment_name}"), nameless
    )
    told = judged(tmp_path, lambda world: asked(world, "GET", "/environments/production"))
    assert "ContractViolation" in told
    assert "answer 200" in told


def test_a_whole_release_is_judged_and_breaks_nothing(double: Double) -> None:
    seen: list[str] = []

    def note(request: Any, response: Response) -> Response:  # noqa: ANN401
        if "/api/v3/" in request.path:
            github().check_request(  # once more, by hand: what the forge judged is what was sent
                request.method,
                str(request.environ["RAW_URI"]).partition("?")[0].removeprefix("/api/v3"),
                request.query_string.decode(),
                request.get_data(),
            )
            seen.append(f"{request.method} {request.path}")
            json.loads(response.get_data() or b"null")
        return response

    double.forge.after = note
    assert (double.forge.contract, double.forge.strict) == (True, True)
    assert double.release().outcome == "released"
    assert any(one.startswith("POST") for one in seen)
    assert double.forge.failures == []
