"""Fifty workers that call each other: one `inv init`, one plan and one release, without Node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from release.commands.init import files
from release.commands.init.questions import Interview
from release.config import load
from release.testing import double
from tests.unit.monorepos import ENVIRON, made, manifest

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 50
NAMES = [f"w{number:02}" for number in range(COUNT)]


def monorepo() -> dict[str, str]:
    """Each worker binds the next one, so that the last is deployed first."""
    found = {"package.json": manifest("fifty", "1.0.0", test="true")}
    for number, name in enumerate(NAMES):
        called = NAMES[number + 1 : number + 2]
        services = [{"binding": "NEXT", "service": f"{one}-production"} for one in called]
        environment = {"services": services, "routes": [{"pattern": f"{name}.example.com"}]}
        settings = {"name": name, "main": "worker.js", "env": {"production": environment}}
        found[f"apps/{name}/wrangler.json"] = json.dumps(settings)
        found[f"apps/{name}/worker.js"] = "export default { fetch: () => new Response(version) };\n"
    return found


def adopted(root: Path) -> files.Adoption:
    answers = {"health": "/api/health", "package": "cms-release"}
    return files.prepare(root, ENVIRON, Interview(answers, None, guessing=True))


def test_init_orders_them_by_their_bindings(tmp_path: Path) -> None:
    root = made(tmp_path, monorepo())
    files.write(root, adopted(root).files)
    config = load(root)
    assert [one.name for one in config.workers] == NAMES[::-1]
    assert {config.placed(name, "production").script for name in NAMES} == {
        f"{one}-production" for one in NAMES
    }


def test_they_are_planned_and_released(tmp_path: Path) -> None:
    root = made(tmp_path / "before", monorepo())
    files.write(root, adopted(root).files)
    brought = {name: (root / name).read_text("utf-8") for name in (*monorepo(), "pyproject.toml")}
    with double(tmp_path / "double", released=None) as world:
        world.commit(brought, "feat: fifty workers")
        world.environ["RELEASE_PRODUCTION_URL"] = world.cloud.url_for(f"{NAMES[0]}-production")
        planned = world.plan()
        assert planned.problems == ()
        deploys = [one.name for one in planned.steps if one.name.startswith("deploy ")]
        assert deploys == [f"deploy {name}" for name in NAMES[::-1]]
        released = world.release()
    assert (released.outcome, len(released.steps)) == ("released", len(planned.steps))
