"""The smoke check: ask the health route until it has been right several times in a row, or the deadline passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.frozen import Frozen
from release.model.deployment import Health, Smoke, WorkerDeployment
from release.model.health import is_exact, rule_of, unlike

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.model.effects import WatchHealth
    from release.model.release import Release
    from release.systems.ops import Ops, Tell


class Answers(Frozen, frozen=True):
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

    `tell` is given each answer after which it is asked again. Answers that an old bundle may give as well count only
    after `settle` seconds (docs/architecture.md, "Propagation"): those that tell nothing of what serves, and where
    `is_blind` (the number was live before) those that tell the number alone.
    """
    limits, started = ops.environment.smoke, ops.clock.elapsed()
    answers: list[Health] = []
    in_a_row = 0
    while True:
        health = ops.web.health(ops.environment, ops.health_url)
        answers.append(health)
        waited = ops.clock.elapsed() - started
        is_new = is_exact(health) or (health.version is not None and not is_blind)
        counts = is_new or waited >= ops.settle
        in_a_row = in_a_row + 1 if counts and is_right(health) else 0
        is_steady = in_a_row >= limits.streak
        if is_steady or waited >= limits.deadline:
            return Answers(tuple(answers), in_a_row, is_steady)
        tell(health, in_a_row)
        ops.clock.sleep(limits.interval)


def watch(ops: Ops, effect: WatchHealth, tell: Tell) -> tuple[Smoke, Health]:
    """Poll to the deadline and say how it ended, with the last answer.

    Healthy means: as configured and of this release as far as it tells, `streak` times in a row, while Cloudflare
    serves all of this release's versions before and after.
    """
    limits, release = ops.environment.smoke, effect.release
    before, wrong = serving(ops, release)
    if wrong is not None:
        return Smoke(healthy=False, detail=wrong, version_ids=before), Health(None, None, "not asked yet")

    def wrong_with(health: Health) -> str | None:
        return unlike(health, release, tuple(before.values()))

    def said(health: Health, in_a_row: int) -> None:
        told = f"{_subject(health, release)} ({in_a_row} of {limits.streak})"
        tell(wrong_with(health) or told)

    answers = ask(ops, lambda health: wrong_with(health) is None, said, is_blind=effect.left_version)
    if not answers.is_steady:
        fault = wrong_with(answers.last) or "it was healthy, but not for long enough"
        return Smoke(
            healthy=False, detail=f"{fault}, for {limits.deadline:.0f} s", version_ids=before
        ), answers.last
    after, wrong = serving(ops, release)
    if wrong is None and after != before:
        wrong = "another version was deployed meanwhile"
    detail = _steady(ops, release, answers.last, answers.in_a_row)
    return Smoke(wrong is None, wrong or detail, after), answers.last


def _subject(health: Health, release: Release) -> str:
    """What is waited for, after an answer that has nothing against it."""
    if not health.asked:
        return f"Cloudflare serves {release.name}; there is no health route to ask"
    return f"{health.version or _exact(health) or 'what answers'} is healthy"


def _exact(health: Health) -> str:
    """The commit or the version id that an answer tells, as people read it; empty where it tells neither."""
    if health.commit is not None:
        return f"commit {health.commit[:7]}"
    return f"version {health.version_id[:8]}" if health.version_id else ""


def _steady(ops: Ops, release: Release, health: Health, in_a_row: int) -> str:
    """What a smoke check that ended well has seen."""
    if not health.asked:
        return f"Cloudflare served {release.name} alone for {ops.settle:g} s; there is no health route to ask"
    times = f"{in_a_row} time{'' if in_a_row == 1 else 's'} in a row"
    says = health.version or _exact(health)
    if says:
        return f"{says} answered {times}"
    shown = rule_of(ops.environment).shown
    return f"{shown} answered well {times} after {ops.settle:g} s, and Cloudflare served {release.name} alone"


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
