"""The smoke check: ask the health route until it has been right several times in a row, or the deadline passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.model.deployment import Health, Live, Smoke
from release.model.repository import names

if TYPE_CHECKING:
    from release.model.effects import WatchHealth
    from release.model.release import Release
    from release.systems.ops import Ops, Tell


def watch(ops: Ops, effect: WatchHealth, tell: Tell) -> tuple[Smoke, Health]:
    """Poll to the deadline and say how it ended, with the last answer.

    Healthy means: ok and the right version, `streak` times in a row, while Cloudflare serves all of this
    release's versions before and after.

    Where the number was live before (`left_version`) and health names no commit, answers count only after
    `settle` seconds: until then an old bundle may still answer (docs/architecture.md, "Propagation").
    """
    limits, release = ops.environment.smoke, effect.release
    started = ops.clock.elapsed()
    before = serving(ops, release)
    in_a_row, health, wrong = 0, Health(None, None, "not asked yet"), before[1]
    while wrong is None:
        health = ops.web.health(ops.environment, ops.url)
        fault = unlike(health, release)
        waited = ops.clock.elapsed() - started
        counts = not effect.left_version or health.commit is not None or waited >= limits.settle
        in_a_row = in_a_row + 1 if fault is None and counts else 0
        if in_a_row >= limits.streak:
            after = serving(ops, release)
            wrong = after[1] or (None if after[0] == before[0] else "another version was deployed meanwhile")
            detail = f"{release.version} answered {in_a_row} times in a row"
            return Smoke(wrong is None, wrong or detail, after[0]), health
        if waited >= limits.deadline:
            wrong = f"{fault or 'it answered rightly, but not long enough'}, for {limits.deadline:.0f} s"
            break
        tell(fault or f"{release.version} is healthy ({in_a_row} of {limits.streak})")
        ops.clock.sleep(limits.interval)
    return Smoke(healthy=False, detail=wrong or "", version_ids=before[0]), health


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
        if not isinstance(live, Live) or live.release != (release.tag, release.commit):
            return ids, f"Cloudflare does not serve {worker.name} of {release.tag} to everybody"
        ids[worker.name] = live.version_id or ""
    return ids, None
