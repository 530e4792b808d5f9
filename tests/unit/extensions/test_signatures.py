"""Plugins that do not fit are refused at the start, by plugin, hook and signature."""

from __future__ import annotations

from dataclasses import replace as dataclass_replace
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from release import extensions
from release.errors import UsageError
from release.testing import monorepo, recorded

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "from release import hookimpl, Problem\n"


def refused(tmp_path: Path, source: str, options: str = "") -> str:
    """What is said about a plugin when it is loaded."""
    config = monorepo(tmp_path, {"plugins/mine.py": HEAD + source}, options=options)
    with pytest.raises(UsageError) as raised:
        extensions.load(config)
    assert raised.value.advice
    return raised.value.what


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "@hookimpl\ndef release_check(config): ...",
            "a hook that does not exist; did you mean release_checks(config, environ, environment)?",
        ),
        ("@hookimpl\ndef purge(): ...", "implements purge, a hook that does not exist."),
        (
            "@hookimpl\ndef release_finished(outcom): ...",
            'release_finished(config, environ, release, outcome, ended). Did you mean "outcome"?',
        ),
        ("@hookimpl\ndef release_notes(*, body): ...", 'wants "body" in release_notes'),
        ("def release_notes(release): ...", "has release_notes(config, environ, release) without @hookimpl"),
        ("@hookimpl(wrapper=True)\ndef release_checks(): yield", "wraps release_checks("),
        ("@hookimpl\nasync def release_checks(): ...", "as `async def`, which is never awaited"),
    ],
)
def test_a_hook_that_does_not_fit_is_refused(tmp_path: Path, source: str, words: str) -> None:
    said = refused(tmp_path, source)
    assert said.startswith("The plugin mine (plugins/mine.py) ")
    assert words in said


def test_what_fits_is_taken(tmp_path: Path) -> None:
    source = """
@hookimpl(specname="release_notes")
def notes(release, tone="dry", *rest, **more): ...
@hookimpl(optionalhook=True)
def release_of_tomorrow(): ...
def release_the_kraken(): ...
"""
    found = extensions.load(monorepo(tmp_path, {"plugins/mine.py": HEAD + source}))
    assert found.hooks_of(found.plugins[0]) == ("release_notes", "release_of_tomorrow")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise ValueError('no')", "cannot be imported: ValueError: no (plugins/mine.py, line 2)."),
        ("def broken(:", "cannot be imported: SyntaxError"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all' (plugins/mine.py"),
        ("raise SystemExit(3)", "RuntimeError: it called sys.exit(3)"),
        ("import threading; threading.Event().wait(2)", "was still being imported after 0.2 s."),
    ],
)
def test_an_import_that_fails_or_hangs_is_refused(tmp_path: Path, source: str, words: str) -> None:
    said = refused(tmp_path, source, "plugin_deadline = 0.2")
    assert said.startswith("The plugin mine (plugins/mine.py) ")
    assert words in said


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("plugins/none.py", "The plugin plugins/none.py is not there."),
        ("plugins/none", "The plugin plugins/none is not there."),
        ("release.nothing", "The plugin nothing (release.nothing) cannot be imported: ModuleNotFoundError"),
    ],
)
def test_a_plugin_that_is_not_there_is_refused(tmp_path: Path, named: str, words: str) -> None:
    config = replace(monorepo(tmp_path), plugins=(named,))
    with pytest.raises(UsageError) as raised:
        extensions.load(config)
    assert raised.value.what.startswith(words)


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"plugins/notes\.txt is no Python file: its name must end in \.py"):
        extensions.load(monorepo(tmp_path, {"plugins/notes.txt": "hello"}))


def test_two_plugins_of_one_name_are_refused(tmp_path: Path) -> None:
    config = monorepo(tmp_path, {"plugins/mine.py": HEAD, "more/mine.py": HEAD})
    with pytest.raises(
        UsageError, match=r"Two plugins are called mine: plugins/mine\.py and more/mine\.py\."
    ):
        extensions.load(config)


def test_a_class_is_no_plugin(tmp_path: Path) -> None:
    class Mine:
        """An instance of it would do."""

    with pytest.raises(UsageError, match="is a class"):
        extensions.load(monorepo(tmp_path), (Mine,))


@pytest.mark.parametrize(
    ("hook", "answer", "words"),
    [
        ("release_checks", "[3]", "with 3, which is not a check: it has no `name` as a str."),
        ("release_checks", "3", "broke in release_checks(config, environ, environment): TypeError"),
        ("release_steps", "[('after', 'smoke')]", "with ('after', 'smoke'), which says no place."),
        ("release_steps", "[('beside', 'smoke', 3)]", "which says no place."),
        (
            "release_steps",
            "[('after', 'smoke', 3)]",
            "with 3, which is not a step: it has no `name` as a str.",
        ),
        ("release_notes", "3", "answers release_notes(config, environ, release) with 3, which is no str."),
    ],
)
def test_an_answer_of_another_kind_is_refused(tmp_path: Path, hook: str, answer: str, words: str) -> None:
    source = f"{HEAD}@hookimpl\ndef {hook}():\n    return {answer}\n"
    plugins = extensions.load(monorepo(tmp_path, {"plugins/mine.py": source}))
    with pytest.raises(UsageError) as raised:
        asked(plugins, hook)
    assert raised.value.what.startswith("The plugin mine (plugins/mine.py) ")
    assert words in raised.value.what


def asked(plugins: extensions.Extensions, hook: str) -> object:
    """What is made of the answers to a hook."""
    if hook == "release_notes":
        return plugins.notes(recorded().release)
    return plugins.checks("production") if hook == "release_checks" else plugins.additions("production")


def test_a_hook_that_never_answers_is_refused(tmp_path: Path) -> None:
    source = f"{HEAD}import threading\n@hookimpl\ndef release_notes():\n    threading.Event().wait(2)\n"
    config = monorepo(tmp_path, {"plugins/mine.py": source}, options="plugin_deadline = 0.1")
    with pytest.raises(
        UsageError, match=r"had not answered release_notes\(config, environ, release\) after 0.1 s"
    ):
        extensions.load(config).notes(recorded().release)


def test_who_approves_has_longer_than_other_hooks(tmp_path: Path) -> None:
    source = f"""{HEAD}
import threading
from release import Approval
@hookimpl
def release_approve(plan_hash):
    threading.Event().wait(0.2)
    return Approval(who="ada", plan=plan_hash, at=0, how="by hand")
"""
    plugins = extensions.load(monorepo(tmp_path, {"plugins/mine.py": source}))
    impatient = dataclass_replace(plugins, config=replace(plugins.config, plugin_deadline=0.01))
    approval = impatient.approval(recorded().release, "a" * 64)
    assert approval is not None
    assert approval.who == "ada"


def test_the_first_answer_counts_in_the_order_of_the_list(tmp_path: Path) -> None:
    answer = "@hookimpl{}\ndef release_notes():\n    return {!r}\n"
    sources = {
        "plugins/a.py": HEAD + "@hookimpl\ndef release_notes(): return None\n",
        "plugins/b.py": HEAD + answer.format("", "second"),
        "plugins/c.py": HEAD + answer.format("", "third"),
    }
    release = recorded().release
    assert extensions.load(monorepo(tmp_path, sources)).notes(release) == "second"
    sources["plugins/d.py"] = HEAD + answer.format("(tryfirst=True)", "fourth")
    assert extensions.load(monorepo(tmp_path, sources)).notes(release) == "fourth"
