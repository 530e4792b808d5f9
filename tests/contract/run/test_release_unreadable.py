"""A service, a record or a plan that cannot be read blocks a release, with the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.errors import ReleaseError, UsageError
from release.rehearsal.forge import DropConnection
from release.testing import CONFIG, double

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.testing import Double
from tests.contract.run.test_release_bad_input import refused


@dataclass(frozen=True)
class Fault:
    """An answer of an API, and what a person reads of it."""

    answer: Callable[[], Response]
    words: str


def _dropped() -> Response:
    raise DropConnection


CLOUDFLARE_401 = {
    "success": False,
    "errors": [{"code": 10000, "message": "Authentication error"}],
    "result": None,
}


DEEP = "[" * 200_000


FAULTS = {
    "401": Fault(
        lambda: Response(json.dumps(CLOUDFLARE_401), 401), "Cloudflare refuses the token: Authentication"
    ),
    "403 HTML": Fault(lambda: Response("<html>blocked</html>", 403), "something that is not its JSON"),
    "429": Fault(lambda: Response("slow down", 429, {"Retry-After": "30"}), "it answered 429"),
    "500": Fault(lambda: Response("", 500), "it answered 500"),
    "503": Fault(lambda: Response("<html>", 503), "it answered 503"),
    "200 HTML": Fault(lambda: Response("<html>proxy</html>", 200), "something that is not its JSON"),
    "200 no envelope": Fault(lambda: Response('{"success": true}', 200), "something that is not its JSON"),
    "deep": Fault(lambda: Response(DEEP, 200), "something that is not its JSON"),
    "dropped": Fault(_dropped, "the connection broke"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_cloudflare_that_cannot_be_read_blocks_with_the_reason(double: Double, fault: Fault) -> None:
    double.cloud.before = lambda _: fault.answer()
    refused(double, fault.words)


GITHUB_401 = {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}


GITHUB = {
    "401": Fault(lambda: Response(json.dumps(GITHUB_401), 401), "Bad credentials (401)"),
    "429": Fault(lambda: Response("", 429), "rate limit is used up"),
    "502": Fault(lambda: Response("<html>unicorn</html>", 502), "GitHub cannot be reached: it answered 502"),
    "HTML": Fault(lambda: Response("<html>proxy</html>", 200), "something that is not its JSON"),
    "dropped": Fault(_dropped, "the connection broke"),
}


@pytest.mark.parametrize("fault", GITHUB.values(), ids=GITHUB.keys())
def test_a_github_that_cannot_be_read_blocks_with_the_reason(double: Double, fault: Fault) -> None:
    double.forge.before = lambda _: fault.answer()
    refused(double, fault.words)


def test_a_busy_cloudflare_is_asked_again(double: Double) -> None:
    answers = iter([Response("", 429), Response("", 502), Response("", 503)])

    def busy(request: Request) -> Response | None:
        return next(answers, None) if request.path.endswith("/deployments") else None

    double.cloud.before = busy
    assert double.release().outcome == "released"


def test_a_database_that_the_account_does_not_have_is_named(tmp_path: Path) -> None:
    config = CONFIG.replace('database = "double-production"', 'database = "elsewhere"')
    with double(tmp_path, released=None, overlay={"pyproject.toml": config}) as world:
        refused(world, "Cloudflare has no D1 database elsewhere in this account", "CLOUDFLARE_ACCOUNT_ID")


def test_a_record_that_cannot_be_understood_blocks(double: Double) -> None:
    blob = double.git("hash-object", "-w", "--stdin", cwd=double.forge.repository, data=b"{torn")
    line = f"100644 blob {blob}\trecord.json\n".encode()
    tree = double.git("mktree", cwd=double.forge.repository, data=line)
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    commit = double.git(*who, "commit-tree", tree, "-m", "x", cwd=double.forge.repository)
    double.git("update-ref", "refs/release/production", commit, cwd=double.forge.repository)
    refused(double, "The environment's record cannot be understood")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"app": 3}', "[" * 100_000])
def test_a_plan_file_that_is_none_is_a_usage_error(double: Double, tmp_path: Path, text: str) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(text)
    with pytest.raises(UsageError, match=r"plan\.json is not a plan"):
        double.release(plan_file=plan)


def test_a_plan_file_that_is_not_there_is_a_usage_error(double: Double, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read: No such file or directory"):
        double.release(plan_file=tmp_path / "none.json")


def test_a_plan_that_cannot_be_written_is_blocked(double: Double, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="cannot be written") as raised:
        double.plan(output=tmp_path / "none" / "plan.json")
    assert raised.value.exit_code == 4
