"""Objects made in memory are the ones that git itself makes."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import BlockedError
from release.formats.git_objects import (
    Entry,
    GitObject,
    commit_body,
    commit_fields,
    git_object,
    object_id,
    pack,
    parse_tree,
    tag_body,
    tree_body,
    with_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from release.formats.git_objects import Algorithm

WHO = "Release Bot <release@example.com>"
WHEN = 1_700_000_000


@dataclass(frozen=True)
class Repository:
    folder: Path
    algorithm: Algorithm

    def git(self, *words: str, stdin: bytes = b"") -> bytes:
        who = {"NAME": "Release Bot", "EMAIL": "release@example.com", "DATE": f"{WHEN} +0000"}
        environment = {
            f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()
        }
        environment |= {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.folder), *words]
        return subprocess.run(command, input=stdin, env=environment, check=True, capture_output=True).stdout

    def id(self, *words: str, stdin: bytes = b"") -> str:
        return self.git(*words, stdin=stdin).decode().strip()

    def read_tree(self, oid: str) -> bytes:
        return self.git("cat-file", "tree", oid)


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    made = Repository(tmp_path, request.param)
    made.git("init", "-q", f"--object-format={request.param}", "-b", "main")
    app = tmp_path / "apps" / "cms"
    app.mkdir(parents=True)
    (app / "package.json").write_text('{"version": "1.2.3"}\n')
    (app / "run.sh").write_text("#!/bin/sh\n")
    (app / "run.sh").chmod(0o755)
    (app / "link").symlink_to("package.json")
    (tmp_path / "apps" / "cms.txt").write_text("sorts before the folder cms/\n")
    (tmp_path / "apps" / "cms-api").mkdir()
    (tmp_path / "apps" / "cms-api" / "ünï cödé.txt").write_text("a\n")
    (tmp_path / "package-lock.json").write_text("{}\n")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "feat: start")
    return made


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\0\xff" * 70_000])
def test_an_id_is_what_git_hash_object_says(repository: Repository, content: bytes) -> None:
    expected = repository.id("hash-object", "--stdin", stdin=content)
    assert object_id("blob", content, repository.algorithm) == expected


def test_a_tree_that_git_wrote_is_read_and_written_back_byte_for_byte(repository: Repository) -> None:
    for folder in ("HEAD^{tree}", "HEAD:apps", "HEAD:apps/cms", "HEAD:apps/cms-api"):
        body = repository.read_tree(folder)
        entries = parse_tree(body, 20 if repository.algorithm == "sha1" else 32)
        assert tree_body(reversed(entries)) == body
        listed = repository.git("ls-tree", "-z", folder).decode().replace("tree ", "").replace("blob ", "")
        assert [f"{e.mode:0>6} {e.oid}\t{e.name}" for e in entries] == listed.split("\0")[:-1]


def test_a_name_that_is_not_utf8_survives() -> None:
    entry = Entry("100644", os.fsdecode(b"caf\xe9"), "0" * 40)
    assert parse_tree(tree_body([entry]), 20) == (entry,)
    assert b"caf\xe9\0" in tree_body([entry])


@given(st.binary(min_size=1, max_size=40))
def test_a_damaged_tree_is_a_value_error(body: bytes) -> None:
    whole = tree_body([Entry("100644", "a", "1" * 40)])
    assert len(parse_tree(whole, 20)) == 1
    with pytest.raises(ValueError, match=r"not found|cut short"):
        parse_tree(whole[: -len(body) % (len(whole) - 1) + 1], 20)


@pytest.mark.parametrize(
    "message", ["chore: cms 1.2.4", "chore: cms 1.2.4\n\nRelease: cms-v1.2.4\n", "ü\n", ""]
)
def test_a_commit_has_the_id_that_git_commit_tree_gives(repository: Repository, message: str) -> None:
    tree, parent = repository.id("rev-parse", "HEAD^{tree}"), repository.id("rev-parse", "HEAD")
    ended = message if message.endswith("\n") else f"{message}\n"
    expected = repository.id("commit-tree", tree, "-p", parent, stdin=ended.encode())
    body = commit_body(tree, [parent], WHO, WHEN, message)
    assert object_id("commit", body, repository.algorithm) == expected


def test_a_merge_names_its_parents_in_order(repository: Repository) -> None:
    tree, first = repository.id("rev-parse", "HEAD^{tree}"), repository.id("rev-parse", "HEAD")
    second = repository.id("commit-tree", tree, stdin=b"other\n")
    expected = repository.id("commit-tree", tree, "-p", second, "-p", first, stdin=b"merge\n")
    body = commit_body(tree, [second, first], WHO, WHEN, "merge")
    assert object_id("commit", body, repository.algorithm) == expected
    assert commit_fields(body).parents == (second, first)


def test_an_annotated_tag_has_the_id_that_git_tag_gives(repository: Repository) -> None:
    repository.git("tag", "-a", "cms-v1.2.4", "-m", "cms 1.2.4")
    body = tag_body(repository.id("rev-parse", "HEAD"), "cms-v1.2.4", WHO, WHEN, "cms 1.2.4")
    assert object_id("tag", body, repository.algorithm) == repository.id("rev-parse", "cms-v1.2.4")


def test_exchanging_files_gives_the_tree_that_git_writes_and_only_what_is_new(repository: Repository) -> None:
    files = {"apps/cms/package.json": b'{"version": "1.2.4"}\n', "package-lock.json": b'{"a": 1}\n'}
    root = repository.id("rev-parse", "HEAD^{tree}")
    tree, new = with_files(root, files, repository.read_tree)
    for path, content in files.items():
        (repository.folder / path).write_bytes(content)
    repository.git("add", "-A")
    assert tree == repository.id("write-tree")
    assert sorted(one.kind for one in new) == ["blob", "blob", "tree", "tree", "tree"]


def test_links_and_executable_files_beside_the_change_keep_their_modes(repository: Repository) -> None:
    root = repository.id("rev-parse", "HEAD^{tree}")
    files = {"apps/cms/run.sh": b"#!/bin/sh\nexit 1\n", "apps/cms-api/ünï cödé.txt": b"b\n"}
    tree, new = with_files(root, files, repository.read_tree)
    repository.git("unpack-objects", "-q", stdin=pack(new))
    changed = repository.git("diff-tree", "-r", "-z", "--raw", root, tree).decode()
    assert changed.count("100755 100755") == changed.count("100644 100644") == 1
    assert repository.git("ls-tree", tree, "apps/cms/link").startswith(b"120000 blob")


def test_the_same_content_again_makes_nothing_new(repository: Repository) -> None:
    root = repository.id("rev-parse", "HEAD^{tree}")
    files = {"apps/cms/package.json": b'{"version": "1.2.3"}\n'}
    assert with_files(root, files, repository.read_tree) == (root, ())
    assert with_files(root, {}, repository.read_tree) == (root, ())


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("apps/cms/none.json", "apps/cms/none.json is not in the commit"),
        ("none/package.json", "none is not in the commit"),
        ("apps/cms", "apps/cms is not a regular file"),
        ("apps/cms/link", "mode 120000"),
        ("package-lock.json/x", "package-lock.json is not a folder"),
        ("", "is not in the commit"),
    ],
)
def test_a_path_that_is_no_file_of_the_commit_is_refused(
    repository: Repository, path: str, problem: str
) -> None:
    root = repository.id("rev-parse", "HEAD^{tree}")
    with pytest.raises(BlockedError, match=problem):
        with_files(root, {path: b""}, repository.read_tree)


def test_a_file_and_something_below_it_cannot_both_be_changed(repository: Repository) -> None:
    root = repository.id("rev-parse", "HEAD^{tree}")
    for file in ("apps/cms", "package-lock.json"):
        with pytest.raises(BlockedError, match=r"is a folder|is not a folder"):
            with_files(root, {file: b"", f"{file}/package.json": b""}, repository.read_tree)


@pytest.mark.parametrize(
    "reader", [("unpack-objects", "-q", "--strict"), ("index-pack", "--stdin", "--strict")]
)
def test_git_takes_the_pack_and_finds_the_commit_whole(
    repository: Repository, reader: tuple[str, ...]
) -> None:
    root, parent = repository.id("rev-parse", "HEAD^{tree}"), repository.id("rev-parse", "HEAD")
    tree, new = with_files(root, {"apps/cms/package.json": b"x" * 5000}, repository.read_tree)
    commit = git_object("commit", commit_body(tree, [parent], WHO, WHEN, "chore: cms"), repository.algorithm)
    tag = tag_body(commit.oid, "cms-v1.2.4", WHO, WHEN, "cms 1.2.4")
    named = git_object("tag", tag, repository.algorithm)
    repository.git(*reader, stdin=pack([*new, commit, named, commit]))
    repository.git("update-ref", "refs/tags/cms-v1.2.4", named.oid)
    repository.git("fsck", "--strict", "--full", "--no-dangling")
    assert repository.git("show", "cms-v1.2.4:apps/cms/package.json") == b"x" * 5000


@pytest.mark.parametrize("size", [0, 15, 16, 2047, 2048, 300_000])
def test_sizes_at_the_edges_of_the_packs_varint_are_read_by_git(repository: Repository, size: int) -> None:
    blob = git_object("blob", os.urandom(size), repository.algorithm)
    repository.git("unpack-objects", "-q", stdin=pack([blob]))
    assert repository.git("cat-file", "blob", blob.oid) == blob.body


def test_an_empty_pack_is_a_pack(repository: Repository) -> None:
    if repository.algorithm == "sha1":  # without an object nothing says sha256
        repository.git("unpack-objects", "-q", stdin=pack([]))


def test_a_pack_takes_full_ids_only() -> None:
    with pytest.raises(ValueError, match="not a full git object id"):
        pack([GitObject("blob", b"", "abc")])


def test_the_fields_of_a_commit_that_git_made_are_read(repository: Repository) -> None:
    commit = commit_fields(repository.git("cat-file", "commit", "HEAD"))
    assert commit.tree == repository.id("rev-parse", "HEAD^{tree}")
    assert (commit.parents, commit.message) == ((), "feat: start\n")
    assert (
        (commit.author, commit.author_seconds) == (commit.committer, commit.committer_seconds) == (WHO, WHEN)
    )


def test_signed_and_latin_commits_are_read() -> None:
    head = b"tree 1\nparent 2\nauthor A <a@b> 5 +0100\ncommitter J\xf6rg <> 6 -0700\n"
    head += b"gpgsig -----BEGIN\n tree 9\n\n -----END\n".replace(b"\n\n", b"\n \n") + b"encoding ISO-8859-1\n"
    commit = commit_fields(head + b"\nsch\xf6n\n\ntree x\n")
    assert (commit.tree, commit.parents, commit.committer) == ("1", ("2",), "Jörg <>")
    assert (commit.committer_seconds, commit.message) == (6, "schön\n\ntree x\n")


def test_an_encoding_that_nobody_knows_is_read_as_utf8() -> None:
    body = commit_body("1", [], WHO, 1, "x").replace(b"\n\n", b"\nencoding klingon\n\n")
    assert commit_fields(body).message == "x\n"


@given(
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40),
    st.integers(0, 2**33),
)
def test_what_a_commit_is_made_of_is_read_back(message: str, seconds: int) -> None:
    commit = commit_fields(commit_body("a" * 40, ["b" * 40], WHO, seconds, message))
    assert commit.message == (message if message.endswith("\n") else message + "\n")
    assert (commit.committer_seconds, commit.parents) == (seconds, ("b" * 40,))


@pytest.mark.parametrize(
    "identity", ["Bot", "<a@b>", "Bot <a", "Bot <a@b>\nparent x", "B<o>t <a@b>", "Bot <a@b> x"]
)
def test_an_identity_that_git_would_not_take_is_refused(identity: str) -> None:
    with pytest.raises(ValueError, match=r"expected .Name <mail>"):
        commit_body("a" * 40, [], identity, WHEN, "x")


def test_a_message_with_nul_and_a_body_that_is_no_commit_are_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        tag_body("a" * 40, "v1", WHO, WHEN, "a\0b")
    with pytest.raises(ValueError, match="no author, committer, tree"):
        commit_fields(b"hello")
