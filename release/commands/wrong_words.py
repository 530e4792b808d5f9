"""One line for a word on the command line that is not known, with the nearest right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands.options import known as known_option
from release.formats.suggestion import did_you_mean, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from invoke.parser.argument import Argument
    from invoke.parser.context import ParserContext

    from release.commands.command_line import Command
    from release.commands.options import Option

    Known = Callable[[Option], Iterable[str]]


def unknown(word: str, command: Command | None, tasks: Mapping[str, ParserContext], known: Known) -> str:
    """What is wrong with a word behind `command` (None: before any), and what was probably meant."""
    if word.startswith("-"):
        return _option(word, command, tasks)
    if command is None:
        near = _near(word, tasks) or "To list the commands: inv --list"
        return f'Unknown command "{word}". {near}'
    meant = _value(word, command, known) or _near(word, tasks) or f"See inv {command.name} --help."
    return f'inv {command.name} takes no argument "{word}". {meant}'


def example(argument: Argument) -> str:
    """What the value of an option looks like."""
    option = known_option(argument.name)
    if option is None:
        return ""
    return f": {', '.join(option.values)}" if option.values else f", such as {option.spelled}"


def _option(word: str, command: Command | None, tasks: Mapping[str, ParserContext]) -> str:
    if command:
        near = _near(word, (*command.context.flag_names(), "--help"))
        return f"inv {command.name} has no option {word}. {near or f'See inv {command.name} --help.'}"
    later = [name for name, context in tasks.items() if word in context.flags]
    if later:
        return f"Unknown option {word} before a command. Put it after the command: inv {later[0]} {word}"
    near = _near(word, ("--dry-run", "--help", "--list", "--version"))
    return f"Unknown option {word}. {near or 'See inv --help.'}"


def _value(word: str, command: Command, known: Known) -> str:
    """The option that is missing before a word, where the word is one of its values or nearly so."""
    for option in _options(command):
        values = list(known(option))
        if near := did_you_mean(word, values, shown=f"inv {command.name} --{option.word} {{}}".format):
            return sentence(near).lstrip()
    return ""


def _options(command: Command) -> Iterator[Option]:
    """The options of a command whose values are known, those that were not given."""
    for argument in dict.fromkeys(command.context.flags.values()):
        option = known_option(argument.name)
        if option and option.word not in command.given and (option.values or option.names):
            yield option


def _near(word: str, known: Iterable[str]) -> str:
    """The option or command that was probably meant, as it is typed."""
    kind = (one for one in known if one.startswith("-") == word.startswith("-"))
    return sentence(did_you_mean(word.replace("_", "-"), kind, shown=str)).lstrip()
