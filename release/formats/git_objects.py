"""Git's object formats in memory: a plan names its bump commit before anything is written.

The formats are those of git's own manual: gitformat-pack, git-mktree, git-commit-tree and git-mktag. Ids are
hexadecimal, 40 digits in a sha1 repository and 64 in a sha256 one; the length says which.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from release.errors import BlockedError
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Kind = Literal["commit", "tree", "blob", "tag"]
Algorithm = Literal["sha1", "sha256"]

_PACK_TYPES: dict[Kind, int] = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
_TREE_MODE = "40000"
_IDENTITY = re.compile(r"[^<>\n\0]*[^<>\n\0 ] <[^<>\n\0]*>")


class GitObject(Frozen, frozen=True):
    """One object: its kind, its body without git's header, and its id."""

    kind: Kind
    body: bytes
    oid: str


class Entry(Frozen, frozen=True):
    """One line of a tree: the mode as git stores it ("100644", "40000"), the name, the object's id.

    A name that is not UTF-8 holds surrogate escapes, as in `os.fsdecode`.
    """

    mode: str
    name: str
    oid: str


class Commit(Frozen, frozen=True):
    """What a commit says. Times are seconds since 1970, whatever the zone; people are "Name <mail>"."""

    tree: str
    parents: tuple[str, ...]
    author: str
    author_seconds: int
    committer: str
    committer_seconds: int
    message: str


def object_id(kind: Kind, body: bytes, algorithm: Algorithm = "sha1") -> str:
    """Return the id that `git hash-object -t kind` gives `body`."""
    return _hash(f"{kind} {len(body)}\0".encode() + body, algorithm).hex()


def git_object(kind: Kind, body: bytes, algorithm: Algorithm = "sha1") -> GitObject:
    """Return the object with its id."""
    return GitObject(kind, body, object_id(kind, body, algorithm))


def algorithm_of(oid: str) -> Algorithm:
    """Return the hash function that made `oid`. Raises ValueError for any other length than 40 and 64."""
    lengths: dict[int, Algorithm] = {40: "sha1", 64: "sha256"}
    if len(oid) not in lengths:
        raise ValueError(f"{oid!r} is not a full git object id")
    return lengths[len(oid)]


def parse_tree(body: bytes, raw_id_length: int) -> tuple[Entry, ...]:
    """Return a tree's entries, in git's order. `raw_id_length` is 20 (sha1) or 32 (sha256) bytes.

    Raises ValueError for a body that is cut short.
    """
    entries = []
    start = 0
    while start < len(body):
        blank = body.index(b" ", start)
        end = body.index(b"\0", blank)
        following = end + 1 + raw_id_length
        if following > len(body):
            raise ValueError("the tree is cut short")
        name = body[blank + 1 : end].decode(errors="surrogateescape")
        entries.append(Entry(body[start:blank].decode("ascii"), name, body[end + 1 : following].hex()))
        start = following
    return tuple(entries)


def tree_body(entries: Iterable[Entry]) -> bytes:
    """Return the body of a tree with these entries, in git's order: a folder sorts as if it ended in "/"."""

    def order(entry: Entry) -> bytes:
        return _raw_name(entry) + (b"/" if entry.mode == _TREE_MODE else b"")

    lines = (
        entry.mode.encode() + b" " + _raw_name(entry) + b"\0" + bytes.fromhex(entry.oid)
        for entry in sorted(entries, key=order)
    )
    return b"".join(lines)


def commit_body(tree: str, parents: Sequence[str], identity: str, seconds: int, message: str) -> bytes:
    """Return the body of a commit by `identity` ("Name <mail>"), author and committer, at `seconds` in UTC.

    The same arguments give the same commit on every machine. Raises ValueError for an identity or a message
    that git refuses.
    """
    who = _signature(identity, seconds)
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {who}", f"committer {who}"]
    return _with_message(lines, message)


def tag_body(oid: str, tag: str, identity: str, seconds: int, message: str) -> bytes:
    """Return the body of the annotated tag `tag` of the commit `oid`. Raises as `commit_body` does."""
    lines = [f"object {oid}", "type commit", f"tag {tag}", f"tagger {_signature(identity, seconds)}"]
    return _with_message(lines, message)


def commit_fields(body: bytes) -> Commit:
    """Return what the commit `body` says. Raises ValueError when it is no commit."""
    head, _, message = body.partition(b"\n\n")
    # A line that begins with a blank continues the one before (a signature): it names no field.
    lines = [line.partition(b" ") for line in head.split(b"\n") if line[:1] != b" "]
    values = {name: value for name, _, value in reversed(lines)}  # the first of equal fields counts
    missing = {b"tree", b"author", b"committer"} - values.keys()
    if missing:
        raise ValueError(f"the commit has no {b', '.join(sorted(missing)).decode()}")
    encoding = values.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author, author_seconds = _signed(values[b"author"], encoding)
    committer, committer_seconds = _signed(values[b"committer"], encoding)
    parents = tuple(value.decode("ascii") for name, _, value in lines if name == b"parent")
    return Commit(
        values[b"tree"].decode("ascii"),
        parents,
        author,
        author_seconds,
        committer,
        committer_seconds,
        _text(message, encoding),
    )


