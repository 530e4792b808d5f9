"""How many requests of a plan wait for each other: answers come only when nobody asks any more, and each time counts."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from release.rehearsal.cloud.memory_runtime import well_behaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

QUIET = 0.3  # seconds in which nobody asks
MOST_IN_TURN = 2


class Waves:
    """The requests of a run, in waves: those of one were under way at once, and those of the next waited for their answers."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self._asked: list[str] = []
        self._answer = threading.Event()
        self._guard = threading.Lock()
        self._latest = 0.0

    def ask(self, request: Request) -> None:
        """Hold a request until its wave is answered."""
        if ".git/" in request.path:
            return
        with self._guard:
            self._asked.append(f"{request.method} {request.full_path.rstrip('?')}")
            self._latest = time.monotonic()
            answer = self._answer
        answer.wait(30)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer each wave when it is whole."""
        ended = threading.Event()
        answering = threading.Thread(target=self._answer_until, args=(ended,))
        answering.start()
        try:
            yield
        finally:
            ended.set()
            answering.join()

    def _answer_until(self, ended: threading.Event) -> None:
        while not ended.wait(QUIET / 10):
            with self._guard:
                if self._asked and time.monotonic() - self._latest > QUIET:
                    self.seen.append(sorted(self._asked))
                    self._asked = []
                    self._answer.set()
                    self._answer = threading.Event()


def test_few_requests_of_a_plan_wait_for_each_other(double: Double) -> None:
    waves = Waves()

    def asked(loaded: LoadedVersion, request: Request) -> Response:
        waves.ask(request)
        return well_behaved(loaded, request)

    double.cloud.before = double.forge.before = waves.ask
    for environment in ("production", "staging"):
        double.runtime.behaviour[double.script("cms", environment)] = asked

    with waves.answering():
        outcome = double.plan()

    assert outcome.outcome == "planned", outcome.problems
    assert 0 < len(waves.seen) <= MOST_IN_TURN, waves.seen
