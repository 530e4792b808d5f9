"""What a deploy changes besides the code, from the plan to its end, on a double that has wrangler configurations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from werkzeug.wrappers import Response

from release.commands.diff.course import shown
from release.commands.rollback.course import RollbackOptions, rollback
from release.model.request import Request
from release.testing import Recorder
from release.testing import double as opened
from release.testing.double import ACCOUNT, CLOUD_TOKEN, DATABASES
from release.testing.monorepo import CONFIG
from release.views.text import plan_lines
from tests.contract.cloud_account import bundle
from tests.contract.release_facts import record_of, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request as Asked

    from release.commands.ending import Shown
    from release.testing import Double

FILE = "apps/cms/wrangler.jsonc"
ADDRESS = "/workers/scripts/double-cms-production"


def wrangler(**production: Any) -> str:  # noqa: ANN401 - keys of wrangler's
    """The configuration of the cms, as the double deploys it, with more in production."""
    blocks = {
        name: {
            "d1_databases": [
                {
                    "binding": "DB",
                    "database_name": f"double-{name}",
                    "database_id": DATABASES[f"double-{name}"],
                }
            ]
        }
        for name in ("production", "staging")
    }
    blocks["production"] |= production
    base = {"name": "double-cms", "compatibility_date": "2026-01-01", "workers_dev": True}
    return json.dumps({**base, "env": blocks})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Double]:
    """The double's cms has a wrangler configuration."""
    with opened(tmp_path, overlay={FILE: wrangler(), "pyproject.toml": CONFIG}) as made:
        yield made


def dashboard(world: Double, **variables: str) -> None:
    """Somebody sets variables by hand: a version without a tag, deployed at once, as the dashboard does."""
    base = f"{world.cloud.base_url}/accounts/{ACCOUNT}{ADDRESS}"
    headers = {"Authorization": f"Bearer {CLOUD_TOKEN}"}
    with httpx.Client(headers=headers, trust_env=False, verify=False) as client:
        live = client.get(f"{base}/deployments").json()["result"]["deployments"][0]["versions"][0][
            "version_id"
        ]
        bound = client.get(f"{base}/versions/{live}").json()["result"]["resources"]["bindings"]
        more = [{"type": "plain_text", "name": name, "text": text} for name, text in variables.items()]
        source = world.root / "apps/cms/worker.js"
        form = bundle(f'var version = "1.2.3";\n{source.read_text()}', bindings=(*bound, *more))
        made = client.post(f"{base}/versions", files=form).json()["result"]["id"]
        sent = {"strategy": "percentage", "versions": [{"version_id": made, "percentage": 100}]}
        assert client.post(f"{base}/deployments", json=sent).is_success


def diffed(world: Double, env: str = "", between: str = "", *, tells: bool = True) -> Shown:
    return shown(world.root, world.environ, env, between, tells=tells, connect=world.connect)


def test_where_nothing_differs_nothing_is_said(world: Double) -> None:
    outcome = world.plan()
    assert outcome.as_json()["configuration"] == []
    assert outcome.exit_code == 0, told(outcome)
    found = diffed(world)
    assert (found.exit_code, found.json["differs"]) == (0, False)
    assert list(found.lines)[-1] == "  Nothing differs."


def test_a_variable_of_the_dashboard_blocks_until_it_is_accepted_with_a_reason(world: Double) -> None:
    dashboard(world, SMTP_HOST="mail.example.com")
    blocked = world.release()
    assert blocked.exit_code == 4
    (problem,) = [one for one in blocked.problems if one.check == "configuration"]
    assert problem.what.startswith("This deploy of cms takes away var SMTP_HOST: ")
    assert "--accept cms/var:SMTP_HOST" in problem.advice
    (change,) = blocked.as_json()["configuration"]
    assert (change["mark"], change["before"], change["loss"]) == ("-", '"mail.example.com"', "variables")

    found = diffed(world)
    assert found.exit_code == 10
    assert any("- var SMTP_HOST" in line for line in found.lines)

    request = Request(accept=("cms/var:SMTP_HOST",), reason="mail goes through the queue")
    outcome = world.release(request=request)
    assert outcome.exit_code == 0, told(outcome)
    kept = [one for one in record_of(world).remarks if one.kind == "skip"]
    assert [one.why for one in kept] == ["mail goes through the queue"]
    assert diffed(world).exit_code == 0


def test_a_change_between_plan_and_release_makes_the_plan_stale(world: Double, tmp_path: Path) -> None:
    plan_file = tmp_path / "plan.json"
    assert world.plan(output=plan_file).exit_code == 0
    dashboard(world, FLAG="on")
    outcome = world.release(plan_file=plan_file)
    assert outcome.exit_code == 4
    assert "changes was" in told(outcome)


