"""A world in which a release was rolled back, and what the commands say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.commands.rollback.course import RollbackOptions, rollback
from release.commands.status import course as status
from release.commands.verify import course as verifying
from release.testing import Recorder
from release.views.ending import outcome_lines

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double

WORKER = {"apps/cms/worker.js": "export default { fetch: () => new Response('5') };\n"}
WHY = "500s on /pages"


def rolled_back(world: Double) -> Double:
    """1.2.4 serves: 1.3.0 was released over it, and rolled back."""
    assert world.release().outcome == "released"
    world.commit(WORKER)
    assert world.release("minor").outcome == "released"
    assert back(world, reason=WHY).exit_code == 0
    return world


def back(world: Double, tag: str | None = None, environment: str = "production", **wanted: Any) -> Outcome:  # noqa: ANN401
    asked = RollbackOptions(environment, tag, **wanted)
    return rollback(world.root, world.environ, asked, lambda *_: None, Recorder(), connect=world.connect)


def verified(world: Double) -> Outcome:
    return verifying.verify(world.root, world.environ, "production", Recorder(), connect=world.connect)


def shown(world: Double) -> dict[str, Any]:
    found = status.as_json(status.read(world.root, world.environ))
    return dict(found["environments"]["production"])


def text(outcome: Outcome) -> str:
    return "\n".join(line.text for line in outcome_lines(outcome))
