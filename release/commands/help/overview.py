"""What bare `inv` and `inv --list` show: the commands by what a person wants."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from release.commands.options import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from invoke.collection import Collection
    from invoke.tasks import Task

WIDE = 20  # columns of the names
OTHER, STEPS = "This repository", "Steps, one at a time"


def overview(
    tasks: Collection, groups: Mapping[str, tuple[str, ...]], width: int | None = None
) -> Iterator[str]:
    """The page, in lines of at most `width` columns (the terminal's unless given). `groups` are names by title."""
    width = width or shutil.get_terminal_size().columns
    yield "Usage: inv COMMAND [OPTIONS]"
    for title, names in grouped(tasks, groups).items():
        yield ""
        yield title
        for name in names:
            yield from _row(name, summary(tasks[name]), width)
    yield ""
    yield from _row("inv COMMAND --help", "explains a command and its options", width)
    yield from _row("inv help TOPIC", f"explains {', '.join(TOPICS)}", width)


def grouped(tasks: Collection, groups: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The names of all tasks by title, in the order of `groups`; a project's own come last."""
    found = {title: [name for name in names if name in tasks.tasks] for title, names in groups.items()}
    below = {name: [f"{name}.{one}" for one in inner.task_names] for name, inner in tasks.collections.items()}
    found.setdefault("Rehearse", []).extend(below.pop("rehearsal", []))
    steps = below.pop("step", [])
    told = {name for names in found.values() for name in names}
    found[STEPS] = steps
    found[OTHER] = [name for name in tasks.task_names if name not in told and name not in steps]
    return {title: names for title, names in found.items() if names}


def summary(task: Task[Any]) -> str:
    """What a task does, in a line without a full stop."""
    return (task.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _row(name: str, text: str, width: int) -> Iterator[str]:
    indent = " " * (WIDE + 3)
    first = f"  {name:<{WIDE}} "
    if len(first) > len(indent):
        yield first.rstrip()
        first = indent
    yield from textwrap.wrap(
        text, max(width - 1, 40), initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    ) or [first.rstrip()]
