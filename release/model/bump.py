"""The commits that carry a version, computed from what git holds, before anything is written (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import BlockedError
from release.formats.git_objects import algorithm_of, commit_body, git_object, tag_body, with_files
from release.formats.manifest import value_at, with_value
from release.formats.version import parse, precedes
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.config import App, Identity
    from release.formats.git_objects import GitObject
    from release.model.repository import Base

VERSION_KEY = ("version",)
TRAILER = "Release"


class Bump(Frozen, frozen=True):
    """A commit that only raises the version: its id, the files that differ (path -> bytes), the objects to store."""

    commit: str
    files: Mapping[str, bytes]
    objects: tuple[GitObject, ...]


def current_version(base: Base, app: App) -> str:
    """The version in the manifest of a commit. Raises BlockedError when it is not there, or no semantic version."""
    version = value_at(base.files[app.manifest], VERSION_KEY, app.manifest)
    try:
        parse(version)
    except ValueError as error:
        raise BlockedError(f"{app.manifest}: {error}.", f"Correct the version in {app.manifest}.") from error
    return version


def bump(base: Base, version: str, tag: str, app: App, identity: Identity) -> Bump:
    """The bump commit of `base`: configured identity and the base's date, so that every machine makes the same id.

    Raises ManifestError when the manifest or a lockfile holds no version to raise.
    """
    files = _raised(base, version, app)
    message = f"chore(release): {app.name} {version}\n\n{TRAILER}: {tag}\n"
    return _commit(base, files, (base.commit,), base.seconds, message, identity)


def landing(
    tip: Base, release_commit: str, version: str, tag: str, app: App, identity: Identity, *, linear: bool
) -> Bump:
    """The commit that brings a release to a branch that moved on: the tip's tree with only the version raised.

    The version is never lowered. The bump commit is its second parent unless history must be linear.
    """
    current = current_version(tip, app)
    files = _raised(tip, version, app) if precedes(current, version) else {}
    parents = (tip.commit,) if linear else (tip.commit, release_commit)
    message = f"chore(release): {app.name} {version}\n\n{TRAILER}: {tag}\n"
    return _commit(tip, files, parents, tip.seconds, message, identity)


def annotated_tag(commit: str, tag: str, seconds: int, message: str, identity: Identity) -> GitObject:
    """The tag object that names a bump commit, the same from any machine."""
    body = tag_body(commit, tag, _who(identity), seconds, message)
    return git_object("tag", body, algorithm_of(commit))


def _raised(base: Base, version: str, app: App) -> dict[str, bytes]:
    places = [(app.manifest, VERSION_KEY), *((entry.file, entry.key) for entry in app.bump_also)]
    files = dict(base.files)
    for file, key in places:
        files[file] = with_value(files[file], key, version, file)
    return {file: text for file, text in files.items() if text != base.files[file]}


def _commit(
    base: Base,
    files: Mapping[str, bytes],
    parents: tuple[str, ...],
    seconds: int,
    message: str,
    identity: Identity,
) -> Bump:
    tree, objects = with_files(base.tree, files, lambda oid: base.objects[oid]) if files else (base.tree, ())
    body = commit_body(tree, parents, _who(identity), seconds, message)
    commit = git_object("commit", body, algorithm_of(base.commit))
    return Bump(commit.oid, files, (*objects, commit))


def _who(identity: Identity) -> str:
    return f"{identity.name} <{identity.email}>"
