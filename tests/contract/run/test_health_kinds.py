"""A release, its rerun after a kill, and its rollback, over health routes of every kind and over none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.rehearsal.cloud.memory_runtime import well_behaved
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import CONFIG
from release.views.summary import Page
from release.views.text import plan_lines
from tests.contract.commands.rollbacks import back, shown, verified
from tests.contract.release_facts import remote, served, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

    Answer = Callable[[LoadedVersion], Response]

ENV = '[tool.release.environments.{}]\nwrangler = "{}"\n'
TELLS_NONE = "The health route tells no version: the proof is Cloudflare's version id and 3 good answers"


class KilledError(BaseException):
    """The machine is gone."""


class Kill(Recorder):
    """Dies as the smoke check begins: both workers serve, and nothing is recorded."""

    def started(self, step: str) -> None:
        super().started(step)
        if step == "smoke":
            raise KilledError


def as_json(body: object) -> Response:
    return Response(json.dumps(body), content_type="application/json")


KINDS: dict[str, tuple[str, Answer, str]] = {
    "ok": (
        'health = { status = "ok", ok = true, version = false }',
        lambda _: as_json({"ok": True}),
        TELLS_NONE,
    ),
    "none": ("health = false", lambda _: Response("no such page", 404), "There is no health route"),
    "commit": (
        'health = { status = false, version = false, commit = "sha" }',
        lambda loaded: as_json({"sha": loaded.variables["COMMIT_SHA"][:10]}),
        "",
    ),
    "text": ('health = { path = "/health", text = "up" }', lambda _: Response("up\n"), TELLS_NONE),
    "version id": (
        'health = { status = false, version = false, version_id = "id" }',
        lambda loaded: as_json({"id": loaded.version.id}),
        "",
    ),
}


def configured(line: str) -> dict[str, str]:
    """The double's configuration with this health in both environments, and no badge."""
    text = CONFIG
    for name in ("production", "staging"):
        head = ENV.format(name, name)
        assert head in text
        text = text.replace(head, f"{head}{line}\n")
    lines = (line for line in text.splitlines() if not line.startswith("badge"))
    return {"pyproject.toml": "\n".join(lines)}


def answering(world: Double, answer: Answer) -> None:
    """Both environments answer this on every path that may be the health route."""

    def behave(loaded: LoadedVersion, request: Request) -> Response:
        is_health = request.path in {"/health", "/api/health"}
        return answer(loaded) if is_health else well_behaved(loaded, request)

    for name in ("production", "staging"):
        world.runtime.behaviour[world.script("cms", name)] = behave


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_killed_release_is_finished_and_rolled_back_whatever_the_health_route_tells(
    tmp_path: Path, kind: str
) -> None:
    line, answer, weaker = KINDS[kind]
    with opened(tmp_path, overlay=configured(line)) as world:
        answering(world, answer)
        seen = Recorder()
        planned = world.plan(listener=seen)
        assert planned.exit_code == 0, told(planned)
        assert (planned.as_json()["proof"] or "").startswith(weaker)
        text = "\n".join(line.text for line in plan_lines(seen.preview))  # type: ignore[arg-type]
        page = Page(preview=seen.preview).document()
        assert ("the proof is" in text, "the proof is" in page) == (bool(weaker), bool(weaker))
        with pytest.raises(KilledError):
            world.release(listener=Kill())
        assert shown(world)["version"] == "1.2.4"
        world.clock.slept.clear()
        outcome = world.release(root=world.clone())
        assert (outcome.exit_code, outcome.decision) == (0, "finish"), told(outcome)
        assert remote(world, "cms-v1.2.4") == served(world, "cms")[0].partition("+")[2]
        assert (sum(world.clock.slept) >= 60) is bool(weaker)
        assert verified(world).exit_code == 0
        world.clock.slept.clear()
        done = back(world, despite_migrations=True)
        assert (done.outcome, done.exit_code) == ("rolled-back", 0), told(done)
        assert served(world, "cms")[0].startswith("cms-v1.2.3+")
        assert (sum(world.clock.slept) >= 60) is bool(weaker)
        assert verified(world).outcome == "rolled-back"
        assert shown(world)["version"] == "1.2.3"


def test_without_a_route_a_deployment_in_the_middle_of_the_wait_is_no_proof(tmp_path: Path) -> None:
    with opened(tmp_path, overlay=configured("health = false")) as world:
        world.environ["RELEASE_STAGE"] = "here"
        assert world.plan().proof.startswith("There is no health route: the proof is Cloudflare's version id")
        assert "before and after 2 s" in world.plan().proof  # nothing has to spread on a stage
        del world.environ["RELEASE_STAGE"]

        class Meddle(Recorder):
            def line(self, text: str) -> None:
                super().line(text)
                if "no health route to ask" in text and not self.lines[:-1].count(text):
                    served_by_hand(world)

        outcome = world.release(listener=Meddle())
        assert outcome.exit_code == 3
        assert "Cloudflare does not serve mcp of cms-v1.2.4 to everybody" in told(outcome)
        assert "cms-v1.2.4" not in world.git("tag", "--list", cwd=world.forge.repository).split()


def served_by_hand(world: Double) -> None:
    from tests.contract.run.test_unfinished_releases import by_hand

    by_hand(world, "mcp")


def test_a_route_that_lacks_what_it_is_said_to_tell_stops_on_staging_with_what_to_set(tmp_path: Path) -> None:
    with opened(tmp_path, overlay=configured('health = { status = "ok", ok = true }')) as world:
        answering(world, lambda _: as_json({"ok": True}))
        assert "set health.version = false" in shown(world)["health"]["problem"]
        outcome = world.release()
        assert outcome.exit_code == 4
        assert "set health.version = false" in told(outcome)


def test_a_route_that_tells_the_commit_that_was_built_is_believed(tmp_path: Path) -> None:
    """`git rev-parse HEAD` in a build is the base: the bump lies in the work tree alone."""
    with opened(tmp_path, overlay=configured(KINDS["commit"][0])) as world:
        heads = dict[str, str]()

        def built(loaded: LoadedVersion) -> Response:
            tag, _, commit = loaded.version.tag.partition("+")
            return as_json({"sha": heads.get(tag, commit)})

        answering(world, built)
        heads["cms-v1.2.4"] = world.git("rev-parse", "HEAD")
        assert world.release().exit_code == 0
        heads["cms-v1.2.5"] = world.commit({"docs/more.md": "more\n"})
        assert world.release().exit_code == 0
        done = back(world)
        assert (done.outcome, done.exit_code) == ("rolled-back", 0), told(done)
        assert "cms-v1.2.4" in served(world, "cms")[0]