def with_files(
    root: str, files: Mapping[str, bytes], read: Callable[[str], bytes]
) -> tuple[str, tuple[GitObject, ...]]:
    """Return the id of the tree `root` with the files at these paths exchanged, and the new objects.

    Paths are POSIX, relative to the root, and name regular files that exist: their modes are kept. `read`
    returns the body of the tree with an id. Blobs and trees that do not change are not in the answer. Raises
    BlockedError for a path that is not there or no file.
    """
    split = {tuple(path.split("/")): content for path, content in files.items()}
    tree, new = _exchanged(root, "", split, read)
    return tree, tuple({one.oid: one for one in new}.values())


def pack(objects: Iterable[GitObject]) -> bytes:
    """Return a packfile, version 2, for `git unpack-objects` or `git index-pack --stdin`.

    All ids must be of one length; the same objects give the same bytes. An object given twice is packed once.
    """
    unique = {one.oid: one for one in objects}
    algorithm = algorithm_of(next(iter(unique), "0" * 40))
    body = b"PACK" + (2).to_bytes(4, "big") + len(unique).to_bytes(4, "big")
    body += b"".join(_pack_header(one) + zlib.compress(one.body) for one in unique.values())
    return body + _hash(body, algorithm)


_Files = dict[tuple[str, ...], bytes]


def _exchanged(
    oid: str, folder: str, files: _Files, read: Callable[[str], bytes]
) -> tuple[str, list[GitObject]]:
    algorithm = algorithm_of(oid)
    if () in files:
        raise BlockedError(f"{folder} is a folder in the commit, not a file.")
    below: dict[str, _Files] = {}
    for path, content in files.items():
        below.setdefault(path[0], {})[path[1:]] = content
    entries = {entry.name: entry for entry in parse_tree(read(oid), len(oid) // 2)}
    new: list[GitObject] = []
    for name, inner in below.items():
        is_file = inner.keys() == {()}
        entry = _existing(entries, folder, name, is_file=is_file)
        if is_file:
            blob = git_object("blob", inner[()], algorithm)
            found, objects = blob.oid, [blob] if blob.oid != entry.oid else []
        else:
            found, objects = _exchanged(entry.oid, f"{folder}{name}/", inner, read)
        entries[name] = replace(entry, oid=found)
        new += objects
    if not new:  # the tree's own bytes need not be in the order that git would give them
        return oid, []
    tree = git_object("tree", tree_body(entries.values()), algorithm)
    return tree.oid, [*new, tree]


def _existing(entries: Mapping[str, Entry], folder: str, name: str, *, is_file: bool) -> Entry:
    entry = entries.get(name)
    if entry is None:
        raise BlockedError(
            f"{folder}{name} is not in the commit.", "Commit it, or correct its path in [tool.release]."
        )
    if is_file != entry.mode.startswith("100") or (not is_file and entry.mode != _TREE_MODE):
        expected = "a regular file" if is_file else "a folder"
        raise BlockedError(f"{folder}{name} is not {expected} in the commit (mode {entry.mode}).")
    return entry


def _pack_header(one: GitObject) -> bytes:
    """Type and size: 4 bits of the size in the first byte, then 7 a byte, the lowest first."""
    size = len(one.body)
    byte, size = _PACK_TYPES[one.kind] << 4 | size & 0b1111, size >> 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    return bytes(header) + bytes([byte])


def _hash(content: bytes, algorithm: Algorithm) -> bytes:
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def _raw_name(entry: Entry) -> bytes:
    return entry.name.encode(errors="surrogateescape")


def _signature(identity: str, seconds: int) -> str:
    if not _IDENTITY.fullmatch(identity):
        raise ValueError(f'identity {identity!r}: expected "Name <mail>"')
    return f"{identity} {seconds} +0000"


def _signed(line: bytes, encoding: str) -> tuple[str, int]:
    who, seconds, _ = line.rsplit(b" ", 2)
    return _text(who, encoding), int(seconds)


def _with_message(lines: Sequence[str], message: str) -> bytes:
    if "\0" in message:
        raise ValueError("a message in git cannot hold a NUL character")
    ending = "" if message.endswith("\n") else "\n"
    return "\n".join([*lines, "", message + ending]).encode()


def _text(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, "replace")
    except LookupError:  # a commit may name any encoding
        return raw.decode(errors="replace")
