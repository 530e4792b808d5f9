"""Invoke's program with this tool's exit codes: words that it does not know end with 2, not 1."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from release.errors import USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReleaseProgram(Program):
    """`inv`, as ./inv starts it."""

    def parse_core(self, argv: list[str] | None) -> None:
        """Invoke's own options."""
        with _usage():
            super().parse_core(argv)

    def parse_cleanup(self) -> None:
        """`--help` of a task, `--list`."""
        with _usage():
            super().parse_cleanup()

    def parse_tasks(self) -> None:
        """The tasks and their options."""
        with _usage():
            super().parse_tasks()


@contextmanager
def _usage() -> Iterator[None]:
    try:
        yield
    except ParseError as error:
        raise Exit(str(error), code=USAGE) from None


program = ReleaseProgram(name="inv", binary="inv[oke]", binary_names=["inv", "invoke"])


if __name__ == "__main__":
    program.run()
