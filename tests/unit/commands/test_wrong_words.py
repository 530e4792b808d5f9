"""A word that is not known gets one line with the nearest right one, as one JSON object too where that is asked for."""

from __future__ import annotations

import json

import pytest

from tests.unit.commands.test_command_line import Recording


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["relase"], 'Unknown command "relase". Did you mean release?'),
        (["xyz"], 'Unknown command "xyz". To list the commands: inv --list'),
        (
            ["release", "patch"],
            'inv release takes no argument "patch". Did you mean inv release --bump patch?',
        ),
        (["release", "minr"], 'inv release takes no argument "minr". Did you mean inv release --bump minor?'),
        (
            ["deploy", "stagin"],
            'inv deploy takes no argument "stagin". Did you mean inv deploy --env staging?',
        ),
        (["release", "zzz"], 'inv release takes no argument "zzz". See inv release --help.'),
        (["release", "--bump"], "--bump needs a value: patch, minor, major, auto."),
        (["plan", "--output"], "--output needs a value, such as --output FILE."),
        (["release", "--bmp", "minor"], "inv release has no option --bmp. Did you mean --bump?"),
        (["release", "-a", "why"], "inv release has no option -a. See inv release --help."),
        (
            ["--yes", "release"],
            "Unknown option --yes before a command. Put it after the command: inv release --yes",
        ),
        (["step.smok"], 'Unknown command "step.smok". Did you mean step.smoke?'),
        (["rollback", "cms-v1.2.3", "cms-v1.2.2"], 'inv rollback takes no argument "cms-v1.2.2".'),
    ],
)
def test_one_line_names_the_nearest_right_word(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Recording().call(*words) == 2
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["relase", "--json"], ["release", "--bmp", "-j"], ["release", "-jq"]])
def test_wrong_use_is_told_as_json_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert Recording().call(*words) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["command"], said["outcome"], said["exit_code"]) == (words[0], "usage", 2)
    assert [one["check"] for one in said["problems"]] == ["usage"]


def test_a_former_spelling_is_still_understood() -> None:
    program = Recording()
    assert program.call("approve", "--plan", "7be1c09") == 0
    assert program.ran == [("approve", {"hash": "7be1c09"})]


def test_a_bare_word_may_follow_options() -> None:
    program = Recording()
    assert program.call("rollback", "--yes", "cms-v1.2.3") == 0
    assert program.ran == [("rollback", {"to": "cms-v1.2.3", "env": "production", "yes": True})]
