"""The smoke check: ask the health route until it has been right several times in a row, or the deadline passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.model.deployment import Health, Smoke, WorkerDeployment
from release.model.repository import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.model.effects import WatchHealth
    from release.model.release import Release
    from release.systems.ops import Ops, Tell


@dataclass(frozen=True)
class Answers:
    """What the health route said, in order, and how often it was right in a row at the end."""

    all: tuple[Health, ...]
    in_a_row: int
    is_steady: bool

    @property
    def last(self) -> Health:
        """The last answer."""
        return self.all[-1]


def ask(
    ops: Ops, is_right: Callable[[Health], bool], tell: Callable[[Health, int], None], *, is_blind: bool
) -> Answers:
    """Ask the health route until it was right `streak` times in a row, or the deadline passes.

    `tell` is given each answer after which it is asked again. `is_blind`: the number was live before, so where health
    names no commit, answers count only after `settle` seconds: until then an old bundle may still answer
    (docs/architecture.md, "Propagation").
    """
    limits, started = ops.environment.smoke, ops.clock.elapsed()
    answers: list[Health] = []
    in_a_row = 0
    while True:
        health = ops.web.health(ops.environment, ops.url)
        answers.append(health)
        waited = ops.clock.elapsed() - started
        counts = not is_blind or health.commit is not None or waited >= limits.settle
        in_a_row = in_a_row + 1 if counts and is_right(health) else 0
        is_steady = in_a_row >= limits.streak
        if is_steady or waited >= limits.deadline:
            return Answers(tuple(answers), in_a_row, is_steady)
        tell(health, in_a_row)
        ops.clock.sleep(limits.interval)


def watch(ops: Ops, effect: WatchHealth, tell: Tell) -> tuple[Smoke, Health]:
    """Poll to the deadline and say how it ended, with the last answer.

    Healthy means: ok and the right version, `streak` times in a row, while Cloudflare serves all of this
    release's versions before and after.
    """
    limits, release = ops.environment.smoke, effect.release
    before, wrong = serving(ops, release)
    if wrong is not None:
        return Smoke(healthy=False, detail=wrong, version_ids=before), Health(None, None, "not asked yet")

    def said(health: Health, in_a_row: int) -> None:
        tell(unlike(health, release) or f"{release.version} is healthy ({in_a_row} of {limits.streak})")

    answers = ask(ops, lambda health: unlike(health, release) is None, said, is_blind=effect.left_version)
    if not answers.is_steady:
        fault = unlike(answers.last, release) or "it answered rightly, but not long enough"
        return Smoke(
            healthy=False, detail=f"{fault}, for {limits.deadline:.0f} s", version_ids=before
        ), answers.last
    after, wrong = serving(ops, release)
    if wrong is None and after != before:
        wrong = "another version was deployed meanwhile"
    detail = f"{release.version} answered {answers.in_a_row} times in a row"
    return Smoke(wrong is None, wrong or detail, after), answers.last


def unlike(health: Health, release: Release) -> str | None:
    """What a health answer has against being this release's; None when it is it."""
    if health.problem is not None:
        return health.problem
    if health.version != release.version:
        return f"health says version {health.version}, not {release.version}"
    if health.commit is not None and not names(health.commit, release.commit):
        return f"health says commit {health.commit[:7]}, not {release.commit[:7]}"
    return None


def serving(ops: Ops, release: Release) -> tuple[dict[str, str], str | None]:
    """The version id of each worker, and the first worker that does not serve this release wholly."""
    ids: dict[str, str] = {}
    for worker in ops.config.workers:
        try:
            live = ops.cloudflare.live(ops.script(worker.name))
        except CannotReadError as error:
            return ids, error.what
        if not isinstance(live, WorkerDeployment) or live.release != (release.tag, release.commit):
            return ids, f"Cloudflare does not serve {worker.name} of {release.tag} to everybody"
        ids[worker.name] = live.version_id or ""
    return ids, None
