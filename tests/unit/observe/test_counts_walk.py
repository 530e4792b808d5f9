"""One walk answers what git would be asked with a process each: held against the plain definition on any history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from release.model.repository import Commit
from release.observe.history import Walk

Parents = list[set[int]]


@st.composite
def histories(draw: st.DrawFn) -> tuple[Parents, int, int, int]:
    """Parents of each commit, all older than it; HEAD, the branch's tip and the last release among them."""
    size = draw(st.integers(1, 9))
    parents = [
        draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set() for number in range(size)
    ]
    head, tip, released = (draw(st.integers(0, size - 1)) for _ in range(3))
    return parents, head, tip, released


def held_by(parents: Parents, tip: int) -> set[int]:
    """A commit and all that came before it."""
    return {tip}.union(*(held_by(parents, parent) for parent in parents[tip]))


def walk(parents: Parents, head: int, tip: int, released: int, *, complete: bool = True) -> Walk:
    """What `git log head tip ^released` would say."""
    beyond = (held_by(parents, head) | held_by(parents, tip)) - held_by(parents, released)
    commits = [Commit(str(one), "", tuple(map(str, parents[one]))) for one in sorted(beyond, reverse=True)]
    return Walk(tuple(commits), str(released), complete)


@given(histories())
def test_what_came_since_the_release_is_what_head_holds_beyond_it(
    history: tuple[Parents, int, int, int],
) -> None:
    parents, head, _, released = history
    since = {int(one.sha) for one in walk(*history).of(str(head))}

    assert since == held_by(parents, head) - held_by(parents, released)


@given(histories())
def test_the_walk_is_never_wrong_about_what_the_branch_holds(history: tuple[Parents, int, int, int]) -> None:
    parents, head, tip, released = history
    for commit in (head, released):
        answer = walk(*history).holds(str(tip), str(commit))

        assert answer in {None, commit in held_by(parents, tip)}


@given(histories())
def test_the_walk_always_knows_whether_the_branch_holds_the_release(
    history: tuple[Parents, int, int, int],
) -> None:
    parents, _, tip, released = history

    assert walk(*history).holds(str(tip), str(released)) is (released in held_by(parents, tip))


@given(histories())
def test_a_walk_that_was_cut_short_only_says_yes(history: tuple[Parents, int, int, int]) -> None:
    _, head, tip, _ = history

    assert walk(*history, complete=False).holds(str(tip), str(head)) in {True, None}
