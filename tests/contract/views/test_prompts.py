"""Every prompt, as real processes on a pseudo-terminal: it is the last thing on the screen, and no live line is there."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release.testing import CONFIG
from release.testing import double as opened
from release.testing.double import DATABASES
from tests.contract.commands.test_dispatching import FILE, HASH, WORKFLOW, waiting
from tests.contract.record_on_remote import hold
from tests.screen import on_terminal
from tests.unit.monorepos import ENVIRON, made, npm_workspaces
from tests.workflows.inv_on_a_double import DATABASES as DATABASES_VARIABLE
from tests.workflows.scene import TASKS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from release.testing import Double
    from tests.screen import OnTerminal

ROOT = Path(__file__).parents[3]
INV = ROOT / "tests" / "workflows" / "inv_on_a_double.py"
SPINNER = re.compile(r"^ [⠁-⣿|/\\-]   ", re.MULTILINE)
VOUCH = "The storefront team knows"
ASKING = f'{CONFIG}\n[tool.release.checklist]\nask = ["{VOUCH}"]\n'
# Each function of release/ that asks a person something, and the test below that holds its prompt.
HELD = {
    ("release/commands/choosing.py", "choose"): "test_a_release_without_a_bump_shows_each_and_takes_one_key",
    ("release/run/approval.py", "_ticked"): "test_a_release_asks_what_to_vouch_for_and_then_for_the_tag",
    ("release/run/approval.py", "_typed"): "test_a_release_asks_what_to_vouch_for_and_then_for_the_tag",
    ("release/commands/approve/course.py", "agree"): "test_approve_asks_for_the_plan",
    (
        "release/commands/rollback/database.py",
        "restore",
    ): "test_a_restore_asks_by_the_database_s_name_below_what_it_loses",
    ("release/commands/rollback/course.py", "rollback"): "test_a_rollback_asks_below_all_that_it_is_about",
    ("release/commands/unlock/course.py", "unlock"): "test_unlock_asks_below_what_it_would_break",
    ("release/commands/hotfix/course.py", "_agreed"): "test_a_hotfix_asks_below_what_it_will_do",
    ("release/commands/init/__init__.py", "_adopt"): "test_init_asks_what_it_cannot_see_and_before_it_writes",
    (
        "release/commands/init/questions.py",
        "_elsewhere",
    ): "test_init_asks_what_it_cannot_see_and_before_it_writes",
    ("release/commands/ending.py", "confirm"): "test_unlock_asks_below_what_it_would_break",
}


def inv(world: Double, *words: str) -> AbstractContextManager[OnTerminal]:
    """`inv` in the world's checkout, on a terminal of its own."""
    found = {DATABASES_VARIABLE: json.dumps(DATABASES), "PYTHONPATH": str(ROOT)}
    return on_terminal([sys.executable, str(INV), *words], world.root, {**world.environ, **found})


def world_with(tmp_path: Path, **files: str) -> AbstractContextManager[Double]:
    named = {"pyproject": "pyproject.toml"}
    overlay = {named[name]: text for name, text in files.items()}
    return opened(tmp_path, overlay={"tasks.py": TASKS, **overlay})


def alone(rows: list[str], question: str) -> str:
    """The screen, on which this question is the last thing and nothing moves."""
    text = "\n".join(rows)
    assert rows[-1].endswith(question), text
    assert not SPINNER.search(text), text
    return text


def test_a_rollback_asks_below_all_that_it_is_about(tmp_path: Path) -> None:
    with world_with(tmp_path) as world:
        assert world.release().outcome == "released"
        with inv(world, "rollback", "--reason", "500s", "--despite-migrations") as terminal:
            text = alone(terminal.asked("Type production: "), "Roll production back? Type production: ")
            for way in ("cms", "mcp"):
                assert re.search(rf"{way} +\w{{8}} \(cms-v1.2.4\) -> \w{{8}} \(cms-v1.2.3\)", text), text
            assert "The database is not changed" in text
            assert "wrangler d1 time-travel restore" in text
            terminal.answer("production")
            assert terminal.ended() == 0
            done = "\n".join(terminal.rows)
        assert "cms-v1.2.4 is rolled back: production is healthy on 1.2.3" in done
        assert "Type production: production\n" in done, done  # what was asked and answered stays


def test_a_restore_asks_by_the_database_s_name_below_what_it_loses(tmp_path: Path) -> None:
    with world_with(tmp_path) as world:
        assert world.release().outcome == "released"
        with inv(world, "rollback", "--despite-migrations", "--yes") as terminal:
            assert terminal.ended() == 0
        with inv(world, "rollback", "--database") as terminal:
            question = "Restore double-production? Type double-production: "
            text = alone(terminal.asked("Type double-production: "), question)
            assert "rows that were updated since cannot be counted" in text
            terminal.answer("production")
            assert terminal.ended() == 4


def test_unlock_asks_below_what_it_would_break(tmp_path: Path) -> None:
    with world_with(tmp_path) as world:
        hold(world)
        with inv(world, "unlock") as terminal:
            text = alone(terminal.asked("Type production: "), "Unlock production? Type production: ")
            assert "bob on laptop:/cms holds the lock" in text
            assert "stops before its next write" in text
            terminal.answer("no")
            assert terminal.ended() == 4


def test_a_hotfix_asks_below_what_it_will_do(tmp_path: Path) -> None:
    with world_with(tmp_path) as world:
        branch = world.git("symbolic-ref", "--short", "HEAD")
        with inv(world, "hotfix", "cms-v1.2.3") as terminal:
            text = alone(
                terminal.asked("Type cms-v1.2.4: "), "Start the hotfix of cms-v1.2.3? Type cms-v1.2.4: "
            )
            assert "make   hotfix/cms-v1.2.4 from cms-v1.2.3" in text
            assert "switch this checkout to hotfix/cms-v1.2.4, for the fix" in text
            terminal.answer("no")
            assert terminal.ended() == 4
        assert world.git("symbolic-ref", "--short", "HEAD") == branch
        assert world.git("branch", "--list", "hotfix/*") == ""


