"""What a hotfix does, one act after another; each is asked for by `next_action`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.commands.hotfix.look import beside
from release.errors import BlockedError, EffectError
from release.systems.git.branches import advance, picked, point, switch
from release.systems.github.pulls import merge_pull, open_pull

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.commands.hotfix.look import Hotfix
    from release.commands.hotfix.next_action import State
    from release.model.repository import Commit
    from release.systems.ops import Ops

POLL = 10.0  # seconds between two looks at CI
SHOWN = 20  # commits that are listed
LONGEST_REASON = 200


@dataclass(frozen=True)
class HotfixOptions:
    """What was asked for: the tag, commits to pick, why, and whether to release here; `patience` and `poll` are in seconds."""

    tag: str
    picks: tuple[str, ...] = ()
    why: str = ""
    here: bool = False
    break_glass: str = ""
    patience: float = 1800.0
    is_dry: bool = False
    poll: float = POLL


@dataclass(frozen=True)
class Course:
    """What each act needs; `told` is what was said to ship with the hotfix."""

    ops: Ops
    of: Hotfix
    options: HotfixOptions
    say: Callable[[str], None]
    told: list[tuple[Commit, ...]] = field(default_factory=list)


def _make(course: Course, now: State) -> None:
    point(course.ops.git, now.branch, course.of.commit, None)


def _follow(course: Course, now: State) -> None:
    _move(course.ops, now, now.remote or "")


def _pick(course: Course, now: State) -> None:
    at = now.local or now.remote or course.of.commit
    _move(course.ops, now, picked(course.ops, now.branch, at, now.picks))


def _move(ops: Ops, now: State, commit: str) -> None:
    if now.is_checked_out:
        advance(ops.git, commit)
    else:
        point(ops.git, now.branch, commit, now.local)


def _switch(course: Course, now: State) -> None:
    switch(course.ops.git, now.branch)


def _push(course: Course, now: State) -> None:
    ref = f"refs/heads/{now.branch}"
    refused = course.ops.git.push([f"{now.local}:{ref}"], {ref: now.remote or ""})
    if refused and course.ops.git.remote_refs(ref).get(ref) != now.local:
        raise BlockedError(
            f"The remote refused {now.branch}: {refused}",
            "Check your access to it, then run the same command again.",
        )


def _open(course: Course, now: State) -> None:
    others = beside(course.ops, now, course.of.commit)
    fixes = "\n".join(f"- {one.sha[:7]} {one.subject}" for one in now.own)
    also = "\n".join(f"- {one.sha[:7]} {one.subject}" for one in others[:SHOWN])
    body = f"Straight from {now.tag}, without its time on staging.\n\n{fixes}\n"
    body += f"\nAlso on {now.main} since {now.tag}, and shipping with it:\n\n{also}\n" if others else ""
    pull = open_pull(course.ops.github, now.branch, now.main, title_of(now, course.options.why), body)
    course.say(f"       {pull.html_url}")
    _tell_others(course, now)


def _tell_others(course: Course, now: State) -> None:
    others = beside(course.ops, now, course.of.commit)
    if others in course.told:
        return
    course.told.append(others)
    if not others:
        course.say(f"       nothing else on {now.main} ships with it")
        return
    course.say(f"       also on {now.main} since {now.tag}, and shipping with it:")
    for one in others[:SHOWN]:
        course.say(f"         {one.sha[:7]} {one.subject}")
    if len(others) > SHOWN:
        course.say(f"         and {len(others) - SHOWN} more")


def _merge(course: Course, now: State) -> None:
    _tell_others(course, now)
    if now.pull is None:
        return
    try:
        merge_pull(course.ops.github, now.pull, squash=course.ops.config.linear_history)
    except EffectError as error:
        raise BlockedError(
            f"GitHub does not merge {now.pull.html_url}: {error.what}",
            "Do there what it asks for (a review, a conflict), then run the same command again.",
        ) from error


ACTS: dict[str, Callable[[Course, State], None]] = {
    "make": _make,
    "follow": _follow,
    "pick": _pick,
    "switch": _switch,
    "push": _push,
    "open": _open,
    "merge": _merge,
}


def title_of(now: State, why: str) -> str:
    """The title of the pull request, which is the reason of the release too."""
    said = " ".join((why or "; ".join(one.subject for one in reversed(now.own)) or "a fix").split())
    return f"hotfix of {now.tag}: {said}"[:LONGEST_REASON]
