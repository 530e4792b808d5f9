"""Does what a publish does: packs and looks into the tarball, uploads it, and fetches it again."""

from __future__ import annotations

import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import CannotReadError, EffectError
from release.model.packaging import packed
from release.model.registry import Package, Tarball
from release.model.unread import Unread
from release.systems.npm.registry import integrity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from release.config.target import Target
    from release.model.packaging import PackPackage, PublishPackage, ReadBack
    from release.model.world import World
    from release.systems.ops import Ops, Tell

KEPT = ".release/packages"
PATIENCE = 60.0  # seconds until a registry must show what it has taken
INTERVAL = 1.0
MOST_FILES, MOST_BYTES = 50_000, 512 * 1024 * 1024
_SECRET_FILE = re.compile(
    r"(^|/)(\.env(\..+)?|\.dev\.vars(\..+)?|\.npmrc|\.yarnrc\.yml|\.netrc|id_(rsa|ed25519|ecdsa)|.+\.(pem|key|p12|pfx|jks)|\.git/.*)$"
)
_SECRET_TEXT = (
    ("a private key", re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("an npm token", re.compile(rb"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a GitHub token", re.compile(rb"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b")),
    ("an AWS key", re.compile(rb"\b(AKIA|ASIA)[A-Z0-9]{16}\b")),
)


def pack(ops: Ops, effect: PackPackage, world: World, tell: Tell) -> World:
    """Pack into `.release/packages`; a tarball that is there and was noted by an earlier run is taken. Raises EffectError."""
    target = _target(ops)
    release = effect.release
    to = ops.root / KEPT / target.name / f"{release.version}-{release.commit[:12]}"
    for kept in sorted(to.glob("*.tgz")):
        if integrity_of(kept.read_bytes()) in packed(world, release.commit):
            tell(f"{kept.name} is kept from the first try")
            return replace(world, tarball=read_tarball(kept, ops.mask))
    made = ops.npm.pack(target.folder, to, float(target.deadline), tell)
    tarball = read_tarball(made, ops.mask)
    if tarball.manifest.get("version") != release.version:
        raise EffectError(
            f"The tarball says version {tarball.manifest.get('version')}, not {release.version}.",
            "A script of the package changes its version: take that out, the release sets it.",
        )
    return replace(world, tarball=tarball)


def publish(ops: Ops, effect: PublishPackage, world: World, tell: Tell) -> World:
    """Upload the tarball, and wait until the registry shows it. Raises EffectError when npm says that it failed."""
    package = effect.package
    words = ("--tag", effect.dist_tag, *(("--provenance",) if package.is_attested else ()))
    deadline = float(_target(ops).deadline)
    ops.npm.publish(Path(effect.tarball.path), package.name, package.registry, words, deadline, tell)
    started = ops.clock.elapsed()
    while ops.clock.elapsed() - started < PATIENCE:
        if effect.release.version in ops.registry.package(package.registry, package.name).versions:
            return world
        tell(f"{package.name}@{effect.release.version} is not shown yet")
        ops.clock.sleep(INTERVAL)
    return world


def read_back(ops: Ops, effect: ReadBack, world: World, tell: Tell) -> World:
    """Fetch the tarball; a registry may hand it out a little later than it names it."""
    registry = world.package.registry if isinstance(world.package, Package) else ""
    found: str | Unread = Unread("the tarball was not asked for")
    started = ops.clock.elapsed()
    while ops.clock.elapsed() - started < PATIENCE:
        try:
            found = ops.registry.integrity(registry, effect.published.tarball)
            break
        except CannotReadError as error:
            found = Unread(error.what, error.advice)
            tell(error.what)
            ops.clock.sleep(INTERVAL)
    return replace(world, read_back=found)


def read_tarball(path: Path, mask: Callable[[str], str]) -> Tarball:
    """What a tarball holds; the one folder that npm puts everything in is left out of the paths. Raises EffectError."""
    try:
        body = path.read_bytes()
        with tarfile.open(path, "r:gz") as archive:
            contents = dict(_contents(archive))
        manifest = json.loads(contents["package.json"])
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError) as error:
        raise EffectError(f"{path.name} is no npm tarball: {type(error).__name__}: {error}.") from error
    files = {name: len(content) for name, content in contents.items()}
    secrets = [fault for name, content in contents.items() for fault in _secrets(name, content, mask)]
    return Tarball(str(path), integrity_of(body), len(body), files, manifest, tuple(secrets))


def _contents(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    total = 0
    for number, member in enumerate(archive):
        total += member.size
        if number > MOST_FILES or total > MOST_BYTES:
            raise tarfile.TarError("it is too large")
        file = archive.extractfile(member) if member.isfile() else None
        if file is not None:
            yield member.name.partition("/")[2], file.read()


def _secrets(name: str, content: bytes, mask: Callable[[str], str]) -> Iterator[str]:
    if _SECRET_FILE.search(name):
        yield f"it holds {name}, which is for secrets"
    for what, pattern in _SECRET_TEXT:
        if pattern.search(content):
            yield f"{name} holds {what}"
    text = content.decode(errors="replace")
    if mask(text) != text:
        yield f"{name} holds a secret of this environment"


def _target(ops: Ops) -> Target:
    if ops.config.target is None:
        raise EffectError("No package is released here.", "inv publish NAME")
    return ops.config.target
