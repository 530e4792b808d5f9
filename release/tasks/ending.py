"""From an outcome or an error to what is printed and the exit code."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.exceptions import Exit

from release.errors import UNRECORDED, ReleaseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from invoke.context import Context

    from release.model import Request
    from release.ops.secrets import Mask
    from release.outcome import Outcome
    from release.run import Gate

LEVELS = ("patch", "minor", "major", "auto")
INTERRUPTED = 130


def root_of(context: Context) -> Path:
    """The repository's folder: the stage's clone while its variables are set, else where tasks.py lies."""
    return Path(os.environ.get("RELEASE_STAGE") or context.config.release.root)


def requested(bump: str, env: str, *, finish: bool = False, **reasons: str) -> Request:
    """What was asked for, with the `reasons` that were given; `finish` takes what was begun.

    Raises UsageError for a level that does not exist.
    """
    from release.model import Request

    for level in LEVELS:
        if bump == level:
            return Request(env, level, finish=finish, **reasons)  # type: ignore[arg-type]
    raise UsageError(f'There is no bump "{bump}".', f"Say one of: {', '.join(LEVELS)}.")


def finish(run: Callable[[], Outcome], *, json: bool) -> NoReturn:
    """Run, print the one JSON object where asked, and leave with the outcome's exit code. No stack trace ever."""
    import signal

    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # a cancelled CI job stops in good order, as on Ctrl-C
    try:
        outcome = run()
    except ReleaseError as error:
        leave(error, json=json)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The same command again finishes what was begun.\n")
        raise Exit(code=INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 - the last resort: a person at three in the morning needs no stack trace
        leave(bug(error), json=json)
    if json:
        print_json(outcome.as_json())
    raise Exit(code=outcome.exit_code)


def bug(error: Exception) -> ReleaseError:
    """An error of this tool's own; its details go to a file, without secrets."""
    import tempfile
    import traceback

    mask = masking()
    with tempfile.NamedTemporaryFile("w", prefix="cms-release-", suffix=".txt", delete=False) as kept:
        kept.write(mask("".join(traceback.format_exception(error))))
    bug = ReleaseError(
        f"This tool broke: {type(error).__name__}: {mask(str(error))}",
        f"That is a bug of it; the details are in {kept.name}.\n"
        "`inv status` shows what is live; the same command again goes on from there.",
    )
    bug.exit_code = UNRECORDED
    return bug


def leave(error: ReleaseError, *, json: bool) -> NoReturn:
    """Say an error, as one JSON object too where asked, and leave with its exit code."""
    if json:
        from release.model import Problem
        from release.outcome import Outcome

        problem = Problem(
            "usage" if error.exit_code == UsageError.exit_code else "start", error.what, error.advice
        )
        print_json(Outcome("blocked", "blocked", "", problems=(problem,)).as_json())
    mask = masking()
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from release.views.actions import message

        sys.stderr.write(f"{mask(message('error', f'{error.what} {error.advice}', 'inv'))}\n")
    sys.stderr.write(f"{mask(error.what)}\n")
    sys.stderr.writelines(f"  {mask(line)}\n" for line in error.advice.splitlines())
    raise Exit(code=error.exit_code)


def masking() -> Mask:
    """Hides the secrets of this process's environment in what it says."""
    from release.ops.secrets import Mask

    return Mask.of(os.environ)


def print_lines(lines: Iterable[str]) -> None:
    """Lines on stdout, without secrets; a reader that has gone (`| head`) is no error."""
    from release.views.sink import Sink

    out = Sink(sys.stdout, masking())
    for line in lines:
        out.write(f"{line}\n")
    out.flush()


def print_json(value: Any) -> None:  # noqa: ANN401
    """One JSON document on stdout, without secrets."""
    sys.stdout.write(masking()(jsonlib.dumps(value, indent=2)) + "\n")
    sys.stdout.flush()


def confirmation(*, yes: bool) -> Callable[[str, str], None]:
    """Ask a question that a typed word answers, unless `--yes`. Raises BlockedError for another word, or no terminal."""

    def confirm(question: str, word: str) -> None:
        from release.errors import BlockedError

        if yes:
            return
        if not sys.stdin.isatty():
            raise BlockedError(f"{question} There is no terminal to ask at.", "Add --yes.")
        sys.stderr.write(f"{question} Type {word}: ")
        sys.stderr.flush()
        if (typed := sys.stdin.readline().strip()) != word:
            raise BlockedError(f'Not done: "{typed}" is not {word}.', "Nothing was written.")

    return confirm


def terminal_gate(*, yes: bool) -> Gate:
    """Who approves: the reviewers of a workflow's run, or whoever sits here."""
    from release.gates import Person, usual
    from release.run import AtOnce

    ask = terminal()
    gate = usual(Person(yes=yes, ask=ask))
    return gate if ask and not yes else AtOnce(gate)


def terminal() -> Callable[[str], str] | None:
    """What asks whoever sits here; None where nobody does."""
    return _ask if sys.stdin.isatty() else None


def _ask(question: str) -> str:
    """What a person types; nothing where they end the input."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
