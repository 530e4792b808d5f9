"""Everything that can go wrong, as one tree: an exit code, what happened, what to do next."""

from __future__ import annotations

RELEASED = 0
FAILED = 1
USAGE = 2
UNRECORDED = 3
BLOCKED = 4
NOTHING = 5


class ReleaseError(Exception):
    """The root: `what` happened in one or two sentences, `advice` as the next thing to do (may be empty).

    README.md lists what each `exit_code` means. `str(error)` is what a person reads.
    """

    exit_code = FAILED

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what, advice)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what}\n{self.advice}" if self.advice else self.what


class UsageError(ReleaseError):
    """Wrong words on the command line, or a wrong configuration (exit 2)."""

    exit_code = USAGE


class BlockedError(ReleaseError):
    """Nothing was written: a check, the lock, an approval or an unreadable system is in the way (exit 4)."""

    exit_code = BLOCKED


class CannotReadError(BlockedError):
    """An outside system did not answer, or answered what cannot be understood (exit 4)."""


class DeniedError(CannotReadError):
    """A token lacks a permission; the advice names it."""


class TokenRefusedError(CannotReadError):
    """A token is not valid: whatever else is asked with it gets the same answer."""


class EffectError(ReleaseError):
    """Doing something reported a failure. The world decides whether it happened all the same."""


class StoppedError(EffectError):
    """A person stopped the run (Ctrl-C, or a CI job that was cancelled)."""


class LockLostError(BlockedError):
    """Somebody else has taken the environment's record: nothing more may be written by this run."""
