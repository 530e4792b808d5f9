"""The words of one `inv` call, read before anything happens: which command, and which of Invoke's own options.

Invoke takes its own options before a task and after it, and ignores those that mean nothing to the task. A release is
too expensive for that: here each of them does what a person means by it, or is refused with the right spelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.formats.suggestion import did_you_mean, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from invoke.parser.argument import Argument
    from invoke.parser.context import ParserContext

WORD_ALLOWED = {
    "rollback": "to",
    "approve": "run",
    "publish": "name",
    "hotfix": "tag",
    "open": "tag",
}  # `rollback TAG`
PLACED = frozenset(
    {"search-root", "collection", "complete", "print-completion-script"}
)  # before the command alone
LATER = frozenset({"help", "version", "debug"})  # what they are asked of may follow; debug writes at once
OF_LIST = frozenset({"list", "list-depth", "list-format"})
MEANT = {  # what a person who takes an option of Invoke for ours means: our option for it, and what that does
    "echo": ("verbose", "Every line of the programs that run"),
    "debug": ("verbose", "Every line of the programs that run"),
    "hide": ("json", "One JSON object on stdout"),
}
INSTEAD = {
    "config": "The configuration is [tool.release] in pyproject.toml; it has no other file.",
    "command-timeout": "Deadlines are set in [tool.release] (docs/configuration.md).",
}


class RefusedError(Exception):
    """Words that must not be carried out; the text says what to type instead."""


@dataclass(frozen=True)
class Given:
    """An option of Invoke's core, as it was typed (`-R`) and as it is called (`dry`)."""

    name: str
    typed: str
    value: str | None = None
    is_before: bool = True  # the command

    @property
    def words(self) -> tuple[str, ...]:
        """The option for Invoke."""
        return (f"--{self.name}",) if self.value is None else (f"--{self.name}", self.value)


@dataclass
class Command:
    """A task that is named, and its own words."""

    name: str
    context: ParserContext
    words: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)

    def has(self, option: str) -> bool:
        """Whether the command takes an option, by its long name without dashes."""
        return f"--{option}" in self.context.flags


@dataclass
class Call:
    """One `inv` call. `fault` is the first thing in it that cannot be understood; `rest` comes after `--`."""

    core: list[Given] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    fault: str = ""
    rest: list[str] | None = None

    def asks(self, name: str) -> bool:
        """Whether an option of Invoke's core was given."""
        return any(one.name == name for one in self.core)


def front(words: Sequence[str], core: ParserContext) -> tuple[list[str], list[str]]:
    """Invoke's options before the first command as Invoke may take them at once, and the words from there on.

    What is `LATER` goes to the latter.
    """
    reader = _Reader(Call(), core, {}, words)
    while reader.words and reader.words[0] != "--" and reader.words[0].startswith("-"):
        length = reader.option()
        if reader.call.fault:
            break
        reader.words = reader.words[length:]
    taken = [word for one in reader.call.core if one.name not in LATER for word in one.words]
    asking = [word for one in reader.call.core if one.name in LATER for word in one.words]
    return taken, [*asking, *reader.words]


def read(words: Sequence[str], core: ParserContext, tasks: Mapping[str, ParserContext]) -> Call:
    """What a call says. Nothing is raised: its `fault` says what cannot be understood."""
    reader = _Reader(Call(), core, tasks, words)
    while reader.words:
        reader.words = reader.words[reader.next() :]
    return reader.call


def words_to_run(call: Call) -> list[str]:
    """The words that Invoke carries out for a call of this tool's own commands. Raises RefusedError."""
    if call.asks("help") and (call.commands or not call.fault):
        named = [one.value for one in call.core if one.name == "help" and one.value]
        return [*(named or [one.name for one in call.commands[-1:]]), "--help"]
    if call.fault:
        raise RefusedError(call.fault)
    if call.asks("version"):
        return ["--version"]
    if call.asks("list"):
        return [word for one in call.core if one.name in OF_LIST for word in one.words]
    return _alone(call) if call.commands else []


def _alone(call: Call) -> list[str]:
    """The words of the one command that is named."""
    command = call.commands[0]
    if call.rest is not None:
        raise RefusedError(f"inv {call.commands[-1].name} takes nothing after --. Leave it out.")
    if len(call.commands) > 1:
        chain = ", then ".join(f"inv {one.name}" for one in call.commands)
        raise RefusedError(f"One call runs one command. Nothing was started. Run them one by one: {chain}")
    dry = [one for one in call.core if one.name == "dry"]
    for one in call.core:
        if one not in dry and not (one.is_before and one.name in PLACED):
            raise RefusedError(_refusal(one, command))
    if dry and not command.has("dry-run"):
        raise RefusedError(
            f"inv {command.name} has no --dry-run, and {dry[0].typed} is not ignored. Nothing was started. "
            "To see what a release would do: inv plan"
        )
    return [command.name, *command.words, *(["--dry-run"] if dry and "dry-run" not in command.given else [])]


def _refusal(one: Given, command: Command) -> str:
    """Why an option of Invoke is not taken, and what to type instead."""
    name, typed = command.name, one.typed
    if one.name in PLACED:
        value = f" {one.value}" if one.value else ""
        return f"{typed} stands before the command: inv --{one.name}{value} {name}"
    whose = (
        f"{typed} is Invoke's --{one.name} here"
        if typed != f"--{one.name}"
        else f"{typed} is an option of Invoke"
    )
    said = f"{whose}; inv {name} does not take it."
    if typed in command.context.flags:
        own = command.context.flags[typed]  # not .get, which knows no aliases
        return f"{said} Put it after the command: inv {name} --{_dashed(own)}"
    option, what = MEANT.get(one.name, ("", ""))
    if command.has(option):
        return f"{said} {what}: inv {name} --{option}"
    return f"{said} {INSTEAD.get(one.name, 'Leave it out.')}"


