"""Real git against the forge: clone, push, refusals, and what the log says of them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.forge import DropConnection

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.rehearsal.forge import Forge
    from tests.contract.conftest import Clone

ZERO = "0" * 40


def install_hook(forge: Forge, name: str, script: str) -> None:
    hook = forge.repository / "hooks" / name
    hook.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    hook.chmod(0o755)


def test_a_clone_has_what_was_pushed(forge: Forge, clone: Clone, tmp_path: Path) -> None:
    clone.git("clone", "-q", forge.clone_url, str(tmp_path / "again"))
    assert clone.git("-C", str(tmp_path / "again"), "rev-parse", "HEAD") == clone.git("rev-parse", "main")


def test_the_token_is_in_no_url_and_no_file_of_the_clone(forge: Forge, clone: Clone) -> None:
    assert forge.token not in forge.clone_url
    assert forge.token not in (clone.folder / ".git" / "config").read_text("utf-8")


@pytest.mark.parametrize("token", ["wrong", None])
def test_git_without_the_right_token_is_refused(forge: Forge, clone: Clone, token: str | None) -> None:
    environment = {k: v for k, v in clone.environment.items() if not k.startswith("GIT_CONFIG_")}
    environment |= forge.git_environment(token) if token else {"GIT_TERMINAL_PROMPT": "0"}
    environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    answer = subprocess.run(
        ["git", "ls-remote", forge.clone_url], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 128
    assert "Authentication failed" in answer.stderr or "could not read Username" in answer.stderr


def test_a_push_is_logged_with_old_and_new_of_each_ref(forge: Forge, clone: Clone) -> None:
    before = clone.git("rev-parse", "HEAD")
    after = clone.commit("three")
    clone.git("tag", "v1")
    clone.git("push", "-q", "--atomic", "origin", "main", "v1")
    updates = {update.name: update for update in forge.log[-1].updates}
    assert (updates["refs/heads/main"].old, updates["refs/heads/main"].new) == (before, after)
    assert updates["refs/tags/v1"].old == ZERO
    assert all(update.accepted for update in updates.values())


def test_an_atomic_push_with_a_refused_branch_leaves_no_tag(forge: Forge, clone: Clone) -> None:
    install_hook(forge, "update", '[ "$1" != refs/heads/main ] || { echo "GH006: protected" >&2; exit 1; }')
    clone.commit("three")
    clone.git("tag", "v1")
    pushed = clone.run("push", "--atomic", "origin", "main", "v1")
    assert pushed.returncode == 1
    assert "remote: GH006: protected" in pushed.stderr
    assert "[remote rejected] main -> main (hook declined)" in pushed.stderr
    assert "refs/tags" not in clone.git("ls-remote", "origin")
    assert [update.accepted for update in forge.log[-1].updates] == [False, False]


def test_without_atomic_the_tag_of_a_refused_branch_leaks(forge: Forge, clone: Clone) -> None:
    install_hook(forge, "update", '[ "$1" != refs/heads/main ]')
    clone.commit("three")
    clone.git("tag", "v1")
    assert clone.run("push", "origin", "main", "v1").returncode == 1
    assert {u.name: u.accepted for u in forge.log[-1].updates} == {
        "refs/heads/main": False,
        "refs/tags/v1": True,
    }


def test_a_pre_receive_hook_refuses_everything(forge: Forge, clone: Clone) -> None:
    install_hook(forge, "pre-receive", "echo no >&2; exit 1")
    clone.commit("three")
    pushed = clone.run("push", "origin", "main")
    assert "remote: no" in pushed.stderr
    assert "(pre-receive hook declined)" in pushed.stderr


def test_the_record_ref_moves_only_with_the_right_lease(forge: Forge, clone: Clone) -> None:
    ref = "refs/release/production"
    old, new = clone.git("rev-parse", "main~1"), clone.git("rev-parse", "main")
    clone.git("push", "-q", f"--force-with-lease={ref}:", "origin", f"{old}:{ref}")
    assert clone.run("push", f"--force-with-lease={ref}:{new}", "origin", f"{new}:{ref}").returncode == 1
    clone.git("push", "-q", f"--force-with-lease={ref}:{old}", "origin", f"{new}:{ref}")
    assert clone.git("ls-remote", "origin", ref) == f"{new}\t{ref}"
    assert forge.log[-1].updates[0].accepted


def test_branch_tag_and_a_stale_lease_in_one_atomic_push_move_nothing(clone: Clone) -> None:
    before = clone.git("ls-remote", "origin")
    tip = clone.commit("three")
    clone.git("tag", "v1")
    ref = "refs/release/production"
    stale = f"--force-with-lease={ref}:{tip}"
    assert clone.run("push", "--atomic", stale, "origin", "main", "v1", f"{tip}:{ref}").returncode == 1
    assert clone.git("ls-remote", "origin") == before


def test_a_big_push_goes_through_in_chunks_and_gzip(forge: Forge, clone: Clone) -> None:
    noise = clone.folder / "noise"
    noise.write_bytes(b"".join(bytes([i % 251, i % 13, i % 7]) for i in range(700_000)))
    for number in range(60):
        clone.commit(f"file{number}")
    clone.git("add", "noise")
    clone.git("commit", "-q", "-m", "chore: noise")
    clone.git("-c", "http.postBuffer=1000", "push", "-q", "origin", "main")
    clone.git("fetch", "-q", "origin")
    assert clone.git("ls-remote", "origin", "main").startswith(clone.git("rev-parse", "HEAD"))
    assert forge.log[-1].updates[0].accepted


def test_a_shallow_clone_fetches_exactly_the_commits_since_a_tag(
    forge: Forge, clone: Clone, tmp_path: Path
) -> None:
    clone.git("tag", "v1")
    clone.commit("three")
    clone.commit("four")
    clone.git("push", "-q", "origin", "main", "v1")
    there = str(tmp_path / "shallow")
    clone.git("clone", "-q", "--depth=1", forge.clone_url, there)
    clone.git("-C", there, "fetch", "-q", "--shallow-exclude=v1", "origin", "main")
    assert clone.git("-C", there, "log", "--format=%s", "origin/main").splitlines() == [
        "feat: four",
        "feat: three",
    ]


def test_a_push_whose_answer_is_dropped_has_landed(forge: Forge, clone: Clone) -> None:
    def lose(request: Request, response: Response) -> Response:
        if request.path.endswith("/git-receive-pack"):
            raise DropConnection
        return response

    tip = clone.commit("three")
    forge.after = lose
    assert clone.run("push", "origin", "main").returncode != 0
    forge.after = None
    assert clone.git("ls-remote", "origin", "main").startswith(tip)
    assert forge.log[-1].updates[0].accepted


def test_a_push_that_is_dropped_before_changes_nothing(forge: Forge, clone: Clone) -> None:
    def refuse(request: Request) -> Response | None:
        if request.path.endswith("/git-receive-pack"):
            raise DropConnection
        return None

    before = clone.git("ls-remote", "origin")
    clone.commit("three")
    forge.before = refuse
    assert clone.run("push", "origin", "main").returncode != 0
    assert clone.git("ls-remote", "origin") == before


def test_a_hook_that_reads_the_body_does_not_take_it_from_git(forge: Forge, clone: Clone) -> None:
    sizes: list[int] = []

    def look(request: Request) -> Response | None:
        sizes.append(len(request.get_data()))
        return None

    forge.before = look
    clone.commit("three")
    clone.git("push", "-q", "origin", "main")
    assert max(sizes) > 100


def test_another_repository_is_not_there(forge: Forge, clone: Clone) -> None:
    other = forge.clone_url.replace("cms.git", "other.git")
    assert "not found" in clone.run("ls-remote", other).stderr


def test_a_protected_branch_takes_no_push_and_says_so(forge: Forge, clone: Clone) -> None:
    forge.add_ruleset("main", ["main"], [{"type": "pull_request"}])
    clone.commit("three")
    pushed = clone.run("push", "origin", "main", "main:feature")
    assert "GH013: Repository rule violations found for refs/heads/main" in pushed.stderr
    assert "Changes must be made through a pull request." in pushed.stderr
    assert [u.accepted for u in forge.log[-1].updates] == [False, True]


def test_a_ruleset_keeps_an_update_hook_of_somebody_else(forge: Forge, clone: Clone) -> None:
    install_hook(forge, "update", "echo mine >&2; exit 1")
    forge.add_ruleset("main", ["main"], [{"type": "pull_request"}])
    clone.commit("three")
    assert "remote: mine" in clone.run("push", "origin", "main").stderr
