"""What may follow on a command line that is being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands import command_line
from release.commands.known import values_of
from release.commands.options import OPTIONS, WORDS, known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from invoke.parser.context import ParserContext

    from release.commands.command_line import Command
    from release.commands.options import Option

FIRST = ("--help", "--list", "--version", "--dry-run")


def candidates(
    words: Sequence[str], tasks: Mapping[str, ParserContext], core: ParserContext, root: Path
) -> list[str]:
    """What the last of the words may become; empty where a file may follow, which the shell knows itself."""
    *before, current = _unsplit(words) or [""]
    call = command_line.read(before, core, tasks)
    command = call.commands[-1] if call.commands else None
    if command is None:
        return _fitting(FIRST if current.startswith("-") else list(tasks), current)
    name, equals, value = current.partition("=")
    if equals and (option := _option(command, name)):
        return [f"{name}={one}" for one in _fitting(values_of(option, root), value)]
    if before and (option := _option(command, before[-1])) and option.value:
        return _fitting(values_of(option, root), current)
    if current.startswith("-"):
        return _fitting(_flags(command), current)
    word = WORDS.get(command.name)
    if word and word not in command.given:
        more = list(tasks) if word == "topic" else []
        return _fitting([*values_of(OPTIONS[word], root), *more], current)
    return [] if current else _flags(command)


def _unsplit(words: Sequence[str]) -> list[str]:
    """The words as they were typed: bash hands `--bump=minor` on as three."""
    found: list[str] = []
    for word in words:
        if found and (word == "=" or (found[-1].endswith("=") and found[-1].startswith("--"))):
            found[-1] += word
        else:
            found.append(word)
    return found


def _option(command: Command, typed: str) -> Option | None:
    if typed not in command.context.flags:
        return None
    return known(command.context.flags[typed].name)


def _flags(command: Command) -> list[str]:
    """The options of a command that were not given yet, by their words."""
    found = []
    for argument in dict.fromkeys(command.context.flags.values()):
        option = known(argument.name)
        if option is None:
            found.append(f"--{argument.name}")
        elif option.is_many or option.word not in command.given:
            found.append(f"--no-{option.word}" if option.is_on else f"--{option.word}")
    return [*found, "--help"]


def _fitting(known: Sequence[str], start: str) -> list[str]:
    return [one for one in known if one.startswith(start)]
