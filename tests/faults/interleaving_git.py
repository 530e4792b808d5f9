"""Git in memory, for thousands of interleavings: one remote, and a checkout a machine, with the methods of `ops.git`."""

from __future__ import annotations

import fnmatch
from functools import lru_cache
from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.formats.git_objects import Entry, commit_body, commit_fields, git_object, parse_tree, tree_body
from release.model.bump import TRAILER
from release.model.repository import Commit
from release.systems.git.client import Git

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from release.formats.git_objects import Commit as Fields
    from release.formats.git_objects import GitObject
    from tests.faults.interleaving_outside import Actor, Outside

Objects = dict[str, tuple[str, bytes]]
MAIN = "refs/heads/main"
WHO = "Ada <ada@example.com>"


@lru_cache(maxsize=20_000)
def fields_of(body: bytes) -> Fields:
    """A commit's fields."""
    return commit_fields(body)


@lru_cache(maxsize=20_000)
def entries_of(body: bytes) -> tuple[Entry, ...]:
    """A tree's entries."""
    return parse_tree(body, 20)


def history(objects: Objects, tips: Iterable[str]) -> dict[str, Fields]:
    """Every commit that these tips hold and this store knows."""
    found: dict[str, Fields] = {}
    ahead = list(tips)
    while ahead:
        oid = ahead.pop()
        if oid not in found and oid in objects:
            found[oid] = fields_of(objects[oid][1])
            ahead += found[oid].parents
    return found


def copy(source: Objects, target: Objects, oids: Iterable[str]) -> None:
    """Bring objects and all that they need from one store to another."""
    ahead = list(oids)
    while ahead:
        oid = ahead.pop()
        if oid in target or oid not in source:
            continue
        kind, body = target[oid] = source[oid]
        if kind == "commit":
            ahead += (fields_of(body).tree, *fields_of(body).parents)
        elif kind == "tree":
            ahead += (entry.oid for entry in entries_of(body))
        elif kind == "tag":
            ahead.append(body.split(None, 2)[1].decode())


def peeled(objects: Objects, oid: str) -> str:
    """What an annotated tag names; a commit itself."""
    kind, body = objects[oid]
    return body.split(None, 2)[1].decode() if kind == "tag" else oid


def read(objects: Objects, commit: str, path: str) -> bytes | None:
    """A file of a commit."""
    oid = fields_of(objects[commit][1]).tree
    for part in path.split("/"):
        below = {entry.name: entry.oid for entry in entries_of(objects[oid][1])}
        if part not in below:
            return None
        oid = below[part]
    return objects[oid][1]


def commit_on(
    objects: Objects, parents: Sequence[str], changes: Mapping[str, bytes], message: str, seconds: int
) -> str:
    """A new commit on the first parent's tree, with some files put in; its id."""
    tree = fields_of(objects[parents[0]][1]).tree if parents else None
    fresh = _with(objects, tree, {tuple(path.split("/")): text for path, text in changes.items()})
    made = git_object("commit", commit_body(fresh, parents, WHO, seconds, message))
    objects[made.oid] = ("commit", made.body)
    return made.oid


def _with(objects: Objects, tree: str | None, files: dict[tuple[str, ...], bytes]) -> str:
    entries = {entry.name: entry for entry in entries_of(objects[tree][1])} if tree else {}
    for name in {path[0] for path in files}:
        below = {path[1:]: text for path, text in files.items() if path[0] == name}
        if () in below:
            blob = git_object("blob", below[()])
            objects[blob.oid] = ("blob", blob.body)
            entries[name] = Entry("100644", name, blob.oid)
        else:
            old = entries[name].oid if name in entries else None
            entries[name] = Entry("40000", name, _with(objects, old, below))
    made = git_object("tree", tree_body(entries.values()))
    objects[made.oid] = ("tree", made.body)
    return made.oid


