"""From an outcome or an error to what is printed and the exit code."""

from __future__ import annotations

import contextlib
import json as jsonlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.exceptions import Exit

from release.commands.command import running
from release.commands.options import LEVELS
from release.commands.place import acted_on
from release.errors import BLOCKED, INTERRUPTED, UNRECORDED, ReleaseError, UsageError
from release.systems.machine.deadline import HaltError, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from invoke.context import Context

    from release.model.outcome import Listener, Outcome
    from release.model.request import Request
    from release.run.sequence import Gate
    from release.systems.machine.secrets import Mask

AGAIN = "Run the same command again to go on."
UNCHANGED = f"Nothing was changed. {AGAIN}"
DEADLINE = "RELEASE_DEADLINE"  # seconds, in the environment, in place of these:
DEADLINES = {  # seconds for a whole command
    **dict.fromkeys(
        ["plan", "status", "verify", "checklist", "diff", "doctor", "plugins", "approve", "unlock"], 600.0
    ),
    "rollback": 1800.0,
    **dict.fromkeys(("dispatch", "hotfix"), 86_400.0),  # they wait for CI and for people
}
USUAL = 7200.0


def root_of(context: Context) -> Path:
    """The repository's folder: the stage's clone while the shell points at it, else where tasks.py lies.

    Raises UsageError where the shell points at the stage of another repository.
    """
    return acted_on(Path(context.config.release.root), Path.cwd(), os.environ)


def production_or(context: Context, env: str) -> str:
    """The environment that was asked for, else the one that is production here."""
    from release.config import load

    return env or load(root_of(context)).production


def tried_or(context: Context, env: str) -> str:
    """The environment that was asked for, else the one where commits are tried. Raises UsageError where there is none."""
    from release.config import load

    if env:
        return env
    config = load(root_of(context))
    if config.tried_in is None:
        raise UsageError(
            "There is no environment where commits are tried before production.",
            f"Say which one is meant: --env {' or --env '.join(config.environments)}",
        )
    return config.tried_in


def requested(
    bump: str, env: str, *, finish: bool = False, accept: Iterable[str] = (), **reasons: str
) -> Request:
    """What was asked for, with the `reasons` that were given; `finish` takes what was begun, `accept` names losses.

    Raises UsageError for a level that does not exist, and for a loss that is accepted without a reason.
    """
    from release.model.request import Request

    if accept and not reasons.get("reason"):
        raise UsageError("--accept needs --reason: it is kept with the release.", 'Add it: --reason "why"')
    for level in LEVELS:
        if bump == level:
            return Request(env, level, finish=finish, accept=tuple(accept), **reasons)  # type: ignore[arg-type]
    from release.formats.suggestion import unknown

    raise UsageError(unknown("bump", bump, LEVELS))


def finish(
    run: Callable[[], Outcome], *, json: bool, code_of: Callable[[Outcome], int] | None = None
) -> NoReturn:
    """Run, print the one JSON object where asked, and leave with the outcome's exit code. No stack trace ever.

    `code_of` is another meaning of the outcome as an exit code.
    """

    def code() -> int:
        outcome = run()
        found = code_of(outcome) if code_of else outcome.exit_code
        if json:
            from release.commands.envelope import of_outcome

            print_json(of_outcome(running(), outcome, found))
        return found

    leave_with(code, json=json)


def leave_with(run: Callable[[], int], *, json: bool, interrupted: str = UNCHANGED) -> NoReturn:
    """Run, and leave with the exit code that it gives. No stack trace ever. `interrupted` is said after a Ctrl-C."""
    try:
        code = run()
    except ReleaseError as error:
        leave(error, json=json)
    except KeyboardInterrupt as error:
        stopped(error, interrupted, json=json)
    except Exception as error:  # noqa: BLE001 - the last resort: a person at three in the morning needs no stack trace
        leave(bug(error), json=json)
    raise Exit(code=code)


@dataclass(frozen=True)
class Shown:
    """What a command found: for people, for scripts, and the exit code that it means.

    `problems` and `next` are those of the one JSON object, `json` its own fields; `outcome` is empty where the exit code
    says it all.
    """

    lines: Iterable[str]
    json: Mapping[str, Any]
    exit_code: int = 0
    problems: Sequence[dict[str, Any]] = ()
    next: str | None = None
    outcome: str = ""


def show(read: Callable[[], Shown], *, json: bool) -> NoReturn:
    """Read, print what was found for people or for scripts, and leave with its exit code."""

    def run() -> int:
        found = read()
        if json:
            tell(found)
        else:
            print_lines(found.lines)
        return found.exit_code

    leave_with(run, json=json)


def tell(found: Shown) -> None:
    """What was found, as the one JSON object."""
    from release.commands.envelope import envelope

    print_json(envelope(running(), found.outcome, found.exit_code, found.problems, found.next, **found.json))


