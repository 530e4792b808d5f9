"""One contract for options: a word and a letter mean the same in every task, and each has one help text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release.commands.command import Command
from release.commands.help.topics import TOPICS as TEXTS
from release.commands.options import FORMER, OPTIONS, TABLE, TOPICS, WORDS, known
from release.program import _contexts
from release.tasks import collection
from tools.gates import run_gates

if TYPE_CHECKING:
    from invoke.parser.context import ParserContext

    from release.commands.options import Option

ROOT = Path(__file__).parents[3]
TASKS = collection(ROOT)
TASKS.add_task(run_gates)  # as tasks.py does
CONTEXTS = {str(one.name): one for one in _contexts(TASKS)}
OURS = sorted(name for name in TASKS.task_names if isinstance(TASKS[name], Command))
PEOPLE_ALONE = {"rehearsal.shell"}  # a shell has no JSON
CHANGING = {
    *("release", "deploy", "publish", "dispatch", "approve", "hotfix", "rollback", "unlock", "init"),
    *(name for name in OURS if name.startswith("step.")),
}
ASKING = {"release", "publish", "hotfix", "rollback", "unlock", "init"}
OF_AN_ENVIRONMENT = {"release", "plan", "deploy", "status", "verify", "rollback", "unlock"}
REASONED = {"release", "plan", "deploy", "publish", "dispatch", "hotfix", "rollback"}


def words(context: ParserContext) -> set[str]:
    return {str(one.names[0]) for one in context.args.values()}


def test_every_task_but_the_projects_own_is_made_of_the_table() -> None:
    assert set(TASKS.task_names) - set(OURS) == {"test"}


@pytest.mark.parametrize("name", OURS)
def test_word_letter_and_text_are_those_of_the_table(name: str) -> None:
    for argument in dict.fromkeys(CONTEXTS[name].args.values()):
        option = known(argument.name)
        assert option is not None
        assert tuple(argument.names) == (option.word, *([option.letter] if option.letter else []))
        assert argument.help == option.does
        assert argument.takes_value == bool(option.value)


def test_a_letter_means_one_thing() -> None:
    letters = [one.letter for one in TABLE if one.letter]
    assert len(letters) == len(set(letters))
    assert not {"h", "V"} & set(letters)


def test_a_word_stands_once_and_is_used() -> None:
    assert len(OPTIONS) == len(TABLE)
    assert set().union(*(words(CONTEXTS[name]) for name in OURS)) == set(OPTIONS)


@pytest.mark.parametrize("option", TABLE, ids=lambda one: one.word)
def test_a_text_is_a_phrase_without_full_stop_or_capital(option: Option) -> None:
    assert option.does[0].islower()
    assert not option.does.endswith(".")


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("json", set(OURS) - PEOPLE_ALONE),
        ("dry-run", CHANGING),
        ("yes", {*ASKING, *(name for name in OURS if name.startswith("step."))}),
        ("env", {*OF_AN_ENVIRONMENT, *(name for name in OURS if name.startswith("step."))}),
        ("reason", {*REASONED, *(name for name in OURS if name.startswith("step."))}),
        ("output", {"release", "plan", "deploy", "publish"}),
        ("plan", {"release", "publish"}),
        ("through", {"step.backfill"}),
    ],
)
def test_an_option_is_where_it_makes_sense(word: str, names: set[str]) -> None:
    assert {name for name in OURS if word in words(CONTEXTS[name])} == names


def test_a_bare_word_and_a_former_spelling_stand_for_an_option_of_the_command() -> None:
    for name, word in WORDS.items():
        assert word in words(CONTEXTS[name])
    for (name, _), word in FORMER.items():
        assert word in words(CONTEXTS[name])


def test_the_topics_that_are_listed_are_those_that_have_a_text() -> None:
    assert tuple(TEXTS) == TOPICS
