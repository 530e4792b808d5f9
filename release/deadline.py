"""Somebody else's code, with an end in time: nobody waits for it for longer."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


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
