"""Every question to a person at a terminal goes through here: while it stands, no view draws or writes there."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from release.systems.machine.deadline import paused

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@runtime_checkable
class Pauses(Protocol):
    """A view with a moving part: it takes it away before a question, and goes on after the answer."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing is drawn or written until the block ends; what was said last stands above the question."""
        ...


def asking_key(view: object) -> Callable[[str], str] | None:
    """What asks for one key at this terminal, without Enter; None where stdin or stderr is no terminal.

    The key is empty where the input was ended. Ctrl-C is Ctrl-C.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(question: str) -> str:
        import termios
        import tty

        with view.paused() if isinstance(view, Pauses) else nullcontext():
            sys.stderr.write(question)
            sys.stderr.flush()
            terminal = sys.stdin.fileno()
            before = termios.tcgetattr(terminal)
            try:
                tty.setcbreak(terminal)
                with paused():
                    key = os.read(terminal, 1).decode(errors="replace")
            finally:
                termios.tcsetattr(terminal, termios.TCSADRAIN, before)
            sys.stderr.write(f"{key.strip()}\n" if key.isprintable() else "\n")
            return "" if key == "\x04" else key

    return ask


def asking_unseen() -> Callable[[str], str] | None:
    """What asks for a word that is not shown while it is typed; None where stdin is no terminal."""
    if not sys.stdin.isatty():
        return None

    def ask(question: str) -> str:
        import getpass

        with paused():
            return getpass.getpass(question)

    return ask


def asking(view: object) -> Callable[[str], str] | None:
    """What asks the person at this terminal while `view` is paused; None where stdin is no terminal.

    The answer comes without its line end; it is empty where the input was ended.
    """
    if not sys.stdin.isatty():
        return None

    def ask(question: str) -> str:
        with view.paused() if isinstance(view, Pauses) else nullcontext():
            sys.stderr.write(question)
            sys.stderr.flush()
            with paused():
                return sys.stdin.readline().strip()

    return ask
