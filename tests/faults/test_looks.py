"""Each step's look is needed: where it is taken out, a case that is green turns red."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from release import sequences
from release.model.step import Done
from release.rehearsal.cloud.memory_runtime import well_behaved
from tests.faults.cases import as_it_is, judged, release, unbroken, watched, with_contract, without_ledger
from tests.faults.snapshot import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.model.outcome import Outcome
    from release.model.release import Release
    from release.model.step import Look, Step
    from release.model.world import World
    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from tests.faults.cases import Scene, Unbroken
    from tests.faults.watch import Watch

STEPS = (
    "test", "bump", "backfill", "migrate", "deploy mcp", "deploy cms", "smoke", "contract", "record", "github-release", "verify",
)  # fmt: skip
REASONS = {"test": "before the tests passed", "smoke": "no health answer ever named it"}
SCENES: dict[str, Scene] = {"backfill": without_ledger, "contract": with_contract}


class NotLooking:
    """A step that takes its work for done."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the step has
        return getattr(self._step, name)

    def look(self, world: World, release: Release) -> Look:
        """Done, always."""
        del world, release
        return Done("nobody looked")


@pytest.fixture(scope="session")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scene], Unbroken]:
    """The end of an unbroken run of a scene."""
    folder, known = tmp_path_factory.mktemp("looks"), dict[str, "Unbroken"]()

    def of(scene: Scene) -> Unbroken:
        if scene.__name__ not in known:
            known[scene.__name__] = unbroken(folder / scene.__name__, scene)
        return known[scene.__name__]

    return of


def test_the_sequence_has_no_other_steps(tmp_path: Path) -> None:
    with watched(tmp_path / "world") as watch, watch.world.ops() as ops:
        found = sequences.sequence(sequences.Setting(sequences.Kind.RELEASE, ops.config, "production"))
    assert tuple(step.name for step in found) == STEPS


@pytest.mark.parametrize("step", STEPS[:-1])
def test_without_the_look_of_a_step_a_release_does_not_converge(
    step: str, ends: Callable[[Scene], Unbroken], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = SCENES.get(step, as_it_is)
    whole = ends(scene)  # green: nothing was wrong with it
    not_looking_at(step, monkeypatch)
    with watched(tmp_path / "world", scene=scene) as watch:
        release(watch.world, watch.world.root)
        outcome = release(watch.world, watch.world.root)
        red = [*judged(watch, whole, watch.world.root), *lies(watch, outcome)]
    assert any(REASONS.get(step, "") in one for one in red), red


def test_without_the_look_of_verify_a_release_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(tmp_path / "looking") as watch:
        watch.world.runtime.behaviour[SCRIPTS[-1]] = showing_an_old_badge
        outcome = release(watch.world, watch.world.root)
        assert (outcome.exit_code, lies(watch, outcome)) == (3, [])
    not_looking_at("verify", monkeypatch)
    with watched(tmp_path / "not-looking") as watch:
        watch.world.runtime.behaviour[SCRIPTS[-1]] = showing_an_old_badge
        assert lies(watch, release(watch.world, watch.world.root))


def showing_an_old_badge(loaded: LoadedVersion, request: Request) -> Response:
    """A worker whose dashboard was not built again."""
    response = well_behaved(loaded, request)
    if request.path == "/":
        response.set_data(response.get_data(as_text=True).replace(loaded.number, "1.2.3"))
    return response


def lies(watch: Watch, outcome: Outcome) -> list[str]:
    """What a run that says that it released is wrong about, as anybody sees it."""
    if outcome.outcome != "released" or outcome.release is None:
        return []
    with watch.world.ops() as ops:
        badge = ops.environment.badge
        assert badge is not None
        shown = ops.web.badge(badge, ops.url)
        health = ops.web.health(ops.environment, ops.url)
    told = [f"health says {health.version}"] if health.version != outcome.release.version else []
    return told + ([f"the badge says {shown}"] if shown != outcome.release.version else [])


def not_looking_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take one step's look out of every sequence."""

    def without(make: Callable[..., sequences.Sequence]) -> Callable[..., sequences.Sequence]:
        def made(*given: object, **more: object) -> sequences.Sequence:
            return tuple(NotLooking(one) if one.name == step else one for one in make(*given, **more))

        return made

    monkeypatch.setattr(sequences, "sequence", without(sequences.sequence))
