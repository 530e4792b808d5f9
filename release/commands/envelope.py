"""The one JSON object of every command: what is the same in all of them, and the command's own fields after it.

docs/schemas/ has a JSON Schema for each command; `release/commands/schemas.py` is what they are made of.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from release import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.model.outcome import Outcome

SCHEMA = 1  # raised when a field changes its meaning or goes away; a new field raises nothing
LEFT_OUT = ("was", "questions", "warnings")  # an outcome's own spelling of what `before` and `problems` say
ENDINGS = {  # how a command without an outcome of its own ended, by its exit code
    errors.RELEASED: "ok",
    errors.FAILED: "failed",
    errors.USAGE: "usage",
    errors.UNRECORDED: "unrecorded",
    errors.BLOCKED: "blocked",
    errors.NOTHING: "nothing",
    130: "interrupted",
}


def envelope(
    command: str,
    outcome: str,
    exit_code: int,
    problems: Iterable[dict[str, Any]] = (),
    following: str | None = None,
    **fields: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """One object; `following` is the command to run next, `fields` are the command's own."""
    return {
        "schema": SCHEMA,
        "command": command,
        "outcome": outcome or ENDINGS.get(exit_code, "failed"),
        "exit_code": exit_code,
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "problems": list(problems),
        "next": following,
        **fields,
    }


def of_outcome(command: str, outcome: Outcome, exit_code: int) -> dict[str, Any]:
    """The same of a release, or of whatever else ends in an Outcome."""
    found = outcome.as_json()
    problems = [*found["problems"], *found["warnings"], *found["questions"]]
    own = {
        name: value for name, value in found.items() if name not in {*LEFT_OUT, "outcome", "problems", "next"}
    }
    return envelope(command, outcome.outcome, exit_code, problems, outcome.next, **own)


def problem(check: str, level: str, what: str, advice: str = "") -> dict[str, Any]:
    """One thing that is wrong. `level`: block, warn, ask (of a person), skip (left out on purpose) or fail (while it ran)."""
    return {"check": check, "level": level, "what": what, "advice": advice, "file": None, "line": None}
