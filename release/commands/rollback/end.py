"""How a rollback ends: whether what is live is healthy, what serves where, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import TYPE_CHECKING

from release.commands.rollback.answers import Seen, as_built, judged, known, unasked
from release.model.deployment import WorkerDeployment
from release.model.health import is_exact, live_ids
from release.model.outcome import Failure, Outcome, StepResult
from release.model.release import Write
from release.model.rolled_back import after, facts, live_words, serving
from release.model.unread import Unread
from release.observe.readiness import answer as observed
from release.run.effects.smoke import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.commands.rollback.routes import Route, Situation, Trip
    from release.model.deployment import Health
    from release.model.outcome import Ending, Listener
    from release.model.record import Record
    from release.model.rolled_back import RolledBack
    from release.systems.ops import Ops

    Lives = Mapping[str, WorkerDeployment | Unread | None]

State = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Course:
    """A rollback on its way: what it started from, the way of each worker, and all of them as one `trip`."""

    ops: Ops
    listener: Listener
    ground: Situation
    ways: tuple[Route, ...]
    trip: Trip
    tag: str | None

    @property
    def decision(self) -> str:
        """Where it leads, in a word."""
        return "forward" if self.trip.is_forward else "rollback"

    @property
    def command(self) -> str:
        """The rollback as it is typed."""
        return f"inv rollback{f' {self.tag}' if self.tag else ''}{suffix(self.ops)}"


def suffix(ops: Ops) -> str:
    """What a command needs to be about this environment."""
    return "" if ops.name == ops.config.production else f" --env {ops.name}"


def already(ops: Ops, ground: Situation, tag: str | None, listener: Listener) -> Outcome:
    """Nothing is to be done: every worker serves it."""
    back = after(ops.name, ground.record, ground.live, ops.config)
    named = f"{ops.name} is back on {tag or (back and back.to) or 'what served before'} already"
    outcome = Outcome(
        "nothing",
        "rollback",
        ops.name,
        why=named,
        is_so=True,
        rolled_back=back,
        state=_state(ops, back, ground.live),
        live=ground.live,
    )
    listener.ended(outcome)
    return outcome


def untouched(course: Course) -> Outcome:
    """A dry run: what the rollback would do was said, and nothing was changed."""
    ops, ways = course.ops, course.ways
    writes = [
        Write(f"roll back {way.worker}", "cloudflare", way.script, "deploy the older version") for way in ways
    ]
    results = tuple(
        StepResult(one.step, "todo", 0.0, str(way), (one,)) for one, way in zip(writes, ways, strict=True)
    )
    outcome = Outcome(
        "planned",
        course.decision,
        ops.name,
        steps=results,
        urls=(ops.url,),
        next=course.command,
        live=course.ground.live,
    )
    course.listener.ended(outcome)
    return outcome


def half(course: Course, results: list[StepResult], failure: Failure, lives: Lives) -> Outcome:
    """Not every worker is where it should be."""
    there = [
        way.worker for way in course.ways if _is_moved(course.ground.live[way.worker], lives[way.worker])
    ]
    unread = [way.worker for way in course.ways if isinstance(lives[way.worker], Unread)]
    rest = [way.worker for way in course.ways if way.worker not in {*there, *unread}]
    where, to = course.ops.name.capitalize(), course.trip.to
    if there:
        standing = (
            f"{where} is half way: {' and '.join(there)} went to {to}, {' and '.join(unread + rest)} did not."
        )
    else:
        standing = f"{where} may have changed." if unread else f"Not rolled back. {where} is unchanged."
    state = _state(course.ops, None, lives)
    failure = replace(failure, standing=standing, state=state)
    ending: Ending = "unrecorded" if there or unread else "failed"
    outcome = Outcome(
        ending,
        course.decision,
        course.ops.name,
        steps=tuple(results),
        failure=failure,
        urls=(course.ops.url,),
        next=course.command,
        live=lives,
        before=course.ground.live,
    )
    course.listener.ended(outcome)
    return outcome


def whole(course: Course, results: list[StepResult], record: Record | None, lives: Lives) -> Outcome:
    """Every worker is where it should be; whether that is healthy is looked at here."""
    ops, trip = course.ops, course.trip
    course.listener.started("smoke")
    started = ops.clock.elapsed()
    seen = _smoke(course, lives)
    is_well = seen.kind == "healthy"
    took = ops.clock.elapsed() - started
    results.append(StepResult("smoke", "ok" if is_well else "failed", took, seen.detail))
    course.listener.finished(results[-1])
    back = after(ops.name, record, lives, ops.config)
    state = _state(ops, back, lives)
    done = f"{trip.to} is live again" if trip.is_forward else f"{trip.left} is rolled back"
    outcome = Outcome(
        "rolled-back" if is_well else "unrecorded",
        course.decision,
        ops.name,
        why=f"{done}: {seen.ending or f'{ops.name} is healthy on {seen.version or trip.to}'}"
        if is_well
        else "",
        steps=tuple(results),
        failure=None if is_well else _unwell(course, seen, (*state, *facts(back))),
        urls=(ops.url,),
        next=None if is_well else _next(course, seen),
        rolled_back=back,
        state=state,
        live=lives,
        before=course.ground.live,
    )
    course.listener.ended(outcome)
    return outcome


def _state(ops: Ops, back: RolledBack | None, lives: Lives) -> State:
    """What is live; nothing where what was rolled back says it."""
    return () if back else (("live now", f"{ops.name}: {live_words(lives)}"),)


def _unwell(course: Course, seen: Seen, state: State) -> Failure:
    """What it means that the health route did not say what it should."""
    ops, trip = course.ops, course.trip
    where = ops.name.capitalize()
    if seen.kind == "silent":
        standing = f"{where} serves {trip.to} again; whether it is healthy is unknown: it did not answer."
        advice = f"Check that {ops.url} can be reached from here, then run inv verify{suffix(ops)}."
        return Failure("smoke", seen.detail, "Nothing says that it is unhealthy.", advice, state, standing)
    if seen.kind == "another":
        standing = f"{where} serves {trip.to} again, and its health route does not say so yet."
        meaning = "An old version may answer for up to a minute, or the address leads elsewhere."
        return Failure("smoke", seen.detail, meaning, f"Run inv verify{suffix(ops)}.", state, standing)
    standing = f"{where} serves {trip.to} again, and is not healthy."
    if trip.is_forward:
        advice = f"Go back again: inv rollback{suffix(ops)}"
        return Failure("smoke", seen.detail, f"{trip.to} is unhealthy.", advice, state, standing)
    meaning = "The version rolled back to is unhealthy too."
    advice = "Look at the database and the bindings: D1 was not rolled back."
    return Failure("smoke", seen.detail, meaning, advice, state, standing)


def _next(course: Course, seen: Seen) -> str:
    is_worse = course.trip.is_forward and seen.kind == "unhealthy"
    return f"inv {'rollback' if is_worse else 'verify'}{suffix(course.ops)}"


def _is_moved(before: WorkerDeployment | Unread | None, now: WorkerDeployment | Unread | None) -> bool:
    return not isinstance(now, Unread) and serving(before) != serving(now)


def _smoke(course: Course, lives: Lives) -> Seen:
    """Whether the health route answers as what is live, several times in a row."""
    ops, limits = course.ops, course.ops.environment.smoke
    wanted, left = _mark(course, lives), _served(course)
    ids = live_ids(lives)

    def seen(health: Health) -> Seen:
        if not health.asked:
            return unasked(ops.name)
        return judged(as_built(ops.git, health, (wanted, left)), wanted, left, ids)

    def tell(health: Health, in_a_row: int) -> None:
        one = seen(health)
        counted = f" ({in_a_row} of {limits.streak})" if one.kind == "healthy" else ""
        course.listener.line(f"{one.detail}{counted}")

    is_blind = wanted is not None and left is not None and wanted[0] == left[0]
    answers = ask(ops, lambda health: seen(health).kind == "healthy", tell, is_blind=is_blind)
    if answers.is_steady:
        return _held(course, lives, answers.last, seen(answers.last))
    found = reduce(known, map(seen, answers.all))
    waited = f", for {limits.deadline:.0f} s"
    if found.kind == "healthy":
        return Seen("silent", f"{found.detail}, but not for long enough{waited}")
    return replace(found, detail=f"{found.detail}{waited}")


def _held(course: Course, lives: Lives, health: Health, seen: Seen) -> Seen:
    """The same; an answer that does not tell what serves counts only where Cloudflare still says what it said before."""
    if health.version is not None or is_exact(health):
        return seen
    for name, before in lives.items():
        now = observed(partial(course.ops.cloudflare.live, course.ops.script(name)))
        if isinstance(now, Unread):
            return Seen("silent", now.because)
        if serving(now) != serving(before):
            return Seen("another", f"{name} was deployed meanwhile: {serving(now)}")
    return seen


def _mark(course: Course, lives: Lives) -> tuple[str, str] | None:
    """Version and commit of what every worker serves now; None where they do not agree, or no release made it."""
    return _one(course, [live for live in lives.values() if isinstance(live, WorkerDeployment)])


def _served(course: Course) -> tuple[str, str] | None:
    """The same of what the workers that were moved served when the rollback began."""
    before = [course.ground.live[way.worker] for way in course.ways]
    return _one(course, [live for live in before if isinstance(live, WorkerDeployment)])


def _one(course: Course, lives: list[WorkerDeployment]) -> tuple[str, str] | None:
    marks = {live.release for live in lives}
    mark = marks.pop() if len(marks) == 1 else None
    version = course.ops.config.app.pattern.version(mark[0]) if mark else None
    return (version, mark[1]) if mark and version else None
