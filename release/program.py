"""Invoke's program with this tool's exit codes: words that it does not know end with 2, not 1."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.exceptions import Exit, ParseError, UnexpectedExit
from invoke.program import Program

from release.errors import USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator


OPTIONAL = {"rollback": "--to", "approve": "--run", "publish": "--name", "hotfix": "--tag"}


class ReleaseProgram(Program):
    """`inv`, as ./inv starts it."""

    def parse_core(self, argv: list[str] | None) -> None:
        """Invoke's own options."""
        with _usage():
            super().parse_core(_with_one_root(sys.argv if argv is None else argv))

    def parse_cleanup(self) -> None:
        """`--help` of a task, `--list`."""
        with _usage():
            super().parse_cleanup()

    def load_collection(self) -> None:
        """The tasks of tasks.py; `init` too where that file is missing, or has no tasks of a release."""
        from invoke.collection import Collection

        root = Path(self.args["search-root"].value or Path.cwd())
        try:
            super().load_collection()
        except Exit:
            if self.core.unparsed[:1] not in ([], ["init"]):
                raise Exit(
                    f"There is no tasks.py in {root} or above. `inv init` writes one, with all that a release needs.",
                    code=USAGE,
                ) from None
            self.collection = Collection()
        if "init" not in self.collection.task_names:
            from release.tasks.adopting import init

            self.collection.add_task(init)
            self.collection.configure({"release": {"root": str(root)}})

    def parse_tasks(self) -> None:
        """The tasks and their options."""
        self.core.unparsed = _named(self.core.unparsed)
        with _usage():
            super().parse_tasks()

    def execute(self) -> None:
        """Run the tasks; an error that nobody foresaw ends without a stack trace."""
        try:
            super().execute()
        except (Exit, ParseError, UnexpectedExit):
            raise
        except Exception as error:  # noqa: BLE001 - the last resort
            from release.tasks.ending import bug, leave

            leave(bug(error), json=False)


def _with_one_root(argv: list[str]) -> list[str]:
    """./inv names its own folder; a person may name another project after it: `./inv -r examples/minimal --list`."""
    options = (
        list(takewhile(lambda word: word.startswith("-"), argv[3:])) if argv[1:2] == ["--search-root"] else []
    )
    chosen = any(word in {"-r", "--search-root"} or word.startswith("--search-root=") for word in options)
    return [argv[0], *argv[3:]] if chosen else argv


def _named(words: list[str]) -> list[str]:
    """`rollback TAG` as `rollback --to TAG`: Invoke has no positional argument that may be left out."""
    for at, (word, following) in enumerate(pairwise(words)):
        if word in OPTIONAL and not following.startswith("-"):
            return [*words[: at + 1], OPTIONAL[word], *words[at + 1 :]]
    return words


@contextmanager
def _usage() -> Iterator[None]:
    try:
        yield
    except ParseError as error:
        raise Exit(str(error), code=USAGE) from None


program = ReleaseProgram(name="inv", binary="inv[oke]", binary_names=["inv", "invoke"])


def main() -> None:
    """`inv` of a virtual environment that was made by hand; ./inv puts itself in that place."""
    try:
        program.run()
    except BrokenPipeError:  # `inv --help | head`: whoever read along has gone
        raise SystemExit(0) from None
    finally:
        _flushed()


def _flushed() -> None:
    """Hand on what was printed; to nowhere where the reader has gone, or Python complains at its exit."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
