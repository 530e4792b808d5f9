"""The verdict in words, the same for every view (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.demand import Evidence, Fault
    from release.record import Window


def evidence_words(one: Evidence) -> tuple[str, ...]:
    """What a source demands, then why, line by line."""
    lines = [*one.because, *(f"cannot tell: {_place(fault)}{fault.what}" for fault in one.cannot_tell)]
    lines += [f"wrong: {fault.what}" for fault in one.errors]
    lines += [one.note] if one.note else []
    demanded = one.least or ("cannot tell" if one.cannot_tell else "nothing")
    if len(lines) == 1:
        return (f"{demanded:<8} {lines[0].removeprefix('cannot tell: ')}",)
    return (demanded, *lines)


def window_words(window: Window | None) -> Iterator[str]:
    """Whether the version that is live now still works after the migrations."""
    if window is None:
        return
    if window.open is None:
        yield "unknown  nobody can tell whether what is live works after the migrations"
    elif window.open:
        yield "open     what is live now works after the migrations"
    else:
        yield f"closed   what is live now does not: {'; '.join(window.closed_by)}"
    for line in window.narrowed:
        yield f"but      {line}"


def _place(fault: Fault) -> str:
    if fault.file is None:
        return ""
    return f"{fault.file}{f':{fault.line}' if fault.line else ''}: "
