"""What is kept with a release in words: who approved it, and what was done otherwise than usual (pure).

The same lines stand in the tag's message and at the end of the GitHub Release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.markdown import escaped, link
from release.model.rolled_back import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.record import Approval, Record, Remark

KINDS = {
    "reason": "Reason",
    "break-glass": "Break-glass",
    "skip": "Skipped",
    "tick": "Checked-by-a-person",
    "underbump": "Underbump",
}


def trailers(record: Record) -> tuple[str, ...]:
    """One line for each approval and remark, as git trailers: "Approved-by: ada (typed the tag), 2026-11-23 14:05 UTC"."""
    return tuple(dict.fromkeys((*map(_approval, record.approvals), *map(remark, record.remarks))))


def tag_message(title: str, record: Record) -> str:
    """The message of a release's tag."""
    run = (f"Run: {record.holder.url}",) if record.holder and record.holder.url else ()
    lines = (title, "", *trailers(record), *run)
    return "\n".join(lines).rstrip() + "\n"


def footer(record: Record) -> str:
    """The end of a GitHub Release, in Markdown; empty where there is nothing to say."""
    lines = [f"- {escaped(line)}" for line in trailers(record)]
    if record.holder and record.holder.url:
        lines.append(f"- {link('The run that made it', record.holder.url)}")
    return "\n".join(("", "---", *lines, "")) if lines else ""


def remark(one: Remark) -> str:
    """One remark as a line."""
    return f"{KINDS.get(one.kind, one.kind.capitalize())}: {' '.join(_parts(one))}"


def _parts(one: Remark) -> Iterator[str]:
    what, why = " ".join(one.what.split()), " ".join(one.why.split())
    if what:
        yield f"{what}:" if why else what
    if why:
        yield why
    if one.who:
        yield f"({one.who})"


def _approval(one: Approval) -> str:
    return f"Approved-by: {one.who} ({one.how}), {moment(one.at)}, plan {one.plan[:7]}"
