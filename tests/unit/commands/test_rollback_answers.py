"""What a rollback makes of one answer: of what is live now, of what was before, or of neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.rollback.answers import judged, known, unasked
from release.model.deployment import Health

if TYPE_CHECKING:
    from release.commands.rollback.answers import Mark

OLD, NEW = ("1.2.3", "a" * 40), ("1.3.0", "b" * 40)
IDS = ("1c0b6f85-90d2-4f6b-8d13-1b5a6e9f7c42",)
WELL = Health(None, None, None)


@pytest.mark.parametrize(
    ("answer", "wanted", "kind", "detail"),
    [
        (WELL, OLD, "healthy", "1.2.3 is healthy"),
        (WELL, None, "healthy", "what is live is healthy"),
        (Health(None, "a" * 7, None), OLD, "healthy", "1.2.3 is healthy"),
        (Health(None, "b" * 40, None), OLD, "another", "it still answers as commit bbbbbbb, not aaaaaaa"),
        (Health(None, "d" * 40, None), OLD, "another", "it answers as commit ddddddd, not aaaaaaa"),
        (Health(None, "b" * 40, None), None, "another", "it still answers as commit bbbbbbb"),
        (Health(None, "d" * 40, None), None, "healthy", "what is live is healthy"),
        (Health("1.3.0", None, None), OLD, "another", "it still answers as 1.3.0"),
        (Health(None, None, None, version_id=IDS[0][:8]), OLD, "healthy", "1.2.3 is healthy"),
        (
            Health(None, None, None, version_id="0" * 36),
            OLD,
            "another",
            "it still answers as version 00000000",
        ),
        (Health(None, None, "down"), OLD, "unhealthy", "down"),
        (Health(None, None, "no answer", answered=False), OLD, "silent", "no answer"),
    ],
)
def test_an_answer_counts_by_what_it_tells(answer: Health, wanted: Mark, kind: str, detail: str) -> None:
    seen = judged(answer, wanted, NEW, IDS)
    assert (seen.kind, seen.detail) == (kind, detail)


def test_without_a_route_the_ending_says_that_nothing_was_asked() -> None:
    seen = unasked("production")
    assert seen.kind == "healthy"
    assert "there is no health route to ask" in seen.ending
    assert known(judged(Health(None, None, "down"), OLD, NEW, IDS), seen).kind == "healthy"
