"""Reads what a publish depends on: the package's manifest, the registry, and the packages of this repository that it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from release.errors import BlockedError, CannotReadError
from release.formats.version import TagPattern, highest
from release.model.registry import Needed
from release.systems.git.client import DEADLINE
from release.systems.git.folders import have, same_folder
from release.systems.npm.registry import may_trust, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.config.target import Target
    from release.model.registry import Package
    from release.systems.ops import Ops

DEPENDENCIES = ("dependencies", "peerDependencies", "optionalDependencies")


def read_package(ops: Ops) -> Package | None:
    """The target's package as its registry knows it; None where no package is released.

    Raises CannotReadError, and BlockedError for a package that is private.
    """
    target = ops.config.target
    if target is None:
        return None
    manifest = _manifest(ops, target)
    name = str(manifest.get("name", ""))
    if manifest.get("private"):
        raise BlockedError(
            f'{target.manifest} says "private": true; npm publishes no such package.',
            "Take it out, or take the target out of its plugin.",
        )
    registry = ops.npm.registry(name, target.folder, manifest.get("publishConfig") or {})
    found = ops.registry.package(registry, name)
    refusal = ops.registry.refusal(found.registry) if token_of(ops.environ) else None
    is_attested = may_trust(ops.environ) and ops.github.is_public()
    found = _measured(ops, found)
    return replace(found, needs=_needs(ops, manifest), refusal=refusal, is_attested=is_attested)


def _measured(ops: Ops, found: Package) -> Package:
    """The package with the size of its latest version, where the registry does not count the files' bytes."""
    last = found.versions.get(found.latest or "")
    if last is None or last.unpacked is not None:
        return found
    sized = replace(last, size=ops.registry.size(found.registry, last.tarball))
    return replace(found, versions={**found.versions, last.version: sized})


def _needs(ops: Ops, manifest: Mapping[str, Any]) -> tuple[Needed, ...]:
    wanted: dict[str, str] = {}
    for kind in DEPENDENCIES:
        wanted |= manifest.get(kind) or {}
    needs = []
    for other in ops.config.targets if wanted else ():
        theirs = _manifest(ops, other)
        name = str(theirs.get("name", ""))
        if name in wanted:
            registry = ops.npm.registry(name, other.folder, theirs.get("publishConfig") or {})
            versions = tuple(ops.registry.package(registry, name).versions)
            needs.append(Needed(other.name, name, str(wanted[name]), versions, _is_ahead(ops, other)))
    return tuple(needs)


def _is_ahead(ops: Ops, other: Target) -> bool:
    """Whether HEAD has something in a package's folder that its last tag has not; False where it was never tagged."""
    prefix = "refs/tags/"
    refs = ops.git.remote_refs(prefix + other.tag.format(version="*"))
    names = [ref.removeprefix(prefix) for ref in refs if not ref.endswith("^{}")]
    last = highest(names, TagPattern(other.tag))
    if last is None:
        return False
    commit = refs.get(f"{prefix}{last[1]}^{{}}", refs[prefix + last[1]])
    git = ops.git.within(
        DEADLINE
    )  # its own: this is read beside the history, and one reader serves one at a time
    try:
        have(git, last[1], commit)
        return not same_folder(git, other.folder, "HEAD", commit)
    finally:
        git.close()


def _manifest(ops: Ops, target: Target) -> dict[str, Any]:
    try:
        return dict(msgspec.json.decode((ops.root / target.manifest).read_bytes()))
    except OSError as error:
        raise CannotReadError(
            f"{target.manifest} cannot be read: {error.strerror}.",
            f"Check the folder of the target {target.name}.",
        ) from None
    except (msgspec.DecodeError, TypeError, ValueError) as error:
        raise CannotReadError(f"{target.manifest} is no JSON object: {error}.", "Correct it.") from None
