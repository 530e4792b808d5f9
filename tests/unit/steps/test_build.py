"""The step `build`: what is about to be deployed is built in each run, before anything is written."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from release.model.deployment import WorkerDeployment
from release.model.effects import BuildWorker
from release.model.step import Done, Todo
from release.sequences import Kind, Setting, sequence, step_names
from release.steps.build import Build
from tests.unit.worlds import BASES, CONFIGURED, SOUND, release_of, subject_of

RELEASE = release_of(subject_of(BASES[0], "1.2.4"))
STEP = Build((("mcp", "make mcp"), ("cms", "make cms")))
WITH = msgspec.structs.replace(
    CONFIGURED,
    workers=tuple(msgspec.structs.replace(one, build=("make", one.name)) for one in CONFIGURED.workers),
)
SERVES = WorkerDeployment("script", (("v", 100.0),), RELEASE.annotation, None)


def test_it_stands_between_the_bump_and_the_first_write_where_a_worker_has_a_build() -> None:
    names = list(step_names(WITH))
    assert names[names.index("build") - 1 : names.index("build") + 2] == ["bump", "build", "backfill"]
    assert "build" not in step_names(CONFIGURED)
    assert sequence(Setting(Kind.STAGING, WITH, "staging"))[0].name == "build"
    assert "build" not in [one.name for one in sequence(Setting(Kind.UNRECORDED, WITH, "production"))]


def test_each_run_builds_what_does_not_serve_yet() -> None:
    assert STEP.look(SOUND, RELEASE) == Todo(
        (BuildWorker("mcp"), BuildWorker("cms")), "mcp: make mcp; cms: make cms"
    )
    half = replace(SOUND, live={**SOUND.live, "mcp": SERVES})
    assert STEP.look(half, RELEASE) == Todo((BuildWorker("cms"),), "cms: make cms")


def test_it_is_done_once_all_is_built_or_serves() -> None:
    world = BuildWorker("cms").expect(replace(SOUND, live={**SOUND.live, "mcp": SERVES}))
    assert isinstance(STEP.look(world, RELEASE), Done)


def test_a_build_is_no_write() -> None:
    effect = BuildWorker("cms")
    assert (effect.writes("build"), effect.written(effect.expect(SOUND), "build")) == ((), ())
