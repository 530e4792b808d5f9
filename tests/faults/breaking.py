"""The ways in which one request of a release goes wrong."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from release.rehearsal.loopback import DropConnection
from tests.faults.children import PATIENCE

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from tests.faults.children import Child
    from tests.faults.watch import Asked, Written

SILENCE = 20.0  # seconds; the deadlines are far shorter
ERROR = b'{"success":false,"errors":[{"code":10013,"message":"internal error"}],"message":"internal error","result":null}'


@dataclass
class Breaking:
    """One request of a run, `written` in the unbroken one; `has_struck` once it came."""

    written: Written
    child: Child | None = None
    has_struck: bool = False
    is_outlasted: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Let it pass."""
        del asked, request
        return None

    def after(self, asked: Asked, response: Response) -> Response:
        """Let it pass."""
        del asked
        return response

    def strikes(self, asked: Asked) -> bool:
        """Whether this is the one."""
        self.has_struck = self.has_struck or asked == self.written.asked
        return asked == self.written.asked

    def over(self) -> None:
        """The run has ended."""


class Killing(Breaking):
    takes_all = False

    def kill(self) -> None:
        """End the release."""
        assert self.child is not None
        if self.takes_all:
            self.child.kill_all()
        else:
            self.child.kill()


class KilledBefore(Killing):
    """The release is killed just before the write; a git that it has started goes on."""

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Kill."""
        if not self.strikes(asked):
            return None
        if asked.is_push and not self.takes_all:
            request.get_data()  # it was on its way
            self.kill()
            return None
        self.kill()
        self.ended.set()
        raise DropConnection

    def after(self, asked: Asked, response: Response) -> Response:
        """Note that what went on is through."""
        if asked == self.written.asked:
            self.ended.set()
        return response

    def over(self) -> None:
        """Wait for what went on."""
        self.ended.wait(PATIENCE)


class KilledAfter(Killing):
    """The release is killed just after the write, before it knows the answer."""

    def after(self, asked: Asked, response: Response) -> Response:
        """Kill."""
        if not self.strikes(asked):
            return response
        self.kill()
        raise DropConnection


class AllKilledBefore(KilledBefore):
    """The same with everything that it has started."""

    takes_all = True


class AllKilledAfter(KilledAfter):
    """The same with everything that it has started."""

    takes_all = True


class Refused(Breaking):
    """The write is refused, at this try and at every later one."""

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Refuse."""
        del request
        chosen = self.written.asked
        mine = (asked.system, asked.method, asked.path, asked.text) == (
            chosen.system, chosen.method, chosen.path, chosen.text,
        )  # fmt: skip
        if not mine or asked.number < chosen.number:
            return None
        self.has_struck = True
        return Response(ERROR, 500, content_type="application/json")


class Silent(Breaking):
    """No answer ever comes, and nothing happens."""

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Wait until the run has given up and is over."""
        if not self.strikes(asked):
            return None
        request.get_data()
        self.is_outlasted = not self.ended.wait(SILENCE)
        raise DropConnection

    def over(self) -> None:
        """Hang up."""
        self.ended.set()


class Pretended(Breaking):
    """The answer is the unbroken run's, and nothing happens."""

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Answer without doing."""
        if not self.strikes(asked):
            return None
        request.get_data()
        return Response(self.written.body, self.written.status, content_type=self.written.kind)


class Denied(Breaking):
    """It happens, and the answer is an error."""

    def after(self, asked: Asked, response: Response) -> Response:
        """Answer otherwise."""
        if not self.strikes(asked):
            return response
        return Response(ERROR, 500, content_type="application/json")


def kinds_at(written: Written) -> tuple[type[Breaking], ...]:
    """The ways in which this write goes wrong; only a push is made by a process that can outlive the release."""
    return tuple(kind for kind in (*KILLS, *LIES) if written.asked.is_push or kind not in _WITH_ALL)


def kinds_in_turn(number: int, written: Written) -> tuple[type[Breaking], ...]:
    """A kill and a lie at the write of this number: over the writes of a run each kind has its turns.

    The turn is moved on every fourth write, so that no kind always meets the same kind of second command.
    """
    kinds, turn = kinds_at(written), number + number // len(LIES)
    kills = [kind for kind in kinds if kind in KILLS]
    return kills[turn % len(kills)], LIES[turn % len(LIES)]


KILLS = (KilledBefore, KilledAfter, AllKilledBefore, AllKilledAfter)
LIES = (Refused, Silent, Pretended, Denied)
_WITH_ALL = (AllKilledBefore, AllKilledAfter)
