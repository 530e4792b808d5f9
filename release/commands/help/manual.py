"""A command as a value: what it does, its example, its options. Helps, man pages and docs/commands.md are made of it."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.commands.options import OPTIONS, WORDS, of_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from invoke.tasks import Task

    from release.commands.options import Option

WIDE = 26  # columns of the options
GLOBAL = (
    ("-h, --help", "show this help and exit"),
    ("-V, --version", "show the version and exit"),
)


@dataclass(frozen=True)
class Page:
    """A command. `word` is the option that may be given as a bare word, `options` come with their defaults in words."""

    name: str
    summary: str
    example: str
    text: tuple[str, ...]
    options: tuple[tuple[Option, str], ...]
    word: Option | None = None

    @property
    def usage(self) -> str:
        """How it is typed."""
        word = f" [{self.word.value}]" if self.word else ""
        return f"inv {self.name}{word}{' [OPTIONS]' if self.options else ''}"


def page_of(name: str, task: Task[Any]) -> Page:
    """What a command of this tool says of itself."""
    summary, *rest = [one.strip() for one in inspect.cleandoc(task.__doc__ or "").split("\n\n")]
    example = next(
        (one.removeprefix("Example: ") for one in rest if one.startswith("Example: ")), f"inv {name}"
    )
    text = tuple(" ".join(one.split()) for one in rest if not one.startswith("Example: "))
    parameters = list(inspect.signature(task.body).parameters.values())[1:]
    options = [(of_parameter(one.name), _default(one)) for one in parameters]
    options.sort(key=lambda pair: list(OPTIONS).index(pair[0].word))
    word = OPTIONS[WORDS[name]] if name in WORDS else None
    return Page(name, " ".join(summary.split()), example, text, tuple(options), word)


def help_lines(page: Page, width: int | None = None) -> Iterator[str]:
    """The page as `inv COMMAND --help` shows it, in lines of at most `width` columns (the terminal's unless given)."""
    width = max((width or shutil.get_terminal_size().columns) - 1, 40)
    yield from textwrap.wrap(page.summary, width)
    yield ""
    yield f"Usage:   {page.usage}"
    yield from textwrap.wrap(page.example, width, initial_indent="Example: ", subsequent_indent=" " * 9)
    for paragraph in page.text:
        yield ""
        yield from textwrap.wrap(paragraph, width, break_on_hyphens=False)
    yield ""
    yield "Options:"
    for option, default in page.options:
        yield from _row(spelled(option), meaning(option, default), width)
    for words, text in GLOBAL:
        yield from _row(words, text, width)


def spelled(option: Option) -> str:
    """Letter and word, as they are typed."""
    letter = f"-{option.letter}, " if option.letter else "    "
    return f"{letter}{option.spelled}"


def meaning(option: Option, default: str) -> str:
    """What an option does, with its default in a command."""
    return f"{option.does} (default: {default})" if default else option.does


def _default(parameter: inspect.Parameter) -> str:
    found = parameter.default
    return "" if found in {"", inspect.Parameter.empty, None} or isinstance(found, bool) else str(found)


def _row(words: str, text: str, width: int) -> Iterator[str]:
    first, indent = f"  {words:<{WIDE}} ", " " * (WIDE + 3)
    if len(words) > WIDE:
        yield first.rstrip()
        first = indent
    yield from textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    )


def plain(text: str) -> str:
    """A line of a topic without its marks."""
    return re.sub(r"`([^`]+)`", r"\1", text)
