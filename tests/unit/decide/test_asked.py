"""What was asked for against what was begun, over thousands of worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from release.decide.decide import Go, decide
from release.decide.findings import unfinished
from release.model.record import Record
from release.model.repository import Base
from release.model.request import Request
from tests.unit.decide.test_decide import decided, live_everywhere, tagged
from tests.unit.worlds import BASES, CONFIGURED, REQUESTS, SOUND, SUBJECTS, subject_of, worlds

if TYPE_CHECKING:
    from release.model.record import Subject
    from release.model.world import World

RAISED = {"1.2.4": "patch", "1.2.5": "patch", "1.3.0": "minor", "2.0.0": "major"}
TYPED = st.sampled_from(["", "patch", "minor", "major", "auto"])


@given(worlds(), SUBJECTS, REQUESTS, TYPED)
def test_a_finish_differs_exactly_where_another_bump_or_commit_was_asked_for(
    world: World, subject: Subject, request: Request, asked: str
) -> None:
    assume(subject.tag not in tagged(world))
    record = Record(environment="production", nonce="n", subject=subject, outcome="failed", asked=asked)
    decision = decided(replace(live_everywhere(world, subject), record=record), request)
    assert isinstance(decision, Go)
    assert isinstance(world.base, Base)
    is_same = request.level in {RAISED[subject.version], asked}
    is_here = world.base.commit in {subject.base, subject.commit}
    assert (decision.differs is None) == (is_same and is_here)
    if decision.differs:
        assert decision.differs.is_elsewhere == (not is_here)
        assert (decision.differs.level is None) == is_same


@given(worlds(), SUBJECTS, TYPED)
def test_what_began_it_never_differs(world: World, subject: Subject, asked: str) -> None:
    """The same base, and the same bump as it was typed; a record of an older version does not tell that."""
    head = next(base for base in BASES if base.commit == subject.base)
    record = Record(environment="production", nonce="n", subject=subject, outcome="failed", asked=asked)
    world = replace(world, base=head, record=record)
    level = RAISED[subject.version]
    decision = decide(world, Request(level=level), CONFIGURED, asked or level)  # type: ignore[arg-type]
    if isinstance(decision, Go) and decision.release.commit == subject.commit:
        assert decision.differs is None


@given(worlds(), REQUESTS)
def test_whoever_asks_to_finish_is_told_of_no_difference_and_begins_nothing(
    world: World, request: Request
) -> None:
    decision, begun = decided(world, replace(request, finish=True)), unfinished(world, CONFIGURED)
    if isinstance(decision, Go):
        assert decision.differs is None
        assert begun is not None


def test_a_prerelease_is_not_finished_as_its_release_unsaid() -> None:
    begun = subject_of(BASES[0], "1.3.0-beta.1")
    record = Record(environment="production", nonce="n", subject=begun, outcome="failed", asked="minor")
    world = replace(live_everywhere(SOUND, begun), record=record)
    decision = decided(world, Request(level="minor"))
    assert isinstance(decision, Go)
    assert decision.differs is not None
    assert "it is a minor beta, and you asked for a minor." in decision.differs.what
    same = decided(world, Request(level="minor", pre="beta"))
    assert isinstance(same, Go)
    assert same.differs is None
