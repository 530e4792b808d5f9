"""What commits propose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model.repository import Commit
from release.policy.commits import proposed, weigh


@pytest.mark.parametrize(
    ("subject", "level"),
    [
        ("feat: slugs", "minor"),
        ("feat(cms): slugs", "minor"),
        ("Feat: slugs", "minor"),
        ("feat!: slugs", "major"),
        ("fix(api)!: ids are texts", "major"),
        ("fix: a slash", "patch"),
        ("docs: where", "patch"),
        ("chore(deps): newer", "patch"),
        ("Merge branch 'x'", None),
        ("a thing: was done", None),
        ("feat slugs", None),
        ("feat:", None),
        ("", None),
    ],
)
def test_a_subject_proposes_a_level_or_nothing(subject: str, level: str | None) -> None:
    assert proposed(Commit("a" * 40, subject)) == level


def test_a_footer_makes_any_conventional_commit_breaking() -> None:
    assert proposed(Commit("a" * 40, "fix: x", breaking="sign in again")) == "major"
    assert (
        "BREAKING CHANGE: sign in again"
        in weigh([Commit("a" * 40, "fix: x", breaking="sign in again")]).because[0]
    )


def test_other_commits_are_fine() -> None:
    found = weigh([Commit("a" * 40, "whatever"), Commit("b" * 40, "more of it")])

    assert (found.least, found.cannot_tell, found.note) == (None, (), "no conventional commit since")


def test_only_the_commits_that_ask_for_the_most_are_told_and_not_too_many() -> None:
    found = weigh([Commit(f"{at:040}", f"{'feat' if at % 2 else 'fix'}: {at}") for at in range(40)])

    assert found.least == "minor"
    assert len(found.because) == 6
    assert found.because[-1] == "and 15 more"
    assert all("feat" in line for line in found.because[:-1])


@given(st.text(max_size=40))
def test_no_subject_breaks_it(subject: str) -> None:
    assert proposed(Commit("a" * 40, subject)) in {None, "patch", "minor", "major"}
