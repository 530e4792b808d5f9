"""Git's command line in checkouts of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.errors import CannotReadError, EffectError
from release.formats.git_objects import git_object
from release.systems.git.client import Git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double


@pytest.fixture
def git(double: Double) -> Iterator[Git]:
    """Git in the double's checkout."""
    one = Git(double.root, "origin", double.environ)
    yield one
    one.close()


def commit(double: Double, cwd: Path, message: str = "feat: more") -> str:
    """A commit of everything in a work tree."""
    double.git("add", "--all", cwd=cwd)
    double.git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", message, cwd=cwd)
    return double.git("rev-parse", "HEAD", cwd=cwd)


NAMES = ("with space.txt", "tab\tname", "ümlaut/ßäü.txt", "new\nline", "-dash", "1 2 3", "quote\"s'", "💥")


def test_every_awkward_path_is_named_as_it_is(double: Double, git: Git) -> None:
    for name in NAMES:
        path = double.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    head, branch, dirty = git.status()
    assert (head, branch) == (double.git("rev-parse", "HEAD"), "main")
    assert set(dirty) == {"ümlaut/" if "/" in name else name for name in NAMES}
    commit(double, double.root)
    for name in NAMES:
        (double.root / name).write_text("changed")
    assert set(git.status()[2]) == set(NAMES)


def test_a_renamed_file_is_named_with_where_it_was(double: Double, git: Git) -> None:
    double.git("mv", "apps/cms/worker.js", "apps/cms/new name.js")
    (double.root / "apps/mcp/worker.js").unlink()
    assert git.status()[2] == ("apps/cms/new name.js", "apps/cms/worker.js", "apps/mcp/worker.js")


def test_a_conflict_is_dirt(double: Double, git: Git) -> None:
    double.git("switch", "-qc", "other", "HEAD~1")
    (double.root / "apps/cms/worker.js").write_text("other\n")
    theirs = commit(double, double.root)
    double.git("switch", "-q", "main")
    with pytest.raises(Exception, match="merge"):
        double.git("-c", "user.name=A", "-c", "user.email=a@example.com", "merge", theirs)
    assert "apps/cms/worker.js" in git.status()[2]


def test_a_detached_head_has_no_branch(double: Double, git: Git) -> None:
    double.git("switch", "-q", "--detach")
    assert git.status()[1] is None


def test_a_folder_that_is_no_repository_is_told(tmp_path: Path, double: Double) -> None:
    with pytest.raises(CannotReadError, match="not a git repository"):
        Git(tmp_path, "origin", double.environ).status()


def test_git_that_is_not_installed_is_told(double: Double) -> None:
    with pytest.raises(CannotReadError, match="git is not installed"):
        Git(double.root, "origin", {**double.environ, "PATH": "/nowhere"}).status()


def test_objects_are_read_by_one_process(double: Double, git: Git) -> None:
    head = double.git("rev-parse", "HEAD")
    found = [git.object(name) for name in ("HEAD", head, "HEAD:apps/cms/worker.js", "HEAD:apps")]
    assert [one and one[1] for one in found] == ["commit", "commit", "blob", "tree"]
    assert found[2] is not None
    assert found[2][2].startswith(b"export default")
    assert [git.object(name) for name in ("0" * 40, "HEAD:none", "none")] == [None] * 3
    assert git.processes == 1


def test_an_object_whose_name_holds_a_line_end_is_refused(git: Git) -> None:
    with pytest.raises(CannotReadError, match="cannot be asked"):
        git.object("HEAD\nHEAD")


def test_a_depth_is_seen_in_clones_and_in_their_worktrees(double: Double, git: Git) -> None:
    assert git.shallow is False
    shallow = double.clone("shallow", "--depth=1")
    double.git("worktree", "add", "-q", "--detach", str(double.folder / "tree"), cwd=shallow)
    assert Git(shallow, "origin", double.environ).shallow
    assert Git(double.folder / "tree", "origin", double.environ).shallow


def test_a_shallow_checkout_gets_exactly_what_the_tag_does_not_hold(double: Double) -> None:
    double.merge({"readme": "x"}, count=5)
    git = Git(double.clone("shallow", "--depth=1"), "origin", double.environ)
    assert git.fetch("refs/heads/main", shallow_exclude="refs/tags/cms-v1.2.3")
    subjects = [one.subject for one in git.log([git.status()[0]], [], trailer="Release")]
    assert subjects == [*(f"feat: more {number}" for number in (4, 3, 2, 1, 0)), "feat: pages have a slug"]


