"""Somebody else's code has an end in time."""

from __future__ import annotations

import signal
import threading

import pytest

from release.systems.machine.deadline import HaltError, LateError, begin, command, result_of, within


def test_what_returns_is_handed_on() -> None:
    assert within(5, lambda: 3) == 3


def test_what_is_raised_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_what_is_late_is_left_alone_and_can_be_asked_again() -> None:
    free = threading.Event()
    begun = begin(lambda: free.wait(30))
    with pytest.raises(LateError):
        result_of(begun, 0.01)
    free.set()
    assert result_of(begun, 30)


def test_a_timeout_of_its_own_is_not_taken_for_ours() -> None:
    def give_up() -> None:
        raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs"):
        within(5, give_up)


def test_what_is_not_done_after_a_signal_is_not_blamed_on_the_deadline() -> None:
    with command(60):
        with pytest.raises(HaltError, match=r"Terminated \(SIGTERM\)"):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(HaltError, match="Told to stop, and not done 5 s later"):
            signal.raise_signal(signal.SIGALRM)
    with command(60):
        for _ in range(2):
            with pytest.raises(HaltError, match="Not done after 60 s, the deadline of this command"):
                signal.raise_signal(signal.SIGALRM)


def test_nobody_ends_this_process() -> None:
    def leave() -> None:
        raise SystemExit(7)

    with pytest.raises(RuntimeError, match=r"it called sys\.exit\(7\)"):
        within(5, leave)


def test_its_thread_keeps_no_process_alive() -> None:
    held = threading.Event()
    begin(lambda: held.wait(30))
    mine = [thread for thread in threading.enumerate() if thread.name == "with a deadline"]
    assert mine
    assert all(thread.daemon for thread in mine)
    held.set()
