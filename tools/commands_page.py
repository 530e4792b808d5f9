"""The table of commands in README.md: `python -m tools.commands_page` adds a row for each command that has none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release.tasks import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path(__file__).parents[1] / "README.md"
HEAD = "| command | what it does |\n|---|---|\n"


def page(text: str, commands: Iterable[Any] = COMMANDS) -> str:
    """The page with a row, at the end of the table, for each command that it does not name. Raises ValueError without a table."""
    before, head, rest = text.partition(HEAD)
    if not head:
        raise ValueError(f"{PAGE.name} has no table that begins {HEAD.splitlines()[0]}")
    table, gap, after = rest.partition("\n\n")
    told = set(re.findall(r"`inv ([\w.-]+)", table))
    rows = [_row(command.name, command.__doc__ or "") for command in commands if command.name not in told]
    return before + head + "\n".join([table, *rows]) + gap + after


def main() -> None:
    """Renew the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


def _row(name: str, told: str) -> str:
    first = told.strip().partition("\n")[0].rstrip(".")
    return f"| `inv {name}` | {first[:1].lower()}{first[1:]} |"


if __name__ == "__main__":
    main()
