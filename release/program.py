"""Invoke's program with this tool's exit codes: words that it does not know end with 2, not 1."""

from __future__ import annotations

# isort: off
import release.deferred  # noqa: F401 - before Invoke
# isort: on

import os
import sys
from contextlib import contextmanager, nullcontext
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.exceptions import Exit, ParseError, UnexpectedExit
from invoke.parser import Parser
from invoke.program import Program
from invoke.util import enable_logging

from release.commands import command_line
from release.errors import INTERRUPTED, USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from invoke.collection import Collection
    from invoke.parser.context import ParserContext

    from release.commands.options import Option


class ReleaseProgram(Program):
    """`inv`, as ./inv starts it. `typed` are the words from the command on, `fault` what is wrong with them.

    `completed` are the words that a shell asks to be completed, where it does.
    """

    typed: Sequence[str] = ()
    fault = ""
    completed: list[str] | None = None

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:  # noqa: A002, FBT001, FBT002 - Invoke's own
        """As Invoke does; a Ctrl-C before anything was begun ends with 130, not with 1."""
        try:
            super().run(argv, exit)
        except SystemExit as left:
            if isinstance(left.__context__, KeyboardInterrupt):
                raise SystemExit(INTERRUPTED) from None
            raise

    def parse_core(self, argv: list[str] | None) -> None:
        """Invoke's own options, as far as they stand before a task; the rest waits until the tasks are known."""
        called, *words = _with_one_root(sys.argv if argv is None else argv)
        words, self.completed = _completed(words)
        taken, later = command_line.front(words, self.initial_context)
        if set(later) <= {"-h", "--help"}:
            later = []  # as without it: all commands, which are not known yet
        self.typed = [word for word in later if word != "--"]
        alone = bool(later) and set(later) <= {"-V", "--version", "-h", "--help"}
        with self._usage():
            super().parse_core([called, *(words if alone else taken)])
        if not alone:
            self.argv, self.core.unparsed = [called, *(words if later else taken)], later

    def print_version(self) -> None:
        """Which version of this tool it is."""
        from importlib.metadata import version

        sys.stdout.write(f"cms-release {version('cms-release')}\n")

    def parse_cleanup(self) -> None:
        """`--help` of a task, `--list`; what completes a command line."""
        if self.completed is not None:
            from release.commands.completion.candidates import candidates

            contexts = _by_name(_contexts(self.collection))
            for one in candidates(self.completed, contexts, self.initial_context, self._root()):
                sys.stdout.write(f"{one}\n")
            raise Exit
        with self._usage():
            super().parse_cleanup()

    def print_help(self) -> None:
        """All commands, by what a person wants."""
        from release.commands.help.overview import overview
        from release.tasks import NAMES

        sys.stdout.writelines(f"{line}\n" for line in overview(self.collection, NAMES))

    def list_tasks(self) -> None:
        """The same; a part of it, or another format, as Invoke shows it."""
        is_whole = not self.list_root and not self.list_depth and self.list_format == "flat"
        if is_whole and any(self._is_ours(name) for name in self.collection.task_names):
            self.print_help()
        else:
            super().list_tasks()

    def print_task_help(self, name: str) -> None:
        """What a command does, with its options; a project's own task as Invoke shows it."""
        from release.commands.command import Command

        task = self.collection[name]
        if not isinstance(task, Command):
            super().print_task_help(name)
            return
        from release.commands.help.manual import help_lines, page_of

        sys.stdout.writelines(f"{line}\n" for line in help_lines(page_of(name, task)))

    def load_collection(self) -> None:
        """The tasks of tasks.py; `init` too where that file is missing, or has no tasks of a release."""
        from invoke.collection import Collection

        root = self._root()
        try:
            super().load_collection()
        except Exit:
            if next((word for word in self.core.unparsed if not word.startswith("-")), "init") != "init":
                name = self.args.collection.value
                raise Exit(
                    f"No {name or 'tasks'}.py in {root} or above."
                    + ("" if name else " To set up releases here: inv init"),
                    code=USAGE,
                ) from None
            self.collection = Collection()
        if "init" not in self.collection.task_names:
            from release.commands.init import init

            self.collection.add_task(init)
            self.collection.configure({"release": {"root": str(root)}})

    def parse_tasks(self) -> None:
        """The tasks and their options, with Invoke's own wherever they stand: done as meant, or refused."""
        with self._usage():
            if self.argv[1:] and self.completed is None:
                self._take_words()
            super().parse_tasks()

    def _make_parser(self) -> Parser:
        """Invoke's own knows every task, and copies the options of each; ours knows those that may be named."""
        words = {*self.core.unparsed, self.args.help.value or ""}
        found = _by_name(_contexts(self.collection)) if any(words) else {}
        named = [one for name, one in found.items() if name == one.name and {name, *one.aliases} & words]
        return Parser(initial=self.initial_context, contexts=named or list(found.values()))

    def _take_words(self) -> None:
        """Invoke's options are Invoke's for a project's own tasks, but for `--help` and `--version`."""
        contexts = _by_name(_contexts(self.collection)) if self.core.unparsed else {}
        call = command_line.read(self.argv[1:], self.initial_context, contexts, self._values)
        self.fault = call.fault
        ours = not call.commands or any(self._is_ours(one.name) for one in call.commands)
        if not ours and not call.asks("help") and not call.asks("version"):
            if call.asks("debug"):
                enable_logging()
            return
        self.core.unparsed = command_line.words_to_run(call)
        if self.core.unparsed == ["--version"]:
            self.print_version()
            raise Exit

    def execute(self) -> None:
        """Run the tasks; an unexpected error ends without a stack trace."""
        try:
            with self._bounded():
                super().execute()
        except (Exit, ParseError, UnexpectedExit):
            raise
        except Exception as error:  # noqa: BLE001 - the last resort
            from release.commands.ending import bug, leave

            leave(bug(error), json=False)

    def _values(self, option: Option) -> list[str]:
        from release.commands.known import values_of

        return values_of(option, self._root())

    def _root(self) -> Path:
        named = self.args["search-root"].value if "search-root" in self.args else None
        return Path(named or Path.cwd())

    @contextmanager
    def _usage(self) -> Iterator[None]:
        """What cannot be understood ends with 2, as one JSON object too where that was asked for."""
        try:
            yield
        except (ParseError, ValueError, command_line.RefusedError) as error:  # ValueError: `--list-depth x`
            said = self.fault or str(error)
        except Exit as error:
            if not error.message:
                raise Exit(code=0) from None
            said = error.message  # `--list nowhere`
        else:
            return
        if command_line.asks_json(self.typed):
            from release.commands.ending import refused

            refused(said, self.typed)
        raise Exit(said, code=USAGE)

    def _bounded(self) -> AbstractContextManager[None]:
        """What ends a command of this tool at once, or at its deadline; a project's own tasks, and tests, have none."""
        named = [str(one.name) for one in self.tasks if self._is_ours(one.name)]
        if not named or named[0] in {"test", "rehearsal.shell"}:
            return nullcontext()
        from release.commands.ending import bounded

        return bounded(named[0])

    def _is_ours(self, name: str | None) -> bool:
        return str(self.collection[name].body.__module__).startswith("release.")


