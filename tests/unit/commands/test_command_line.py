"""What Invoke's own options do beside a command, in every position: what they say, or nothing at all."""

from __future__ import annotations

import copy
import functools
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from invoke.collection import Collection
from invoke.tasks import Task

from release.program import ReleaseProgram
from release.tasks import collection

TASKS = collection(Path(__file__).parents[3])


class Recording(ReleaseProgram):
    """`inv` with the real words of every task, whose bodies only note that they ran, and a project's own task."""

    def __init__(self) -> None:
        super().__init__(name="inv", binary="inv")
        self.ran: list[tuple[str, dict[str, Any]]] = []

    def load_collection(self) -> None:
        """This tool's tasks and one more."""
        self.collection = self._noting(TASKS)
        for name, tasks in TASKS.collections.items():
            self.collection.add_collection(self._noting(tasks), name=name)
        self.collection.add_task(self._noted(Task(own, name="own")), name="own")

    def call(self, *words: str) -> int:
        """The exit code of `inv` with these words."""
        try:
            self.run(["inv", *words])
        except SystemExit as left:
            return int(left.code or 0)
        return 0

    def _noting(self, tasks: Collection) -> Collection:
        made = Collection()
        for name, one in tasks.tasks.items():
            made.add_task(self._noted(one), name=name)
        return made

    def _noted(self, task: Task[Any]) -> Task[Any]:
        @functools.wraps(task.body)
        def noted(context: Any, **options: Any) -> None:  # noqa: ANN401
            self.ran.append((task.name, {name: value for name, value in options.items() if value}))

        twin = copy.copy(task)
        twin.body = noted
        return twin


def own(context: Any, level: int = 1, version: str = "") -> None:  # noqa: ANN401
    """Stands for a task in a project's own tasks.py."""


CORE = ReleaseProgram(name="inv").initial_context
NO_VALUE = {"help", "list"}  # they may have one
VALUES = {"list-depth": "1", "command-timeout": "5", "print-completion-script": "bash", "list-format": "json"}
SPELLED = [
    ("-" if len(name) == 1 else "--") + name
    for argument in dict.fromkeys(CORE.args.values())
    for name in argument.names
]
EXITING = {"help", "version", "list", "complete", "print-completion-script"}  # they end well before a command
PLACED = {"collection", "search-root"}  # they choose the project


def forms(word: str) -> list[list[str]]:
    """An option of Invoke's core alone or with its value, in each spelling of that."""
    argument = CORE.flags[word]
    if not argument.takes_value or argument.name in NO_VALUE:
        return [[word]]
    value = VALUES.get(str(argument.name), "here")
    return [[word, value], [f"{word}={value}"]]


def meant(word: str, command: str) -> bool:
    """Whether a command has an option of its own with this spelling, which is then meant after it."""
    return any(word in one.flags for one in TASKS.to_contexts() if one.name == command)


@pytest.mark.parametrize("command", ["release", "unlock"])
@pytest.mark.parametrize("word", SPELLED)
def test_an_option_of_invoke_never_runs_a_command_as_if_it_were_not_there(word: str, command: str) -> None:
    name = str(CORE.flags[word].name)
    for form in forms(word):
        before = [[*form, command], [*form, command, "--json"], [*form, "-e", command]]
        after = [[command, *form], [command, "--json", *form], [command, *form, "--json"]]
        for words in [*before, *([] if meant(word, command) else after)]:
            program = Recording()
            code = program.call(*words)
            if program.ran:
                is_dry = name == "dry" and program.ran[0][1].get("dry_run") is True
                assert is_dry or (name in PLACED and words in before and "-e" not in words), words
                continue
            assert code == 2 or (code == 0 and name in EXITING), words


@pytest.mark.parametrize("word", SPELLED)
def test_a_text_that_is_forgotten_is_not_an_option_of_invoke(word: str) -> None:
    for form in forms(word):
        program = Recording()
        assert program.call("release", "--yes", "--reason", *form) in (
            {0, 2} if word in {"-h", "--help"} else {2}
        )
        assert program.ran == []


@pytest.mark.parametrize(
    "words",
    [
        ["--dry", "release"],
        ["-R", "release"],
        ["release", "--dry"],
        ["release", "-R"],
        ["--dry-run", "release"],
        ["release", "--dry", "--dry-run"],
        ["-R", "release", "--dry-run"],
    ],
)
def test_dry_anywhere_is_a_dry_run(words: list[str]) -> None:
    program = Recording()
    assert program.call(*words, "--bump", "minor", "--yes") == 0
    assert program.ran == [("release", {"bump": "minor", "yes": True, "dry_run": True})]


@pytest.mark.parametrize("command", ["deploy", "publish", "init"])
def test_every_command_with_a_dry_run_takes_dry_for_it(command: str) -> None:
    program = Recording()
    assert program.call("--dry", command) == 0
    assert [(name, given["dry_run"]) for name, given in program.ran] == [(command, True)]