@dataclass
class _Reader:
    """Reads one word, or an option with its value, at a time."""

    call: Call
    core: ParserContext
    tasks: Mapping[str, ParserContext]
    words: Sequence[str]

    @property
    def command(self) -> Command | None:
        return self.call.commands[-1] if self.call.commands else None

    def next(self) -> int:
        """Read what comes next; the number of words that it took."""
        word, command = self.words[0], self.command
        if word == "--":
            self.call.rest = list(self.words[1:])
            return len(self.words)
        if word.startswith("-") and len(word) > 1:
            return self.option()
        if command and not command.words and command.name in WORD_ALLOWED:
            self._own(command, command.context.flags[f"--{WORD_ALLOWED[command.name]}"], word)
        elif command and command.context.missing_positional_args:
            command.words.append(word)
        elif word in self.tasks:
            self.call.commands.append(Command(str(self.tasks[word].name), self.tasks[word]))
        else:
            self._unknown(word)
        return 1

    def option(self) -> int:
        """Read an option with its value, or several short ones that were joined; the number of words that it took."""
        word, equals, value = self.words[0].partition("=")
        if word.startswith("--") or len(word) == 2:  # noqa: PLR2004 - a dash and a letter
            return self._one(word, value if equals else None, is_last=True)
        letters = [f"-{letter}" for letter in word[1:]]
        for letter in letters[:-1]:
            self._one(letter, None, is_last=False)
        return self._one(letters[-1], value if equals else None, is_last=True)

    def _one(self, typed: str, value: str | None, *, is_last: bool) -> int:
        found = self._found(typed)
        if found is None:
            self._unknown(typed)
            return 1
        owner, argument = found
        if not argument.takes_value:
            if value is not None:
                self._is_wrong(
                    f"{typed} takes no value: {typed}={value}. Write {typed} alone, or leave it out."
                )
            self._keep(owner, argument, typed, None)
            return 1
        if not is_last:
            self._is_wrong(f"{typed} takes a value and cannot be joined with others: {self.words[0]}")
            return 1
        following = self.words[1] if len(self.words) > 1 else None
        is_option = following is not None and following.startswith("-") and len(following) > 1
        length = 1
        if value is None and following is not None and not is_option and argument.name != "help":
            value, length = following, 2
        if value is None and not argument.optional:
            hint = f" If that is the value: {typed}={following}" if is_option else ""
            self._is_wrong(f"{typed} wants a value, and {following or 'nothing'} follows.{hint}")
            return 1
        self._keep(owner, argument, typed, value)
        return length

    def _found(self, typed: str) -> tuple[Command | None, Argument] | None:
        """Whose option it is: the command's own come first."""
        command = self.command
        if command and typed in command.context.flags:
            return command, command.context.flags[typed]
        if command and typed in command.context.inverse_flags:
            return command, command.context.flags[command.context.inverse_flags[typed]]
        if typed in self.core.flags:
            return None, self.core.flags[typed]
        if typed == "--dry-run":
            return None, self.core.flags["--dry"]
        return None

    def _keep(self, owner: Command | None, argument: Argument, typed: str, value: str | None) -> None:
        if owner is None:
            self.call.core.append(Given(_dashed(argument), typed, value, is_before=not self.call.commands))
        else:
            self._own(owner, argument, value, typed)

    def _own(self, command: Command, argument: Argument, value: str | None, typed: str = "") -> None:
        spelled = typed if typed in command.context.inverse_flags else f"--{_dashed(argument)}"
        command.given.add(_dashed(argument))
        command.words.append(spelled if value is None else f"{spelled}={value}")

    def _is_wrong(self, what: str) -> None:
        """Keep the first thing that is wrong; what follows may still ask for help."""
        self.call.fault = self.call.fault or what

    def _unknown(self, word: str) -> None:
        command = self.command
        near = _near(word, self._known(command))
        if not word.startswith("-"):
            hint = near or "inv --list shows the commands."
            after = f"inv {command.name} takes no word {word}, and there" if command else "There"
            self._is_wrong(f"{after} is no command {word}. {hint}")
            return
        later = [name for name, context in self.tasks.items() if word in context.flags] if not command else []
        where = (
            f"inv {command.name} has no option {word}."
            if command
            else f"There is no option {word} before a command."
        )
        hint = f"Put it after the command: inv {later[0]} {word}" if later else ""
        hint = hint or near or f"inv {f'{command.name} ' if command else ''}--help shows them."
        self._is_wrong(f"{where} {hint}")

    def _known(self, command: Command | None) -> Iterator[str]:
        if command:
            yield from command.context.flag_names()
            yield "--help"
        else:
            yield from ("--dry-run", "--help", "--list", "--version")
        yield from self.tasks


def _dashed(argument: Argument) -> str:
    """An option's long name as it is typed."""
    return str(argument.name).replace("_", "-")


def _near(word: str, known: Iterable[str]) -> str:
    """The option or command that was probably meant, as it is typed."""
    kind = (one for one in known if one.startswith("-") == word.startswith("-"))
    return sentence(did_you_mean(word.replace("_", "-"), kind, shown=str)).lstrip()
