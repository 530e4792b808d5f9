"""Targets: independently released npm packages, each a value that a plugin contributes (pure)."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

import re
from pathlib import PurePosixPath

import msgspec

from release.config.tables import App, Command, Entry
from release.formats.version import TagPattern

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class NpmTarget(msgspec.Struct, frozen=True, kw_only=True):
    """An npm package with versions, tags and notes of its own, released by `inv publish NAME`.

    `folder` holds its package.json, relative to pyproject.toml; `tag` names its tags with exactly one {version};
    `test` are the commands that must pass; `lockfile` is the package-lock.json that repeats its version (None: none),
    `bump_also` are further places. `growth` is how many times larger or smaller than the last version a tarball may be
    before somebody has to look. `ships` are glob patterns of files that look like tests and are meant to be shipped.
    `maintenance` names the branch of an older line (1.3), from which its hotfixes are made.
    `deadline` is in seconds, for each command, the pack and the upload.
    """

    name: str
    folder: str
    tag: str
    test: tuple[Command, ...]
    lockfile: str | None = None
    bump_also: tuple[Entry, ...] = ()
    growth: float = 3.0
    ships: tuple[str, ...] = ()
    maintenance: str = "{name}-{line}.x"
    deadline: int = 600

    @property
    def manifest(self) -> str:
        """The package.json, relative to pyproject.toml."""
        return f"{self.folder}/package.json"

    @property
    def app(self) -> App:
        """What is released, as the bump and the landing know it."""
        return App(
            name=self.name, manifest=self.manifest, tag=self.tag, bump_also=(*self._locked(), *self.bump_also)
        )

    def _locked(self) -> tuple[Entry, ...]:
        """Npm repeats a workspace's version under its folder, seen from the lockfile."""
        if self.lockfile is None:
            return ()
        place = PurePosixPath(self.folder).relative_to(PurePosixPath(self.lockfile).parent)
        return (Entry(file=self.lockfile, key=("packages", str(place), "version")),)


Target = NpmTarget


def fault_of(target: object) -> str | None:
    """What is wrong with a target that a plugin gave; None when it can be released."""
    if not isinstance(target, NpmTarget):
        return f"is a {type(target).__name__}, not a release.target.NpmTarget"
    if not _NAME.fullmatch(target.name):
        return f'has the name "{target.name}": use lower-case letters, digits and "-"'
    if not target.test:
        return "has no test commands"
    if target.growth <= 1:
        return f"has growth {target.growth}; it must be more than 1"
    try:
        TagPattern(target.tag)
    except ValueError as error:
        return _misplaced(target) or f"has a {error}"
    return _misplaced(target)


def _misplaced(target: NpmTarget) -> str | None:
    for path in filter(None, (target.folder, target.lockfile)):
        if path.startswith("/") or ".." in PurePosixPath(path).parts:
            return f'has the path "{path}", which leads out of the repository'
    if target.lockfile and not PurePosixPath(target.folder).is_relative_to(
        PurePosixPath(target.lockfile).parent
    ):
        return f"lies outside the folder of its lockfile {target.lockfile}"
    return None