def test_a_fetch_of_nothing_new_says_so(double: Double) -> None:
    git = Git(double.clone("shallow", "--depth=1"), "origin", double.environ)
    double.git("tag", "now", "main", cwd=double.forge.repository)
    assert git.fetch("refs/heads/main", shallow_exclude="refs/tags/now") is False


def test_the_remote_s_refs_come_with_what_tags_name(double: Double, git: Git) -> None:
    refs = git.remote_refs("refs/heads/main", "refs/tags/cms-v*")
    assert refs["refs/heads/main"] == double.git("rev-parse", "main")
    assert refs["refs/tags/cms-v1.2.3^{}"] == double.git("rev-parse", "main~1")


def test_ancestors_are_told_from_strangers(double: Double, git: Git) -> None:
    head, before = double.git("rev-parse", "HEAD"), double.git("rev-parse", "HEAD~1")
    assert git.contains(before, head)
    assert git.contains(head, head)
    assert not git.contains(head, before)
    with pytest.raises(CannotReadError, match="git cannot compare"):
        git.contains("0" * 40, head)


def test_commits_name_the_tags_that_they_land(double: Double, git: Git) -> None:
    double.commit({"a": "1"}, "chore: land\n\nRelease: cms-v1.2.4\nRelease: cms-v1.2.5\n")
    newest = git.log(["HEAD"], ["HEAD~1"], trailer="Release")
    assert [(one.subject, one.lands) for one in newest] == [("chore: land", ("cms-v1.2.4", "cms-v1.2.5"))]
    assert newest[0].parents == (double.git("rev-parse", "HEAD~1"),)


def test_stored_objects_can_be_read(git: Git) -> None:
    blob = git_object("blob", b"content\n")
    git.store([blob])
    assert git.object(blob.oid) == (blob.oid, "blob", b"content\n")


def test_objects_that_no_repository_takes_are_told(double: Double, tmp_path: Path) -> None:
    with pytest.raises(EffectError, match="git cannot store objects: fatal: not a git repository"):
        Git(tmp_path, "origin", double.environ).store([git_object("blob", b"")])


def test_an_atomic_push_moves_all_or_nothing(double: Double, git: Git) -> None:
    head = double.git("rev-parse", "HEAD")
    refused = git.push([f"{head}:refs/heads/new", "HEAD~1:refs/heads/main"], {})
    assert refused is not None
    assert "non-fast-forward" in refused
    assert "refs/heads/new" not in git.remote_refs("refs/heads/new")
    assert git.push([f"{head}:refs/heads/new"], {}) is None


def test_a_lease_that_does_not_hold_moves_nothing(double: Double, git: Git) -> None:
    head, before = double.git("rev-parse", "HEAD"), double.git("rev-parse", "HEAD~1")
    ref = "refs/release/production"
    assert git.push([f"{head}:{ref}"], {ref: ""}) is None
    for lease in ("", before):
        assert git.push([f"{before}:{ref}", f"{before}:refs/heads/new"], {ref: lease}) is not None
    assert git.remote_refs(ref, "refs/heads/new") == {ref: head}
    assert git.push([f"{before}:{ref}"], {ref: head}) is None


@pytest.mark.parametrize(
    "address", ["http://ada:s3cret@127.0.0.1:1/a/b.git", "http://s3cret@127.0.0.1:1/a/b.git"]
)
def test_credentials_in_an_address_are_never_told(double: Double, git: Git, address: str) -> None:
    double.git("remote", "set-url", "origin", address)
    with pytest.raises(CannotReadError) as listed:
        git.remote_refs("refs/heads/main")
    with pytest.raises(CannotReadError) as fetched:
        git.fetch("refs/heads/main")
    refused = git.push(["HEAD:refs/heads/x"], {})
    told = f"{listed.value}{fetched.value}{refused}{git.url()}"
    assert "127.0.0.1:1" in told
    assert "s3cret" not in told


def test_a_checkout_follows_to_a_commit_whose_files_it_has(double: Double, git: Git) -> None:
    new = double.merge({"readme": "x"})
    git.fetch("refs/heads/main")
    (double.root / "readme").write_text("x")
    git.follow(new)
    assert git.status() == (new, "main", ())


def test_a_detached_checkout_follows_too(double: Double, git: Git) -> None:
    double.git("switch", "-q", "--detach")
    new = double.merge({"readme": "x"})
    git.fetch("refs/heads/main")
    (double.root / "readme").write_text("x")
    git.follow(new)
    assert git.status() == (new, None, ())
