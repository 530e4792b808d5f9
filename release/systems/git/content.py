"""What a commit holds that a release depends on, and the record's document: read through one git process."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.formats.git_objects import (
    Entry,
    algorithm_of,
    commit_body,
    commit_fields,
    git_object,
    parse_tree,
    tree_body,
)
from release.model.record import decode, encode
from release.model.repository import Base, Folder, Migration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from release.config import Config
    from release.formats.git_objects import GitObject
    from release.formats.wrangler_migrations import Rules
    from release.model.record import Record
    from release.systems.git.client import Git

RECORD_FILE = "record.json"
MOST_RECORD = 4 * 1024 * 1024
_FILES = frozenset({"100644", "100755", "100664"})
_FOLDER = "40000"


def first_file(git: Git, commit: str, paths: Iterable[str]) -> tuple[str, bytes] | None:
    """Path and content of the first of these files that a commit has."""
    for path in paths:
        found = git.object(f"{commit}:{path}")
        if found is not None and found[1] == "blob":
            return path, found[2]
    return None


def read_base(git: Git, commit: str, config: Config, rules: Mapping[str, Rules] | None = None) -> Base:
    """Tree, version files, and by the `rules` the migrations of a commit. Raises CannotReadError when one is missing."""
    fields = commit_fields(_body(git, commit, "commit"))
    trees: dict[str, bytes] = {}
    paths = [config.app.manifest, *(entry.file for entry in config.app.bump_also)]
    files = {path: _file(git, commit, fields.tree, path, trees) for path in dict.fromkeys(paths)}
    folders = {name: Folder(read_migrations(git, commit, one), one) for name, one in (rules or {}).items()}
    return Base(commit, fields.tree, fields.committer_seconds, files, trees, folders)


def read_record(git: Git, oid: str) -> Record:
    """The record that a commit holds. Raises CannotReadError when it is torn or too new."""
    document = _body(git, f"{oid}:{RECORD_FILE}", "blob")
    if len(document) > MOST_RECORD:
        raise CannotReadError("The environment's record is too large to be one.")
    return decode(document)


def fetched_record(git: Git, ref: str, oid: str) -> Record:
    """The record to which `ref` leads at the remote, fetched where it is not here. Raises CannotReadError as `read_record`."""
    if git.object(oid) is None:
        git.fetch(ref)
    return read_record(git, oid)


def record_commit(record: Record, seconds: int, like: str) -> tuple[str, tuple[GitObject, ...]]:
    """The commit that holds a record, and its objects; `like` is any object id of the repository.

    It has no parent: reading a record costs the same after a thousand releases.
    """
    algorithm = algorithm_of(like)
    blob = git_object("blob", encode(record), algorithm)
    tree = git_object("tree", tree_body([Entry("100644", RECORD_FILE, blob.oid)]), algorithm)
    who = "release record <release@invalid>"
    body = commit_body(tree.oid, (), who, seconds, f"{record.environment}: {record.outcome}\n")
    commit = git_object("commit", body, algorithm)
    return commit.oid, (blob, tree, commit)


def _file(git: Git, commit: str, root: str, path: str, trees: dict[str, bytes]) -> bytes:
    oid = root
    for part in PurePosixPath(path).parts:
        if oid not in trees:
            trees[oid] = _body(git, oid, "tree")
        below = {entry.name: entry.oid for entry in parse_tree(trees[oid], len(bytes.fromhex(oid)))}
        if part not in below:
            raise CannotReadError(
                f"{path} is not in commit {commit[:7]}.", "Check the paths in [tool.release.app]."
            )
        oid = below[part]
    return _body(git, oid, "blob")


def read_migrations(git: Git, commit: str, rules: Rules) -> tuple[Migration, ...]:
    """The migrations of a commit in wrangler's order. Raises CannotReadError when the folder is missing."""
    place = f"{commit}^{{tree}}" if rules.folder == "." else f"{commit}:{rules.folder}"
    found = git.object(place)
    if found is None:
        where = (
            f"It is what {rules.source} says"
            if rules.source
            else "Check the `migrations` of the database in [tool.release]"
        )
        raise CannotReadError(
            f"The migrations folder {rules.folder} is not in commit {commit[:7]}.", f"{where}."
        )
    files = dict(_below(git, found, len(bytes.fromhex(found[0])), rules.depth))
    names = rules.ordered(name for name in files if rules.takes(name))
    bodies = ((name, _body(git, files[name], "blob")) for name in names)
    return tuple(Migration(name, sql, hashlib.sha256(sql).hexdigest()) for name, sql in bodies)


def _below(
    git: Git, tree: tuple[str, str, bytes], width: int, depth: int | None
) -> Iterator[tuple[str, str]]:
    """The files of a tree by path; wrangler follows no links, and no folder deeper than its pattern is."""
    _, kind, body = tree
    for entry in parse_tree(body, width) if kind == "tree" else ():
        if entry.mode in _FILES:
            yield entry.name, entry.oid
        elif entry.mode == _FOLDER and depth != 1:
            inner = git.object(entry.oid)
            deeper = _below(git, inner, width, depth and depth - 1) if inner else ()
            yield from ((f"{entry.name}/{name}", oid) for name, oid in deeper)


def _body(git: Git, name: str, kind: str) -> bytes:
    found = git.object(name)
    if found is None or found[1] != kind:
        raise CannotReadError(f"git has no {kind} {name} here.", "Fetch it (git fetch), then run again.")
    return found[2]