def _with_one_root(argv: list[str]) -> list[str]:
    """./inv names its own folder; a person may name another project after it: `./inv -r examples/minimal --list`."""
    options = (
        list(takewhile(lambda word: word.startswith("-"), argv[3:])) if argv[1:2] == ["--search-root"] else []
    )
    chosen = any(word in {"-r", "--search-root"} or word.startswith("--search-root=") for word in options)
    return [argv[0], *argv[3:]] if chosen else argv


def _contexts(collection: Collection) -> list[ParserContext]:
    """The options of every task. Invoke takes a help text out of its task when it reads it: each is put back."""
    tasks = [collection[name] for name in collection.task_names]
    texts = [dict(task.help) for task in tasks]
    found: list[ParserContext] = collection.to_contexts()
    for task, text in zip(tasks, texts, strict=True):
        task.help = text
    return found


def _by_name(contexts: list[ParserContext]) -> dict[str, ParserContext]:
    return {name: one for one in contexts for name in (str(one.name), *one.aliases)}


def _completed(words: list[str]) -> tuple[list[str], list[str] | None]:
    """A call without the words that a shell asks to be completed (`--complete -- WORD ...`), and those; None for none."""
    if "--complete" not in words[:-1]:
        return words, None
    at = words.index("--complete")
    if words[at + 1] != "--":
        return words, None
    typed = words[at + 2 :]
    if typed and Path(typed[0]).name in {"inv", "invoke"}:  # as Invoke's own script hands it on
        del typed[0]
    return words[:at], typed


program = ReleaseProgram(name="inv", binary="inv[oke]", binary_names=["inv", "invoke"])


def main() -> None:
    """`inv` of a virtual environment that was made by hand; ./inv puts itself in that place."""
    try:
        program.run()
    except BrokenPipeError:  # `inv --help | head`: the reader has gone
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
