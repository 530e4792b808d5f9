"""What a server asks for, read from the words with which it refuses a push."""

from __future__ import annotations

import pytest

from release.systems.git.client import MOST_SAID, Git
from release.systems.git.refusal import is_for_pulls, reason

GH006 = "remote: error: GH006: Protected branch update failed for refs/heads/main. · "
GH013 = "remote: error: GH013: Repository rule violations found for refs/heads/main. · "
HOOK = " · ! [remote rejected] main -> main (pre-receive hook declined)"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"{GH006}remote: error: This branch must not contain merge commits.", "linear"),
        (
            f"{GH013}remote: - This branch must not contain merge commits. · remote: Found 1 violation:",
            "linear",
        ),
        (f"remote: Linear history is required here{HOOK}", "linear"),
        (f"{GH006}remote: error: Changes must be made through a pull request.", "pulls"),
        (f"{GH006}remote: error: Changes must be made through the merge queue", "pulls"),
        (f"remote: Branch refs/heads/main can only be modified through pull requests.{HOOK}", "pulls"),
        (f"{GH006}error: At least 1 approving review is required by reviewers with write access.", "pulls"),
        (f'{GH013}remote: - Required status check "ci" is expected.', "checks"),
        (f"{GH006}remote: error: 7 of 7 required status checks are expected.", "checks"),
        (f"{GH013}remote: - Commits must have verified signatures.", "signed"),
        (f"remote: GitLab: Commit must be signed with a GPG key{HOOK}", "signed"),
        (f"{GH013}remote: - Cannot update this protected ref.", "restricted"),
        (
            f"remote: GitLab: You are not allowed to push code to protected branches on this project.{HOOK}",
            "restricted",
        ),
        (f"{GH006}remote: error: You're not authorized to push to this branch.", "restricted"),
        (f"remote: acme policy 12: bumps need a ticket{HOOK}", None),
        ("! [rejected] main -> main (stale info)", None),
        ("fatal: unable to access 'https://example.com/': Could not resolve host", None),
    ],
)
def test_the_reason_is_known_from_each_servers_words(words: str, expected: str | None) -> None:
    assert reason(words) == expected


def test_signatures_and_merges_are_met_by_no_pull_request() -> None:
    assert [
        why for why in ("linear", "pulls", "checks", "signed", "restricted", None) if is_for_pulls(why)
    ] == [
        "pulls",
        "checks",
        "restricted",
    ]


def test_githubs_empty_lines_hide_no_rule() -> None:
    rules = "\n".join(
        f"remote: - rule {number}\nremote:   Found 1 violation:\nremote:        " for number in range(4)
    )
    said = Git.said(f"remote: error: GH013: found\nremote: Review all\nremote: \n{rules}\n", MOST_SAID)
    assert "rule 3" in said
    assert "remote: ·" not in said
