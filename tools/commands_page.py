"""The pages about commands: `python -m tools.commands_page` writes docs/commands.md, and adds missing rows to README.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release.commands.command import Command
from release.commands.help.manual import page_of
from release.commands.help.overview import summary
from release.commands.help.topics import EXIT_CODES, TOPICS
from release.commands.options import FORMER, TABLE, WORDS
from release.tasks import COMMANDS, NAMES, collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from release.commands.help.manual import Page
    from release.commands.options import Option

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "commands.md"
HEAD = "| command | what it does |\n|---|---|\n"
STEP, ANY, BACKFILL = "step.", "step.NAME", "step.backfill"


def page(text: str, commands: Iterable[Any] = COMMANDS) -> str:
    """The page with a row, at the end of the table, for each command that it does not name. Raises ValueError without a table."""
    before, head, rest = text.partition(HEAD)
    if not head:
        raise ValueError(f"{PAGE.name} has no table that begins {HEAD.splitlines()[0]}")
    table, gap, after = rest.partition("\n\n")
    told = set(re.findall(r"`inv ([\w.-]+)", table))
    rows = [_row(command.name, command.__doc__ or "") for command in commands if command.name not in told]
    return before + head + "\n".join([table, *rows]) + gap + after


def pages(root: Path = ROOT) -> dict[str, Page]:
    """Every command of this tool but the steps, by its name; `step.NAME` stands for those."""
    tasks, found = collection(root), {}
    for name in (*(one for names in NAMES.values() for one in names), *tasks.task_names):
        task = tasks[name]
        if isinstance(task, Command) and name not in found and not name.startswith(STEP):
            found[name] = page_of(name, task)
    for name, step in {ANY: "smoke", BACKFILL: "backfill"}.items():
        found[name] = page_of(name, tasks[f"{STEP}{step}"])
    return found


def users(option: Option) -> list[str]:
    """The commands that take an option."""
    found = [name for name, one in pages().items() if option.word in {each.word for each, _ in one.options}]
    return [name for name in found if name != BACKFILL or ANY not in found]


def reference() -> str:
    """docs/commands.md, all of it."""
    return "\n".join(_reference()) + "\n"


def _reference() -> Iterator[str]:
    yield from (
        "# Commands and options",
        "",
        "Made by `python -m tools.commands_page` from the commands themselves. `inv COMMAND --help` shows the same for one",
        "command, `inv help TOPIC` explains a topic, and `inv completion bash` (zsh, fish) completes all of it.",
        "",
        "## Commands",
    )
    found, tasks = pages(), collection(ROOT)
    groups: dict[str, list[str]] = {title: list(names) for title, names in NAMES.items()}
    groups["Rehearse"] += [name for name in found if name.startswith("rehearsal.")]
    for title, names in groups.items():
        yield from ("", f"### {title}", "", "| command | what it does |", "|---|---|")
        yield from (
            f"| `{found[name].usage.removesuffix(' [OPTIONS]')}` | {summary(tasks[name])} |" for name in names
        )
    yield from ("", "### Steps", "")
    yield "`inv step.NAME` runs one step of a release on its own, with the same checks, approval and lock."
    yield from ("", "| command | what it does |", "|---|---|")
    yield from (
        f"| `inv {name}` | {summary(tasks[name])} |" for name in tasks.task_names if name.startswith(STEP)
    )
    yield from (
        "",
        "## Options",
        "",
        "A word and a letter mean the same in every command that has them. `--dry` before or after a command is `--dry-run`.",
        "An option that a command does not take is refused before anything happens, also where Invoke knows one of that name.",
        "",
        "| option | | what it does | commands |",
        "|---|---|---|---|",
    )
    for option in TABLE:
        letter = f"`-{option.letter}`" if option.letter else ""
        taken = ", ".join(f"`{name}`" for name in users(option))
        yield f"| `{option.spelled}` | {letter} | {option.does} | {taken} |"
    words = ", ".join(f"`inv {name} {_value(name)}`" for name in WORDS)
    yield from ("", f"These take their value without the option too: {words}.")
    former = ", ".join(f"`inv {name} {typed} VALUE` (now `--{now}`)" for (name, typed), now in FORMER.items())
    yield from (
        "",
        f"Older spellings that are still accepted: {former}.",
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
    )
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES)
    yield from (
        "",
        "## JSON",
        "",
        TOPICS["json"].paragraphs[0].replace("docs/schemas", "[docs/schemas](schemas)"),
        "",
    )
    yield from ("| field | what it holds |", "|---|---|")
    yield from (f"| `{field}` | {what} |" for field, what in TOPICS["json"].table)


def main() -> None:
    """Renew the pages."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    REFERENCE.write_text(reference(), "utf-8")


def _value(name: str) -> str:
    return next(one.value for one in TABLE if one.word == WORDS[name])


def _row(name: str, told: str) -> str:
    first = told.strip().partition("\n")[0].rstrip(".")
    return f"| `inv {name}` | {first[:1].lower()}{first[1:]} |"


if __name__ == "__main__":
    main()
