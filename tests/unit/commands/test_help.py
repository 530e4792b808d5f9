"""What `inv`, `inv --list`, `inv COMMAND --help` and `inv help TOPIC` show."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.commands.command import Command
from release.commands.help.manual import help_lines, page_of
from release.commands.help.overview import OTHER, STEPS, grouped, overview, summary
from release.commands.help.topics import TOPICS, about, topic_lines
from release.errors import UsageError
from release.tasks import NAMES, collection
from tools.gates import run_gates

ROOT = Path(__file__).parents[3]
TASKS = collection(ROOT)
TASKS.add_task(run_gates)
OURS = sorted(name for name in TASKS.task_names if isinstance(TASKS[name], Command))


def test_every_command_stands_in_one_group_in_the_order_of_what_a_person_wants() -> None:
    groups = grouped(TASKS, NAMES)
    assert [*groups] == ["Release", "Look", "Repair", "Publish", "Set up", "Rehearse", STEPS, OTHER]
    listed = [name for names in groups.values() for name in names]
    assert sorted(listed) == sorted(TASKS.task_names)
    assert groups[OTHER] == ["test"]


def test_an_option_of_invoke_is_not_in_the_list() -> None:
    text = "\n".join(overview(TASKS, NAMES, 80))
    assert "sudo" not in text
    assert "pty" not in text


@pytest.mark.parametrize("width", [60, 80, 110])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = [*overview(TASKS, NAMES, width)]
    lines += [line for name in OURS for line in help_lines(page_of(name, TASKS[name]), width)]
    lines += [line for one in TOPICS.values() for line in topic_lines(one, width)]
    usages = ("Usage:", "Example:", "         ")  # a command is not broken where it has no space
    assert [line for line in lines if len(line) >= width and not line.startswith(usages)] == []


@pytest.mark.parametrize("name", OURS)
def test_a_commands_first_line_fits_beside_its_name(name: str) -> None:
    assert len(summary(TASKS[name])) <= 57


@pytest.mark.parametrize("name", OURS)
def test_a_help_has_an_example_of_its_own_command(name: str) -> None:
    assert f"inv {name}" in page_of(name, TASKS[name]).example


@pytest.mark.parametrize(
    "topic", ["exit-codes", "exit codes", "exit", "rollback", "configuration", "approval"]
)
def test_a_topic_is_found_by_its_words_or_its_beginning(topic: str) -> None:
    assert about(topic, TASKS, NAMES).lines


def test_a_command_goes_before_a_topic_of_its_name_is_asked_for_by_help() -> None:
    assert "--despite-migrations" in "\n".join(about("rollback", TASKS, NAMES).lines)


def test_an_unknown_topic_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match=r'Unknown topic "aproval"\. Did you mean approval\?'):
        about("aproval", TASKS, NAMES)


def test_without_a_topic_commands_and_topics_are_listed() -> None:
    text = "\n".join(about("", TASKS, NAMES).lines)
    assert "inv COMMAND --help" in text
    assert "How to go back" in text