class MemoryGit(Git):
    """One machine's checkout of `outside.remote`; only the few files that a bump changes lie on the disk."""

    def __init__(self, outside: Outside, actor: Actor, root: Path, objects: Objects, head: list[str]) -> None:
        super().__init__(root, "origin", {})
        self.outside, self.actor = outside, actor
        self.objects, self.head = objects, head

    def close(self) -> None:
        """Nothing is open."""

    def status(self) -> tuple[str, str | None, tuple[str, ...]]:
        """HEAD, and the files on disk that differ from it."""
        self.outside.alive(self.actor)
        names = self.outside.bumped
        dirty = [
            name
            for name in names
            if (self.root / name).read_bytes() != read(self.objects, self.head[0], name)
        ]
        return self.head[0], "main", tuple(sorted(dirty))

    @property
    def shallow(self) -> bool:
        """A whole clone."""
        return False

    def remote_refs(self, *patterns: str) -> dict[str, str]:
        """As ls-remote says them."""
        self.outside.read(self.actor, "remote")
        found: dict[str, str] = {}
        for ref, oid in sorted(self.outside.remote.refs.items()):
            names = {ref: oid}
            if self.outside.remote.objects[oid][0] == "tag":
                names[f"{ref}^{{}}"] = peeled(self.outside.remote.objects, oid)
            found |= {
                name: value
                for name, value in names.items()
                if not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
            }
        return found

    def object(self, name: str) -> tuple[str, str, bytes] | None:
        """An object of this checkout."""
        oid, _, path = name.partition(":")
        for part in path.split("/") if path else ():
            if oid not in self.objects:
                return None
            kind, body = self.objects[oid]
            tree = fields_of(body).tree if kind == "commit" else oid
            below = {entry.name: entry.oid for entry in entries_of(self.objects[tree][1])}
            if part not in below:
                return None
            oid = below[part]
        return (oid, *self.objects[oid]) if oid in self.objects else None

    def fetch(self, *refs: str, shallow_exclude: str | None = None, depth: int | None = None) -> bool:
        """Bring what these refs (or objects) need."""
        del shallow_exclude, depth
        self.outside.read(self.actor, "remote")
        remote = self.outside.remote
        oids = [remote.refs.get(ref, ref) for ref in refs]
        if missing := [oid for oid in oids if oid not in remote.objects]:
            raise CannotReadError(f"the remote has no {missing[0]}")
        copy(remote.objects, self.objects, oids)
        return True

    def contains(self, ancestor: str, descendant: str) -> bool:
        """By walking."""
        return ancestor in history(self.objects, [descendant])

    def log(self, tips: Sequence[str], excluded: Sequence[str], *, trailer: str) -> tuple[Commit, ...]:
        """Newest first by date."""
        known = history(self.objects, tips)
        for oid in history(self.objects, excluded):
            known.pop(oid, None)
        order = sorted(known.items(), key=lambda one: (-one[1].committer_seconds, one[0]))
        return tuple(_commit(oid, fields) for oid, fields in order)

    def store(self, objects: Iterable[GitObject]) -> None:
        """Keep objects."""
        self.outside.alive(self.actor)
        self.objects.update({one.oid: (one.kind, one.body) for one in objects})

    def push(self, refspecs: Sequence[str], leases: Mapping[str, str]) -> str | None:
        """All or nothing, as `git push --atomic`."""
        return self.outside.push(self.actor, self.objects, refspecs, leases)

    def follow(self, new: str) -> None:
        """HEAD moves."""
        self.outside.alive(self.actor)
        self.head[0] = new

    def url(self) -> str:
        """Some address."""
        return "file:///acme/cms.git"


def _commit(oid: str, fields: Fields) -> Commit:
    lines = fields.message.strip().splitlines()
    lands = tuple(line.split(": ", 1)[1] for line in lines if line.startswith(f"{TRAILER}: "))
    return Commit(oid, lines[0] if lines else "", fields.parents, lands)
