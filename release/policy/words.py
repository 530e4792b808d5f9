"""The verdict in words, the same for every view (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.evidence import Evidence, Fault, Loss
    from release.model.record import Window


def evidence_words(one: Evidence) -> tuple[str, ...]:
    """What a source demands, then why, line by line."""
    counted = {loss.said: f"{loss.said} · {rows_words(loss)}" for loss in one.losses}
    lines = [counted.get(line, line) for line in one.because]
    lines += [f"cannot tell: {_place(fault)}{fault.what}" for fault in one.cannot_tell]
    lines += [f"wrong: {fault.what}" for fault in one.errors]
    lines += [one.note] if one.note else []
    demanded = one.least or ("cannot tell" if one.cannot_tell else "nothing")
    if len(lines) == 1:
        return (f"{demanded:<8} {lines[0].removeprefix('cannot tell: ')}",)
    return (demanded, *lines)


def tells_loss(one: Evidence, line: str) -> bool:
    """Whether a line of a source's words tells of lost data."""
    return any(loss.said in line for loss in one.losses)


def rows_words(loss: Loss) -> str:
    """How many rows a loss reaches in production now."""
    if loss.rows is None:
        return "row count unknown"
    many = "more than" if loss.is_more else "" if loss.every else "up to"
    return f"{many} {loss.rows:,} {'row' if loss.rows == 1 else 'rows'} in {loss.database}".lstrip()


def window_words(window: Window | None) -> Iterator[str]:
    """Whether the version that is live now still works after the migrations."""
    if window is None:
        return
    if window.open is None:
        yield "unknown  cannot tell whether the live version works after the migrations"
    elif window.open:
        yield "open     the live version keeps working after the migrations"
    else:
        yield f"closed   the live version would break: {'; '.join(window.closed_by)}"
    for line in window.narrowed:
        yield f"but      {line}"
    if window.contract and window.open is not False:
        yield f"until    the step contract: {', '.join(window.contract)}"


def _place(fault: Fault) -> str:
    if fault.file is None:
        return ""
    return f"{fault.file}{f':{fault.line}' if fault.line else ''}: "
