"""An environment may have the app's name: what is released there is no package for that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from release.config import of_target
from release.decide.branch_findings import findings
from release.decide.decide import Go, Nothing, decide
from release.decide.single_step import repair
from release.model.outcome import Outcome
from release.model.registry import Package
from release.model.repository import Aftermath, Commit, Remote
from release.model.request import Request
from release.target import NpmTarget
from release.views.ending import outcome_lines
from tests.unit.decide.test_decide import live_everywhere
from tests.unit.worlds import BASES, CONFIGURED, SOUND, release_of, subject_of

if TYPE_CHECKING:
    from release.config import Config
    from release.model.release import Release
    from release.model.world import World

NAMED = msgspec.structs.replace(
    CONFIGURED, production="cms", environments={"cms": CONFIGURED.environments["production"]}
)
WORLD = replace(SOUND, environment="cms")
API = of_target(
    CONFIGURED,
    NpmTarget(name="api", folder="apps/cms", tag="api-v{version}", test=(), lockfile="package-lock.json"),
)


def released(world: World, config: Config, environment: str) -> Release:
    """What is carried out."""
    decision = decide(world, Request(environment), config)
    assert isinstance(decision, Go)
    return decision.release


def ending(release: Release) -> str:
    """What a person reads when all is done."""
    done = Outcome("released", "start", release.environment, release)
    return next(iter(outcome_lines(done))).text


def test_a_release_to_an_environment_with_the_apps_name_says_where_it_went() -> None:
    release = released(WORLD, NAMED, "cms")
    assert ending(release) == f"{release.tag} is released to cms."


def test_finishing_one_says_where_it_went() -> None:
    begun = subject_of(BASES[0], "1.2.4")
    release = released(live_everywhere(WORLD, begun), NAMED, "cms")
    assert ending(release) == "cms-v1.2.4 is released to cms."


def test_repairing_one_says_where_it_went() -> None:
    assert isinstance(WORLD.remote, Remote)
    last = subject_of(BASES[0], "1.2.4")
    world = replace(WORLD, remote=replace(WORLD.remote, tags={**WORLD.remote.tags, last.tag: last.commit}))
    found = repair(world, Nothing("no commits", last, released=True), "verify", NAMED)
    assert found is not None
    assert not found.release.is_package


def test_what_a_force_push_took_was_brought_to_the_environment() -> None:
    lost = Aftermath(dropped=(Commit("d" * 40, "feat: pages"),))
    release = replace(release_of(subject_of(BASES[0], "1.2.4")), environment="cms")
    (found,) = findings(lost, release, NAMED)
    assert found.what.endswith("brought to cms.")


def test_a_package_is_still_published() -> None:
    world = replace(SOUND, environment="api", live={}, databases={}, health=None, package=Package("api", ""))
    release = released(world, API, "api")
    assert release.is_package
    assert ending(release) == f"{release.tag} is published."