@contextlib.contextmanager
def bounded(name: str) -> Iterator[None]:
    """Around the task `name`: Ctrl-C, SIGTERM and its deadline end it at once, whatever it waits for."""
    said = os.environ.get(DEADLINE, "")
    if said and not (said.isascii() and said.isdigit() and int(said)):
        raise Exit(f"{DEADLINE} is {said!r}. Set it to a number of seconds.", code=UsageError.exit_code)
    with command(float(said) if said else DEADLINES.get(name, USUAL)):
        try:
            yield
        except KeyboardInterrupt as error:
            stopped(error, AGAIN)
        finally:
            if "release.systems.machine.shell" in sys.modules:
                from release.systems.machine.shell import end_all

                end_all()


def stopped(error: KeyboardInterrupt, then: str, *, json: bool = False) -> NoReturn:
    """Leave a command that was interrupted; `then` says what that means."""
    said = str(error) or "Interrupted (Ctrl-C)."
    code = BLOCKED if isinstance(error, HaltError) and error.is_late else INTERRUPTED
    if json:
        from release.commands.envelope import problem

        tell(Shown((), {}, code, [problem("interrupted", "fail", said, then)]))
    sys.stderr.write(f"\n{said} {then}\n")
    sys.stderr.flush()
    raise Exit(code=code) from None


def bug(error: Exception) -> ReleaseError:
    """An error of this tool's own; its details go to a file, without secrets."""
    import tempfile
    import traceback

    mask = masking()
    with tempfile.NamedTemporaryFile("w", prefix="cms-release-", suffix=".txt", delete=False) as kept:
        kept.write(mask("".join(traceback.format_exception(error))))
    bug = ReleaseError(
        f"cms-release failed unexpectedly: {type(error).__name__}: {mask(str(error))}",
        f"This is a bug in cms-release; details: {kept.name}\n"
        "To see what is live: inv status. Run the same command again to continue.",
    )
    bug.exit_code = UNRECORDED
    return bug


def refused(said: str, words: Sequence[str]) -> None:
    """A call that cannot be understood, as the one JSON object."""
    from release.commands.envelope import envelope, problem

    name = next((word for word in words if not word.startswith("-")), "inv")
    print_json(envelope(name, "usage", UsageError.exit_code, [problem("usage", "block", said)]))


def leave(error: ReleaseError, *, json: bool) -> NoReturn:
    """Say an error, as one JSON object too where asked, and leave with its exit code."""
    if json:
        from release.commands.envelope import problem

        check = "usage" if error.exit_code == UsageError.exit_code else "start"
        tell(Shown((), {}, error.exit_code, [problem(check, "block", error.what, error.advice)]))
    mask = masking()
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from release.views.actions import message

        sys.stderr.write(f"{mask(message('error', f'{error.what} {error.advice}', 'inv'))}\n")
    sys.stderr.write(f"{mask(error.what)}\n")
    sys.stderr.writelines(f"  {mask(line)}\n" for line in error.advice.splitlines())
    raise Exit(code=error.exit_code)


def masking() -> Mask:
    """Hides the secrets of this process's environment in what it says."""
    from release.systems.machine.secrets import Mask

    return Mask.of(os.environ)


def print_lines(lines: Iterable[str]) -> None:
    """Lines on stdout, without secrets; a reader that has gone (`| head`) is no error."""
    from release.views.sink import Sink

    out = Sink(sys.stdout, masking())
    for line in lines:
        out.write(f"{line}\n")
    out.flush()


def say(text: str) -> None:
    """Lines on stderr, without secrets and control characters."""
    from release.formats.printable import printable

    mask = masking()
    sys.stderr.writelines(f"{printable(mask(line))}\n" for line in text.splitlines() or [""])
    sys.stderr.flush()


def print_json(value: Any) -> None:  # noqa: ANN401
    """One JSON document on stdout, without secrets; a reader that has gone (`| head`) is no error."""
    print_lines([jsonlib.dumps(value, indent=2)])


def confirmation(view: Listener | None, *, yes: bool) -> Callable[[str, str], None]:
    """Ask a question that a typed word answers, unless `--yes`. Raises BlockedError for another word, or no terminal.

    `view` is what shows the command meanwhile: it is paused while the question stands.
    """

    def confirm(question: str, word: str) -> None:
        from release.errors import BlockedError

        if yes:
            return
        ask = terminal(view)
        if ask is None:
            raise BlockedError(f"{question} No terminal to prompt in.", "Add --yes.")
        if (typed := ask(f"{question} Type {word}: ")) != word:
            raise BlockedError(f'Not confirmed: "{typed}" is not {word}.', "Nothing was changed.")

    return confirm


def terminal_gate(view: Listener, *, yes: bool) -> Gate:
    """Who approves: the reviewers of a workflow's run, or the person at this terminal; `view` is paused while they are asked."""
    from release.run.approval import Person, usual
    from release.run.sequence import AtOnce

    gate = usual(Person(yes=yes, ask=(ask := terminal(view))))
    return gate if ask and not yes else AtOnce(gate)


def terminal(view: Listener | None = None) -> Callable[[str], str] | None:
    """What asks the person at this terminal, while `view` is paused; None where there is no terminal."""
    from release.views.asking import asking

    return asking(view)
