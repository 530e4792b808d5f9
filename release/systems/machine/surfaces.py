"""Runs the command that lists routes and exports, in a copy of a commit's folder, and keeps its answer."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import CannotReadError, EffectError
from release.formats.git_objects import parse_tree
from release.frozen import Frozen
from release.model.unread import Unread
from release.systems.machine import shell
from release.systems.machine.kept import Kept
from release.systems.machine.secrets import without_secrets

if TYPE_CHECKING:
    from release.config.policy import Surface
    from release.systems.ops import Ops

MOST_FILES = 20_000
_FOLDER, _LINK, _COMMIT, _PROGRAM = "40000", "120000", "160000", "100755"


class Copy(Frozen, frozen=True):
    """The files of one tree: path -> (mode, content)."""

    tree: str
    files: tuple[tuple[str, str, bytes], ...]


def exported(ops: Ops, tree: tuple[str, str, bytes]) -> Copy:
    """The files of a tree, read from git's objects: no checkout, no process. Raises CannotReadError."""
    files: list[tuple[str, str, bytes]] = []
    ahead = [("", tree[0])]
    while ahead:
        at, oid = ahead.pop()
        for entry in parse_tree(_body(ops, oid), len(bytes.fromhex(oid))):
            path = f"{at}{entry.name}"
            if entry.mode.lstrip("0") == _FOLDER:
                ahead.append((f"{path}/", entry.oid))
            elif entry.mode not in {_LINK, _COMMIT}:
                files.append((path, entry.mode, _body(ops, entry.oid)))
        if len(files) > MOST_FILES:
            raise CannotReadError(f"The folder holds more than {MOST_FILES} files.", "Name a smaller `cwd`.")
    return Copy(tree[0], tuple(files))


def answer(ops: Ops, wanted: Surface, copy: Copy) -> bytes | Unread:
    """What the command prints in this copy; the same copy and command are asked only once."""
    words = "\0".join((copy.tree, *wanted.run))
    answers = Kept(ops.root, "surfaces")
    name = hashlib.sha256(words.encode(errors="surrogateescape")).hexdigest()
    if (said_before := answers.get(name)) is not None:
        return said_before
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        said = _run(ops, wanted, copy, Path(folder))
    if isinstance(said, bytes):
        answers.put(name, said)
    return said


def _run(ops: Ops, wanted: Surface, copy: Copy, folder: Path) -> bytes | Unread:
    for path, mode, content in copy.files:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if mode == _PROGRAM:
            file.chmod(0o755)
    try:
        done = shell.capture(
            wanted.run, cwd=folder, env=without_secrets(ops.environ, ops.mask), deadline=wanted.deadline
        )
    except EffectError as error:
        return Unread(error.what)
    if done.code:
        last = ops.mask((done.err.strip().splitlines() or [""])[-1])
        return Unread(f"`{' '.join(wanted.run)}` ended with {done.code}: {last}")
    return done.out


def _body(ops: Ops, oid: str) -> bytes:
    found = ops.git.object(oid)
    if found is None:
        raise CannotReadError(f"git has no object {oid[:7]} here.", "git fetch, then run again.")
    return found[2]
