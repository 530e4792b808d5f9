"""What is said of a branch that lost released commits, or is ahead of the released number."""

from __future__ import annotations

import pytest

from release.decide.branch_findings import SHOWN, bring_back, findings, it, named
from release.model.repository import Aftermath, Commit
from tests.unit.worlds import BASES, CONFIGURED, release_of, subject_of

RELEASE = release_of(subject_of(BASES[0], "1.2.4"))


def commits(count: int) -> tuple[Commit, ...]:
    """Newest first, as git tells them."""
    return tuple(Commit(f"{number}" * 40, f"feat: {number}") for number in range(count, 0, -1))


def test_an_ordinary_branch_is_not_spoken_of() -> None:
    assert findings(Aftermath(), RELEASE, CONFIGURED) == ()


def test_what_a_force_push_took_is_named_oldest_first_with_the_way_to_bring_it_back() -> None:
    (found,) = findings(Aftermath(dropped=commits(2)), RELEASE, CONFIGURED)
    assert (found.check, found.level) == ("branch", "warn")
    assert "1111111 (feat: 1), 2222222 (feat: 2), which cms-v1.2.4 brought to production" in found.what
    assert "git merge cms-v1.2.4 on main (or git cherry-pick 1111111 2222222)" in found.advice


def test_a_number_set_by_hand_says_what_is_next_on_both_ways() -> None:
    (found,) = findings(Aftermath(ahead="1.4.0"), RELEASE, CONFIGURED)
    assert (found.check, found.level, found.file) == ("version", "warn", CONFIGURED.app.manifest)
    assert "says 1.4.0, higher than the released 1.2.4" in found.what
    assert "1.2.5 or higher" in found.advice
    assert "once cms-v1.4.0 is tagged" in found.advice


def test_both_are_told_where_both_are_so() -> None:
    found = findings(Aftermath(dropped=commits(1), ahead="1.4.0"), RELEASE, CONFIGURED)
    assert [one.check for one in found] == ["branch", "version"]


@pytest.mark.parametrize(("count", "ends"), [(SHOWN, f"(feat: {SHOWN})"), (SHOWN + 2, "and 2 more")])
def test_a_long_list_is_cut(count: int, ends: str) -> None:
    assert named(commits(count)).endswith(ends)


def test_nobody_is_asked_to_pick_a_long_list_one_by_one() -> None:
    assert "cherry-pick" in bring_back("cms-v1.2.4", commits(SHOWN), "main")
    assert "cherry-pick" not in bring_back("cms-v1.2.4", commits(SHOWN + 1), "main")


def test_one_commit_is_it_and_several_are_them() -> None:
    assert [it(commits(count)) for count in (1, 2)] == ["it", "them"]
