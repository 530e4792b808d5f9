"""Whatever ends a stage or the workers' host shows its cause in a few lines, and what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from release.errors import ReleaseError, UsageError
from release.rehearsal import control
from release.rehearsal.checkout import StageError, git, worktree
from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
from release.rehearsal.cloud.runtime import RuntimeGoneError
from release.rehearsal.last_words import last_words
from tests.contract.cloud_account import node

if TYPE_CHECKING:
    from pathlib import Path

STUB = """
class Miniflare {{ constructor() {{ this.ready = Promise.resolve(); {constructed} }} dispose() {{}} }}
module.exports = {{ Log: class {{}}, LogLevel: {{}}, Response, Miniflare, convertV4MiniflareOptions: (given) => given }};
{loaded}
"""


def runtime(folder: Path, *, constructed: str = "", loaded: str = "") -> MiniflareRuntime:
    """The real host, over a miniflare that does as it is told."""
    stub = folder / "node_modules" / "miniflare"
    stub.mkdir(parents=True)
    (stub / "package.json").write_text('{"main": "index.js"}')
    (stub / "index.js").write_text(STUB.format(constructed=constructed, loaded=loaded))
    return MiniflareRuntime(node(), folder / "node_modules", folder / "state")


def cause(host: MiniflareRuntime) -> str:
    """Why it does not start."""
    with pytest.raises(RuntimeGoneError) as caught:
        host.start()
    host.stop()
    return str(caught.value)


def test_a_runtime_that_is_not_there_is_named(tmp_path: Path) -> None:
    host = MiniflareRuntime(node(), tmp_path / "nothing", tmp_path / "state")
    assert "Cannot find module 'miniflare'" in cause(host)


def test_a_host_that_crashes_at_its_start_shows_its_last_line_and_exit_code(tmp_path: Path) -> None:
    said = cause(
        runtime(tmp_path, loaded="process.stderr.write('GLIBC_2.35 not found\\n'); process.exit(7);")
    )
    assert "It ended with exit code 7.\nGLIBC_2.35 not found" in said
    assert "at " not in said.partition("GLIBC")[2]


def test_a_host_that_is_killed_says_by_what(tmp_path: Path) -> None:
    assert "It was killed (SIGKILL)." in cause(
        runtime(tmp_path, constructed="process.kill(process.pid, 'SIGKILL');")
    )


def test_a_workerd_that_does_not_start_is_told_with_what_it_said(tmp_path: Path) -> None:
    failing = (
        "process.stderr.write('bind(): Address already in use\\n');"
        "this.ready = Promise.reject(new Error('The Workers runtime failed to start.'));"
    )
    said = cause(runtime(tmp_path, constructed=failing))
    assert said.startswith("The Workers runtime failed to start.\nbind(): Address already in use")


def test_the_log_of_an_earlier_start_is_not_taken_for_the_cause(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "host.log").write_text("Error: of yesterday")
    assert "yesterday" not in cause(runtime(tmp_path, loaded="process.exit(3);"))


def test_a_line_that_a_library_prints_is_no_answer(tmp_path: Path) -> None:
    host = runtime(tmp_path, loaded="console.log('deprecated'); console.log('3');")
    host.start()
    host.stop()


def refused(root: Path, folder: Path) -> ReleaseError:
    """How a stage's own process says that there will be no stage; nothing of it is left."""
    with control.staged(root, folder) as hosted, pytest.raises(ReleaseError) as caught:
        hosted.ready(lambda _: None)
    assert hosted.process.returncode is not None
    return caught.value


def test_a_configuration_that_does_not_load_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.release]\nnonsense = 3\n")
    error = refused(tmp_path, tmp_path / "stages" / "a")
    assert (type(error), "nonsense" in error.what) == (UsageError, True)


def test_a_crash_is_told_although_the_host_takes_its_log_away(tmp_path: Path) -> None:
    folder = tmp_path / "stages" / "a"
    folder.mkdir(parents=True)
    (folder / "stage.json").write_text("{")
    error = refused(tmp_path, folder)
    assert error.what.splitlines() == [
        "The stage ended before it was ready.",
        "It ended with exit code 1.",
        "msgspec.DecodeError: Input data was truncated",
    ]
    assert error.advice == control.ADVICE
    assert [path.name for path in folder.parent.iterdir()] == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "stages" / "a"
    folder.parent.mkdir()
    folder.write_text("in the way")
    error = refused(tmp_path, folder)
    assert (error.what, error.advice) == (
        f"The stage cannot be set up: File exists ({folder}).",
        control.ADVICE,
    )


def test_a_stage_that_is_killed_says_so_before_and_after_it_was_ready(tmp_path: Path) -> None:
    with control.staged(tmp_path, tmp_path / "stages" / "a") as hosted:
        assert hosted.cause() == ""
        hosted.process.kill()
        with pytest.raises(StageError, match=r"before it was ready\.\nIt was killed \(SIGKILL\)\. Often"):
            hosted.ready(lambda _: None)
        assert hosted.cause() == "It was killed (SIGKILL). Often that is a lack of memory."


def test_a_start_that_was_killed_leaves_no_checkout_in_the_way(tmp_path: Path) -> None:
    at, environ = tmp_path / "last", dict(os.environ)
    root = tmp_path / "clone"
    root.mkdir()
    git(root, environ, "init", "--quiet")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git(root, environ, *who, "commit", "--quiet", "--allow-empty", "-m", "one")
    git(root, environ, "tag", "v1")
    for _ in range(2):
        worktree(root, at, "v1", environ)
    assert (at / ".git").is_file()


@pytest.mark.parametrize(
    ("code", "log", "words"),
    [
        (1, "Traceback (most recent call last):\n  File x\nPermissionError: no", "exit code 1.\nPermissionError: no"),
        (-9, "", "killed (SIGKILL). Often that is a lack of memory."),
        (-11, "", "killed (SIGSEGV)."),
        (-77, "", "killed (signal 77)."),
        (0, "", "ended with exit code 0."),
        (1, "one\n\ntwo\n", "exit code 1.\none\ntwo"),
        (1, "x\n" * 99 + "the end", "x\nx\nx\nthe end"),
        (1, "node:internal\n\nError: no\n    at a (b.js:1)\n  code: 'E'\nNode.js v24", "1.\nError: no\n  code: 'E'"),
        (None, "", "It runs, and does not answer."),
        (1, "\x1b[31mred\x1b[0m", "red"),
    ],
)  # fmt: skip
def test_the_last_words_are_few_and_tell_the_reason(code: int | None, log: str, words: str) -> None:
    said = last_words(code, log)
    assert said.endswith(words)
    assert len(said.splitlines()) <= 5