def test_what_the_release_changes_is_shown_and_blocks_nothing(world: Double) -> None:
    world.commit({FILE: wrangler(vars={"MODE": "fast"})}, "feat: fast")
    outcome = world.plan()
    (change,) = outcome.as_json()["configuration"]
    assert (change["mark"], change["after"], change["origin"], change["loss"]) == (
        "+",
        '"fast"',
        "release",
        None,
    )
    assert not [one for one in outcome.problems if one.check == "configuration"]


def test_a_configuration_that_says_off_asks_for_nothing(world: Double) -> None:
    world.commit(
        {"pyproject.toml": f'{CONFIG}\n[tool.release.checklist]\nconfiguration = "off"\n'}, "chore: off"
    )
    dashboard(world, SMTP_HOST="x")
    asked: list[str] = []
    world.cloud.before = lambda request: asked.append(request.path)
    outcome = world.plan()
    assert outcome.as_json()["configuration"] == []
    assert asked
    assert not [path for path in asked if path.endswith(("/schedules", "/subdomain", "/domains"))]


def test_a_kind_can_be_set_to_warn(world: Double) -> None:
    config = f'{CONFIG}\n[tool.release.checklist]\nconfiguration = {{ variables = "warn" }}\n'
    world.commit({"pyproject.toml": config}, "chore: warn")
    dashboard(world, SMTP_HOST="x")
    outcome = world.plan()
    assert [one.level for one in (*outcome.problems, *outcome.warnings) if one.check == "configuration"] == [
        "warn"
    ]


def test_two_environments_are_held_against_each_other(world: Double) -> None:
    dashboard(world, ONLY_HERE="1")
    found = diffed(world, between="staging,production")
    assert found.exit_code == 10
    lines = [line.strip() for line in found.lines]
    assert '+ var ONLY_HERE ("1")' in lines
    assert any(line.startswith("~ binding DB") for line in lines)


def test_the_plan_shows_it_under_the_steps(world: Double) -> None:

    dashboard(world, SMTP_HOST="mail.example.com")
    heard = Recorder()
    world.plan(listener=heard)
    assert heard.preview is not None
    text = [line.text for line in plan_lines(heard.preview, 80)]
    at = text.index("  cms: besides its code, this deploy changes")
    assert text[at + 1].startswith('    - var SMTP_HOST ("mail.example.com"): ')
    assert max(map(len, text[at:])) <= 80


def test_a_rollback_names_the_triggers_that_it_does_not_put_back(world: Double) -> None:
    assert world.release().exit_code == 0
    world.commit({FILE: wrangler(triggers={"crons": ["0 1 * * *"]})}, "feat: nightly")
    assert world.release().exit_code == 0
    asked = RollbackOptions("production", despite_migrations=True)
    outcome = rollback(world.root, world.environ, asked, lambda *_: None, Recorder(), connect=world.connect)
    assert outcome.exit_code == 0, told(outcome)
    assert not [fact for label, fact in outcome.state if label == "not put back"], (
        "1.2.4 names no crons: they stay"
    )
    put(world, "POST", "/subdomain", {"enabled": False})
    forward = RollbackOptions("production", "cms-v1.2.5", despite_migrations=True)
    outcome = rollback(world.root, world.environ, forward, lambda *_: None, Recorder(), connect=world.connect)
    (fact,) = [fact for label, fact in outcome.state if label == "not put back"]
    assert fact.startswith("cms has workers.dev off, and not on")


def put(world: Double, method: str, path: str, sent: object) -> None:
    """A request to Cloudflare past every release."""
    base = f"{world.cloud.base_url}/accounts/{ACCOUNT}{ADDRESS}"
    headers = {"Authorization": f"Bearer {CLOUD_TOKEN}"}
    with httpx.Client(headers=headers, trust_env=False, verify=False) as client:
        assert client.request(method, base + path, json=sent).is_success


def test_a_trigger_that_was_promised_and_is_not_there_is_named_at_the_end(world: Double) -> None:
    world.commit({FILE: wrangler(triggers={"crons": ["0 1 * * *"]})}, "feat: nightly")
    fine = Response(json.dumps({"success": True, "result": {"schedules": []}, "errors": []}))

    def forgotten(request: Asked) -> Response | None:
        is_put = request.method == "PUT" and request.path.endswith("/schedules")
        return fine if is_put else None

    world.cloud.before = forgotten
    outcome = world.release()
    assert outcome.exit_code == 3
    assert outcome.failure is not None
    assert "cms does not have cron 0 1 * * *" in outcome.failure.what
    world.cloud.before = None
    put(world, "PUT", "/schedules", [{"cron": "0 1 * * *"}])
    assert world.release().exit_code == 0
