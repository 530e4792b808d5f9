"""What a commit holds that a release depends on, and the record's document: read through one git process."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.gitobjects import (
    Entry,
    algorithm_of,
    commit_body,
    commit_fields,
    git_object,
    parse_tree,
    tree_body,
)
from release.model import Base, Migration
from release.record import decode, encode

if TYPE_CHECKING:
    from release.config import Config
    from release.gitobjects import (
        GitObject,
    )
    from release.ops.git import Git
    from release.record import Record

RECORD_FILE = "record.json"
MOST_RECORD = 4 * 1024 * 1024


def read_base(git: Git, commit: str, config: Config) -> Base:
    """Tree, version files and migrations of a commit. Raises CannotReadError when one of them is missing."""
    fields = commit_fields(_body(git, commit, "commit"))
    trees: dict[str, bytes] = {}
    paths = [config.app.manifest, *(entry.file for entry in config.app.bump_also)]
    files = {path: _file(git, commit, fields.tree, path, trees) for path in dict.fromkeys(paths)}
    migrations = read_migrations(git, commit, config.database.migrations) if config.database else ()
    return Base(commit, fields.tree, fields.committer_seconds, files, trees, migrations)


def read_record(git: Git, oid: str) -> Record:
    """The record that a commit holds. Raises CannotReadError when it is torn or too new."""
    document = _body(git, f"{oid}:{RECORD_FILE}", "blob")
    if len(document) > MOST_RECORD:
        raise CannotReadError("The environment's record is too large to be one.")
    return decode(document)


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


def read_migrations(git: Git, commit: str, folder: str) -> tuple[Migration, ...]:
    """The migrations of a commit in wrangler's order. Raises CannotReadError when the folder is missing."""
    found = git.object(f"{commit}:{folder}")
    if found is None:
        raise CannotReadError(
            f"The migrations folder {folder} is not in commit {commit[:7]}.", "Check [tool.release.database]."
        )
    _, kind, body = found
    entries = parse_tree(body, len(bytes.fromhex(commit))) if kind == "tree" else ()
    files = sorted((e for e in entries if e.name.endswith(".sql")), key=lambda e: _order(e.name))
    bodies = ((entry.name, _body(git, entry.oid, "blob")) for entry in files)
    return tuple(Migration(name, sql, hashlib.sha256(sql).hexdigest()) for name, sql in bodies)


def _order(name: str) -> tuple[float, str]:
    """Wrangler's order: the leading number, then the name."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return (float(digits) if digits else float("inf"), name)


def _body(git: Git, name: str, kind: str) -> bytes:
    found = git.object(name)
    if found is None or found[1] != kind:
        raise CannotReadError(f"git has no {kind} {name} here.", "Fetch it (git fetch), then run again.")
    return found[2]
