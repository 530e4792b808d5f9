"""The health table of an environment: every way to say that something is not told, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.config import EXAMPLE, load
from release.errors import UsageError
from release.model.health import rule_of
from release.rehearsal.wiring import health_urls
from release.systems.ops import health_url_of
from tests.unit.config.guide import written

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.health import HealthRule

FIRST = '[[tool.release.workers]]\nname = "mcp"\npath = "apps/mcp"\n\n[[tool.release.workers]]'


@pytest.mark.parametrize(
    ("line", "path", "proof", "needs_json"),
    [
        ("", "/api/health", "number", True),
        ("health = {}", "/api/health", "number", True),
        ("health = false", None, "nothing", False),
        ('health = { status = "ok", ok = true, version = "" }', "/api/health", "well", True),
        ("health = { status = false, version = false }", "/api/health", "well", False),
        ('health = { text = "OK" }', "/api/health", "well", False),
        ('health = { text = "OK", version = "build" }', "/api/health", "number", True),
        ('health = { status = "up", ok = 1, version = false }', "/api/health", "well", True),
        ('health = { version = false, commit = "git.sha" }', "/api/health", "commit", True),
        ('health = { version = false, version_id = "id" }', "/api/health", "version id", True),
        ('health = { url = "https://mcp.example.com/z?deep=1" }', "/z?deep=1", "number", True),
        ('health = { url = "https://mcp.example.com" }', "/", "number", True),
    ],
)
def test_what_a_route_tells_is_said_in_a_line(
    tmp_path: Path, line: str, path: str | None, proof: str, needs_json: object
) -> None:
    rule: HealthRule = rule_of(load(written(tmp_path, f"{EXAMPLE}{line}\n")).environment("production"))
    assert (rule.path, rule.proof, rule.needs_json) == (path, proof, needs_json)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("health = true", "health: expected a table, or false where there is no health route"),
        ("health = { version = true }", "health.version: expected the name of the field, or false"),
        ("health = { version = 3 }", "health.version: expected true or false or a text in quotes"),
        ('health = { commit = "a..b" }', 'health.commit: expected a text such as "build.version"'),
        ("health = { ok = [] }", "health.ok: expected"),
        ("health = { expect_status = 42 }", "health.expect_status: expected"),
        ('health = { verison = "v" }', 'health.verison: unknown key; did you mean "version"?'),
        ('health = { url = "status.example.com" }', "health.url: expected a URL such as"),
        (
            'health = { url = "https://a:b@c.example.com/h" }',
            "health.url: a URL in the configuration must not hold",
        ),
        ('health = { url = "https://c.example.com/h#x" }', "health.url: expected a URL without"),
        ('health = { url = "https://c.example.com/h", path = "/z" }', "`path` and `url` cannot both be set"),
    ],
)
def test_what_is_no_route_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        load(written(tmp_path, f"{EXAMPLE}{line}\n"))
    assert said in refused.value.what
    assert refused.value.what.startswith("pyproject.toml:10:")


def test_the_health_of_another_host_is_asked_there_and_on_a_stage_never(tmp_path: Path) -> None:
    line = 'health = { url = "https://status.example.com/z" }'
    config = load(written(tmp_path, f"{EXAMPLE}{line}\n"))
    own = {"RELEASE_PRODUCTION_URL": "http://127.0.0.1:8/"}
    stage = {**own, "RELEASE_PRODUCTION_HEALTH_URL": "http://127.0.0.1:9/"}
    assert health_url_of(config, "production", own) == "https://status.example.com"
    assert health_url_of(config, "production", stage) == "http://127.0.0.1:9"
    assert health_url_of(load(written(tmp_path, EXAMPLE)), "production", own) == "http://127.0.0.1:8"


@pytest.mark.parametrize(
    ("host", "script"),
    [
        ("cms-production.acme.workers.dev", "cms-production"),
        ("mcp-production.acme.workers.dev", "mcp-production"),
        ("www.acme.com", "cms-production"),
    ],
)
def test_a_stage_asks_the_worker_that_the_host_is_named_after(tmp_path: Path, host: str, script: str) -> None:
    text = EXAMPLE.replace("[[tool.release.workers]]", FIRST, 1)
    config = load(written(tmp_path, f'{text}health = {{ url = "https://{host}/z" }}\n'))
    assert health_urls(config, "http://{}".format) == {"RELEASE_PRODUCTION_HEALTH_URL": f"http://{script}"}
    assert health_urls(load(written(tmp_path, text)), str) == {}