@pytest.mark.parametrize(
    "command", sorted(str(one.name) for one in TASKS.to_contexts() if "--dry-run" not in one.flags)
)
def test_a_command_without_a_dry_run_refuses_it_and_says_what_to_type(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Recording()
    for words in (["--dry", command], [command, "-R"]):
        assert program.call(*words) == 2
        assert "--dry-run" in capsys.readouterr().err
    assert program.ran == []


@pytest.mark.parametrize(
    "words",
    [
        ["release", "--dryrun"],
        ["release", "--dry_run"],
        ["release", "--dr"],
        ["release", "--Dry"],
        ["release", "--dry=yes"],
        ["release", "--dry-run=false"],
        ["release", "--dry-run=status"],
        ["--dry=release", "plan"],
        ["--dryrun", "release"],
        ["-eR", "release"],
        ["-Re", "release"],
        ["release", "-eR"],
        ["release", "-rR"],
        ["release", "dry"],
        ["release", ""],
        ["release", "-"],
        ["release", "--"],
        ["release", "--", "--dry-run"],
        ["--yes", "release"],
        ["-b", "minor", "release"],
        ["release", "--version", "1.3.0"],
        ["release", "--version=1.3.0"],
        ["release", "--bump"],
        ["release", "--no-dry-run"],
        ["release", "-T", "x"],
        ["-T", "x", "release"],
        ["-D", "x", "release"],
        ["--list", "nowhere"],
        ["nonsense", "--dry", "release"],
    ],
)
def test_misspelled_words_run_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    program = Recording()
    assert (program.call(*words), program.ran) == (2, [])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["release", "--dryrun"], "Did you mean --dry-run?"),
        (["release", "--dry_run"], "Did you mean --dry-run?"),
        (["--dry-runn", "release"], "Did you mean --dry-run?"),
        (["relaese"], "Did you mean release?"),
        (["--yes", "release"], "inv release --yes"),
        (["-d", "release"], "inv release --dry-run"),
        (["-e", "release"], "inv release --env"),
        (["--debug", "release"], "inv release --verbose"),
        (["unlock", "-r", "other"], "inv --search-root other unlock"),
        (["release", "--reason", "--dry"], "--reason=--dry"),
        (["deploy", "-f", "x"], "pyproject.toml"),
    ],
)
def test_what_is_refused_says_the_right_spelling(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Recording().call(*words) == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "release"],
        ["status", "release", "--yes"],
        ["release", "release"],
        ["own", "release"],
        ["release", "own"],
    ],
)
def test_several_commands_in_one_call_run_none(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    program = Recording()
    assert (program.call(*words), program.ran) == (2, [])
    assert f"one by one: inv {words[0]}, then inv {words[1]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["-V"],
        ["release", "--version"],
        ["--version", "release"],
        ["release", "--bump", "minor", "-V"],
        ["release", "-yV"],
        ["-eV", "release"],
        ["own", "-V"],
    ],
)
def test_version_anywhere_is_the_version_of_this_tool(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    program = Recording()
    assert (program.call(*words), program.ran) == (0, [])
    assert capsys.readouterr().out == f"cms-release {version('cms-release')}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["release", "--help"],
        ["--help", "release"],
        ["-h", "release"],
        ["--help=release"],
        ["release", "--bump", "minor", "--help"],
        ["--help", "release", "--bump", "minor"],
        ["release", "--reason", "--help"],
        ["release", "-yh"],
        ["--dry", "release", "-h"],
        ["plan", "release", "--help"],
        ["release", "--bmp", "minor", "--help"],
    ],
)
def test_help_anywhere_helps(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    program = Recording()
    assert (program.call(*words), program.ran) == (0, [])
    assert "Release the commit that is checked out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "ran"),
    [
        (["release", "-d", "-b", "minor"], ("release", {"bump": "minor", "dry_run": True})),
        (["release", "-dyb", "minor"], ("release", {"bump": "minor", "dry_run": True, "yes": True})),
        (["release", "--reason=--dry"], ("release", {"reason": "--dry"})),
        (["release", "--reason", "rollback now"], ("release", {"reason": "rollback now"})),
        (["release", "--reason", "rollback"], ("release", {"reason": "rollback"})),
        (["release", "--reason="], ("release", {})),
        (
            ["rollback", "cms-v1.2.3", "--yes"],
            ("rollback", {"to": "cms-v1.2.3", "env": "production", "yes": True}),
        ),
        (["rollback", "status"], ("rollback", {"to": "status", "env": "production"})),
        (["dispatch", "--no-follow"], ("dispatch", {"bump": "patch"})),
        (["own", "--version", "3"], ("own", {"level": 1, "version": "3"})),
        (["--dry", "own", "-e", "--level", "2"], ("own", {"level": 2})),
    ],
)
def test_a_command_gets_its_own_words(words: list[str], ran: tuple[str, dict[str, object]]) -> None:
    program = Recording()
    assert (program.call(*words), program.ran) == (0, [ran])
