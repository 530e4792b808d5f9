"""`inv hotfix TAG`: run again and again, it looks, decides, acts and looks again; git and GitHub are its only memory."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from release.commands.dispatch import course as dispatching
from release.commands.hotfix.acts import ACTS, Course, title_of
from release.commands.hotfix.look import hotfix_of, look
from release.commands.hotfix.next_action import BEGINNING, intended, next_action
from release.config import load
from release.errors import BlockedError, StoppedError, UsageError
from release.model.options import Options
from release.model.outcome import Outcome
from release.model.request import Request
from release.run import release as releasing
from release.systems.ops import connect, require_write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.commands.hotfix.acts import HotfixOptions
    from release.commands.hotfix.next_action import Action, State
    from release.model.outcome import Listener
    from release.run.sequence import Gate
    from release.systems.ops import Connect, Ops

SHOWN_FILES = 3  # files that are listed
MOST_ROUNDS = 30  # of acting: more than any way from a tag to production takes


def hotfix(
    root: Path,
    environ: Mapping[str, str],
    options: HotfixOptions,
    gate: Gate,
    listener: Listener,
    *,
    connect: Connect = connect,
    confirm: Callable[[str, str], None] | None = None,
) -> Outcome:
    """Go on with the hotfix of a tag as far as it goes, after `confirm` where it begins; nothing is changed by a dry run.

    Raises BlockedError where a person has to do something, or CI does not end in time; nothing is lost then, and the
    same command goes on. Raises UsageError for a tag or a commit that is none.
    """
    if options.here and not options.break_glass:
        raise UsageError("--here releases past the workflow.", 'Say why: --here --break-glass "reason"')
    config = load(root)
    ops = connect(config, config.production, environ)
    try:
        require_write_tokens(ops)
        of = hotfix_of(ops, options.tag)
        if of.is_released:
            return _ended(ops, listener, f"{of.coming} is released: the hotfix of {of.tag} is done")
        course = Course(ops, of, options, listener.line)
        todo = _agreed(course, confirm)
        if options.is_dry:
            return _planned(ops, listener, todo, of.tag)
        now = _went(course)
        reason = _reason(now, options.why)
        if now.run is not None:
            return _ended(ops, listener, _standing(ops, now))
        if not options.here:
            return _ended(ops, listener, _dispatched(ops, now, reason))
        _at_tip(ops, now)
    finally:
        ops.close()
    request = Request(ops.name, "patch", reason=reason, break_glass=options.break_glass)
    return releasing.release(root, environ, Options(request), gate, listener, connect=connect)


def _agreed(course: Course, confirm: Callable[[str, str], None] | None) -> Action:
    """What comes next; said, and agreed to where it is the first thing that changes this checkout or the remote.

    Raises BlockedError where that is refused, or the checkout has uncommitted changes.
    """
    now = look(course.ops, course.of, course.options.picks)
    todo = next_action(now)
    if todo.kind not in BEGINNING:
        return todo
    if now.dirty and now.will_switch:
        raise BlockedError(
            f"Uncommitted changes: {', '.join(now.dirty[:SHOWN_FILES])}.",
            "Commit them, or stash them (git stash -u). Nothing was changed.",
        )
    if confirm is not None or course.options.is_dry:
        for line in intended(now):
            course.say(line)
    if confirm is not None and not course.options.is_dry:
        confirm(f"Start the hotfix of {now.tag}?", now.coming)
    return todo


def _planned(ops: Ops, listener: Listener, todo: Action, tag: str) -> Outcome:
    if todo.kind == "blocked":
        raise BlockedError(todo.what, todo.advice)
    what = f"{todo.kind} {todo.what}"
    if todo.kind not in BEGINNING:
        listener.line(what)
    outcome = Outcome("planned", "hotfix", ops.name, why=what, next=f"inv hotfix {tag}")
    listener.ended(outcome)
    return outcome


def _went(course: Course) -> State:
    """Do one thing after another, until only the release is left; how far the hotfix is then."""
    said, until = "", course.ops.clock.elapsed() + course.options.patience
    acted: list[str] = []
    waited = False
    while len(acted) < MOST_ROUNDS:
        now = look(course.ops, course.of, course.options.picks)
        todo = next_action(now)
        if todo.kind in {"dispatch", "look"}:
            return now
        if todo.kind == "blocked":
            raise BlockedError(todo.what, todo.advice)
        if todo.what != said:
            course.say(f"{todo.kind:<6} {todo.what}")
            if todo.kind == "wait" and not waited:
                course.say(f"       {_how_long(course)}")
                waited = True
            said = todo.what
        try:
            if todo.kind == "wait":
                _wait(course, todo, until)
                continue
            ACTS[todo.kind](course, now)
        except KeyboardInterrupt:
            if not acted:
                raise
            raise StoppedError(
                f"Interrupted (Ctrl-C). Done so far: {', '.join(acted)}. Production is unchanged.",
                "Run the same command again to continue.",
            ) from None
        acted.append(f"{todo.kind} {todo.what}")
    raise BlockedError("The hotfix cannot continue.", "Look at its branch and its pull request.")


def _how_long(course: Course) -> str:
    """Until when it waits, and how to go on without it."""
    end = time.strftime("%H:%M", time.localtime(course.ops.clock.now() + course.options.patience))
    return (
        f"until {end} ({course.options.patience / 60:.0f} min, --deadline); Ctrl-C stops the waiting, and "
        f"inv hotfix {course.of.tag} goes on from here"
    )


def _wait(course: Course, todo: Action, until: float) -> None:
    clock = course.ops.clock
    if clock.elapsed() >= until:
        raise BlockedError(
            f"Waited {course.options.patience / 60:.0f} min {todo.what}.",
            "See what is blocking it there, then run the same command again.",
        )
    clock.sleep(course.options.poll)


def _dispatched(ops: Ops, now: State, reason: str) -> str:
    run = dispatching.start(ops.github, ops.config, "patch", reason)
    return (
        f"{now.coming} is on its way: {run.html_url}. It waits for approval there (or: inv approve {run.id})"
    )


def _standing(ops: Ops, now: State) -> str:
    """Where the run stands that releases the hotfix. Raises BlockedError where it ended without a release."""
    run = now.run
    if run is None or run.status != "completed":
        return f"{now.coming} {dispatching.standing(ops.github, run)}" if run else ""
    raise BlockedError(
        f"The run that was to release {now.coming} ended as {run.conclusion}: {run.html_url}",
        f"Look there why. To start another: inv dispatch --bump patch --reason {shlex.quote(_reason(now, ''))}",
    )


def _at_tip(ops: Ops, now: State) -> None:
    """Refuse to release here from a checkout that is not what is to be released."""
    head, branch, dirty = ops.git.status()
    if (head, branch, dirty) == (now.tip, now.main, ()):
        return
    raise BlockedError(
        f"The hotfix is merged; this checkout is not {now.main} at {now.tip[:7]}, or has changes of its own.",
        f"git switch {now.main}, git pull, then run the same command again.",
    )


def _reason(now: State, why: str) -> str:
    """Why this is released: what was said, or else the pull request's title, which begins as a hotfix's reason does."""
    title = now.pull.title if now.pull else ""
    return title_of(now, why or title.removeprefix(f"hotfix of {now.tag}: "))


def _ended(ops: Ops, listener: Listener, why: str) -> Outcome:
    outcome = Outcome("done", "hotfix", ops.name, why=why)
    listener.ended(outcome)
    return outcome
