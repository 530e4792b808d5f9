"""An end in time for everything that is waited for: for somebody else's code, and for a whole command."""

from __future__ import annotations

import math
import signal
import threading
import time
from concurrent import futures
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
GRACE = 5.0  # seconds in which a command that is stopped says what is true: GitHub's runner kills it after 7.5 and 2.5


class LateError(Exception):
    """Something had not returned when its time was up."""


def begin(call: Callable[[], T]) -> Future[T]:
    """What `call` will return or raise; it runs in a thread of its own that no exit of this process waits for.

    A thread cannot be ended from outside: what is late goes on until the process ends.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, name="with a deadline", daemon=True).start()
    return future


def result_of(future: Future[T], seconds: float) -> T:
    """What the call of `begin` returned or raised. Raises LateError where it has not after `seconds`.

    SystemExit becomes RuntimeError: a plugin does not end this process.
    """
    try:
        return future.result(seconds)
    except NotYetError:
        if future.done():  # the call's own TimeoutError, which has the same type
            raise
        raise LateError from None
    except SystemExit as error:
        raise RuntimeError(f"it called sys.exit({error.code!r})") from None


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises. Raises LateError where it has done neither after `seconds`."""
    return result_of(begin(call), seconds)


class Lanes:
    """Calls side by side, `most` at once, in threads that neither a Ctrl-C nor the end of this process waits for."""

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)
        self._begun: list[Future[Any]] = []
        self._is_left = False

    def submit(self, call: Callable[..., T], *arguments: Any) -> Future[T]:  # noqa: ANN401 - what the call takes
        """What a call will return or raise."""
        future = begin(partial(self._in_turn, partial(call, *arguments)))
        self._begun.append(future)
        return future

    def map(self, call: Callable[[Any], T], each: Iterable[Any]) -> list[T]:
        """What a call returns for each, in their order."""
        return [one.result() for one in [self.submit(call, it) for it in each]]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for all, unless something was raised: then nobody waits, and what has not begun does not begin."""
        if kind is None:
            futures.wait(self._begun)
        self._is_left = True

    def _in_turn(self, call: Callable[[], T]) -> T:
        with self._free:
            if self._is_left:
                raise LateError
            return call()


class HaltError(KeyboardInterrupt):
    """The command is to end now; the text says why. `is_late`: its own deadline has passed."""

    def __init__(self, why: str, *, is_late: bool = False) -> None:
        super().__init__(why)
        self.is_late = is_late


class _Command:
    """The one command of this process: when it must have ended, and whether it was told to end."""

    until = math.inf
    seconds = math.inf
    is_halted = by_signal = False
    is_held = False
    held_back: HaltError | None = None


def left(seconds: float) -> float:
    """How long something that may take `seconds` can be waited for in this command, 0 where its time is up."""
    return max(0.0, min(seconds, _Command.until - time.monotonic()))


@contextmanager
def command(seconds: float) -> Iterator[None]:
    """Around a whole command: Ctrl-C, SIGTERM and its deadline raise HaltError in the main thread, whatever it waits for.

    After that it has `GRACE` seconds to say what is true, in which further signals change nothing.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {number: signal.signal(number, _halt) for number in numbers}
    _Command.is_halted = False
    _set(seconds)
    try:
        yield
    finally:
        _set(math.inf)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def paused() -> Iterator[None]:
    """While a person is asked, no deadline runs."""
    rest = _Command.until - time.monotonic()
    if math.isinf(rest):
        yield
        return
    _set(math.inf, of=_Command.seconds)
    try:
        yield
    finally:
        if not _Command.is_halted:
            _set(rest, of=_Command.seconds)


@contextmanager
def unbroken() -> Iterator[None]:
    """Around what must not be left half way, a process that starts: a HaltError comes after it. For moments only."""
    if threading.current_thread() is not threading.main_thread():  # no other is ever interrupted
        yield
        return
    _Command.is_held, _Command.held_back = True, None
    try:
        yield
    finally:
        _Command.is_held = False
    if _Command.held_back is not None:
        raise _Command.held_back


def _set(seconds: float, of: float | None = None) -> None:
    _Command.seconds = seconds if of is None else of
    _Command.until = time.monotonic() + seconds
    signal.setitimer(signal.ITIMER_REAL, 0 if math.isinf(seconds) else max(seconds, 0.001))


def _halt(number: int, _: object) -> None:
    is_late = number == signal.SIGALRM
    if _Command.is_halted and not is_late:
        return
    why = {
        signal.SIGINT: "Interrupted (Ctrl-C).",
        signal.SIGTERM: "Terminated (SIGTERM).",
    }.get(signal.Signals(number), f"Not done after {_Command.seconds:.0f} s, the deadline of this command.")
    if _Command.is_halted and _Command.by_signal:
        why = f"Told to stop, and not done {GRACE:.0f} s later."
    _set(GRACE, of=_Command.seconds)
    _Command.by_signal = _Command.by_signal if _Command.is_halted else not is_late
    _Command.is_halted = True
    error = HaltError(why, is_late=is_late)
    if not _Command.is_held:
        raise error
    _Command.held_back = error