def test_a_release_asks_what_to_vouch_for_and_then_for_the_tag(tmp_path: Path) -> None:
    with (
        world_with(tmp_path, pyproject=ASKING) as world,
        inv(world, "release", "--bump", "patch") as terminal,
    ):
        alone(terminal.asked("[y/n]: "), "[y/n]: ")
        terminal.answer("y")
        alone(terminal.asked("Type cms-v1.2.4 to approve: "), ": ")
        terminal.answer("cms-v9.9.9")
        alone(terminal.asked('"cms-v9.9.9" is not cms-v1.2.4.'), "Type cms-v1.2.4 to approve: ")
        terminal.answer("")
        assert terminal.ended() == 4
        assert "is not approved. Nothing was changed." in "\n".join(terminal.rows)


def test_a_release_without_a_bump_shows_each_and_takes_one_key(tmp_path: Path) -> None:
    told = re.sub(r'schema = "\w+"', 'schema = "warn"', CONFIG)
    with world_with(tmp_path, pyproject=told) as world, inv(world, "release") as terminal:
        text = alone(terminal.asked("Release as "), "[1-3, Enter for minor, q to leave]: ")
        for key, level, tag in (("1", "patch", "1.2.4"), ("2", "minor", "1.3.0"), ("3", "major", "2.0.0")):
            assert re.search(rf"{key}  {level}  cms-v{tag} ", text), text
        assert re.search(r"2  minor .*needed", text), text
        assert "schema: minor: 0003" in text, text
        terminal.press("2")
        terminal.asked("Type cms-v1.3.0 to approve: ")
        terminal.press("\x03")
        assert terminal.ended() == 130
        assert "Nothing was changed." in "\n".join(terminal.rows)


def test_approve_asks_for_the_plan(tmp_path: Path) -> None:
    with opened(tmp_path, overlay={"tasks.py": TASKS, FILE: WORKFLOW}) as world:
        world.forge.protect_environment("production", ["grace", "releaser"])
        waiting(world)
        with inv(world, "approve") as terminal:
            alone(terminal.asked("Approve this plan?"), f"Approve this plan? Type {HASH[:7]}: ")
            terminal.answer("none")
            assert terminal.ended() == 4


def test_init_asks_what_it_cannot_see_and_before_it_writes(tmp_path: Path) -> None:
    root = made(tmp_path, npm_workspaces())
    command = [sys.executable, "-P", "-m", "release.program", "init"]
    environ = {**os.environ, **ENVIRON, "PYTHONPATH": str(ROOT)}
    more = ["--answer=health=/healthz"]
    with on_terminal([*command, *more], root, environ) as terminal:
        alone(terminal.asked("Ask https://acme.example.com/healthz once"), "] ")
        terminal.answer("")
        alone(terminal.asked("What does pip install"), "] ")
        terminal.answer("")
        alone(terminal.asked("Type yes: "), "Type yes: ")
        terminal.answer("no")
        assert terminal.ended() == 4


def _asks(call: ast.Call) -> bool:
    """Whether a call puts a question: its name says so, and text is its first argument."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if isinstance(call.func, ast.Call):
        name = getattr(call.func.func, "id", "")
    is_text = bool(call.args) and isinstance(call.args[0], ast.JoinedStr | ast.Constant | ast.BinOp)
    return name in {"ask", "confirm", "prompt", "confirmation"} and is_text


def _sources() -> list[tuple[str, ast.Module]]:
    """Every module in which a prompt could be."""
    found = sorted((ROOT / "release").rglob("*.py"))
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in found]


def test_every_prompt_is_held_by_a_test_on_a_terminal() -> None:
    found = set()
    for path, tree in _sources():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and _asks(one)]
                nested = [
                    one
                    for one in ast.walk(function)
                    if isinstance(one, ast.FunctionDef) and one is not function
                ]
                inner = [one for held in nested for one in ast.walk(held)]
                found |= {(path, function.name) for one in calls if one not in inner}
    assert found == set(HELD)
    assert all(name in globals() for name in HELD.values())


def test_only_one_place_reads_what_a_person_types() -> None:
    def reads(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr in {"stdin", "__stdin__"} and getattr(node.value, "id", "") == "sys"
        if isinstance(node, ast.Call):
            return getattr(node.func, "id", "") in {"input", "getpass", "Prompt", "Confirm"}
        return isinstance(node, ast.Constant) and node.value == "/dev/tty"

    found = {path for path, tree in _sources() for node in ast.walk(tree) if reads(node)}
    assert found - {path for path in found if path.startswith("release/rehearsal/")} == {
        "release/views/asking.py"
    }


def test_every_command_that_asks_pauses_the_view_that_it_shows() -> None:
    makers = {"terminal_gate", "confirmation"}
    for path, tree in _sources():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in makers and call.args:
                told = ast.unparse(call.args[0])
                assert told == ("None" if path == "release/commands/init/__init__.py" else "view"), (
                    path,
                    call.lineno,
                )


def test_a_live_view_that_is_asked_through_is_one_that_pauses() -> None:
    from release.views.asking import Pauses
    from release.views.live import LiveView

    assert issubclass(LiveView, Pauses)


@pytest.mark.parametrize("name", sorted(set(HELD.values())))
def test_the_tests_that_hold_prompts_use_a_terminal(name: str) -> None:
    assert "terminal.asked" in Path(__file__).read_text().partition(f"def {name}(")[2].partition("\n\n\n")[0]
