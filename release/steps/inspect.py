"""Step `inspect`: the tarball holds what its manifest promises, and nothing that must not leave the house."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from release.model.packaging import ours
from release.model.step import Done, Stuck, Todo
from release.model.unread import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.model.registry import Tarball
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World

SLACK = 64 * 1024  # bytes that a small package may grow by, however many times that is
TESTS = re.compile(
    r"(^|/)(tests?|__tests__|__mocks__|spec|fixtures|coverage)/|[._](test|spec)\.[cm]?[jt]sx?$"
)
LOCAL = ("workspace:", "file:", "link:", "portal:")
ENTRIES = ("main", "module", "types", "typings", "browser", "unpkg", "jsdelivr")
DEPENDENCIES = ("dependencies", "peerDependencies", "optionalDependencies")


@dataclass(frozen=True)
class Inspect:
    """Looks at the list of files, the manifest in the tarball, and the last version's size."""

    growth: float
    ships: tuple[str, ...] = ()
    name: str = "inspect"
    reads: tuple[Part, ...] = ()
    changes: bool = False
    meaning: str = "The tarball cannot be published as it is."
    advice: str = "Nothing was published. Fix the package (`files`, build) on the branch, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when nothing speaks against it; else everything that does."""
        tarball = world.tarball
        if tarball is None:
            there = ours(world, release.version, release.commit)
            return Done("published already") if there else Stuck("there is no tarball", self.advice)
        if not tarball.integrity:
            return Todo((), "entry points, secrets, tests, size against the last version")
        faults = [
            *tarball.secrets,
            *_missing(tarball),
            *_tests(tarball, self.ships),
            *_local(tarball.manifest),
            *_size(world, release, tarball, self.growth),
        ]
        if faults:
            return Stuck("; ".join(faults), self.advice)
        return Done(f"entry points are there, no secrets, no tests, {tarball.unpacked} bytes unpacked")


def entry_points(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a manifest declares, as paths in the package; a `*` stands for any text."""
    declared: list[object] = [manifest.get(key) for key in ENTRIES]
    declared += _leaves(manifest.get("exports"))
    declared += _leaves(manifest.get("bin"))
    texts = (text for text in declared if isinstance(text, str))
    return tuple(dict.fromkeys(text.removeprefix("./") for text in texts))


def _leaves(value: object) -> list[object]:
    """The texts in a tree of conditions; a condition that is null forbids a path, and promises none."""
    if isinstance(value, dict):
        return [leaf for below in value.values() for leaf in _leaves(below)]
    if isinstance(value, list):
        return [leaf for below in value for leaf in _leaves(below)]
    return [value]


def _missing(tarball: Tarball) -> Iterator[str]:
    for entry in entry_points(tarball.manifest):
        pattern = entry.replace("[", "[[]").replace("?", "[?]")
        loose = (pattern, f"{pattern}.js", f"{pattern}/index.js")
        if not any(fnmatchcase(file, one) for file in tarball.files for one in loose):
            yield f"its package.json declares {entry}, which is not in it"


def _tests(tarball: Tarball, ships: tuple[str, ...]) -> Iterator[str]:
    found = [
        file
        for file in tarball.files
        if TESTS.search(file) and not any(fnmatchcase(file, pattern) for pattern in ships)
    ]
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004
        yield f"it holds tests: {', '.join(found[:3])}{more}"


def _local(manifest: Mapping[str, Any]) -> Iterator[str]:
    """A range that only this monorepo can resolve: someone who installs the package cannot."""
    for kind in DEPENDENCIES:
        for name, wanted in (manifest.get(kind) or {}).items():
            if str(wanted).startswith(LOCAL):
                yield f'it depends on {name} by "{wanted}", which cannot be installed elsewhere'


def _size(world: World, release: Release, tarball: Tarball, growth: float) -> Iterator[str]:
    package = read(world.package)
    last = package.nearest_below(release.version) if package else None
    if last is None:
        return
    was, now = (last.unpacked, tarball.unpacked) if last.unpacked else (last.size, tarball.size)
    how = "unpacked" if last.unpacked else "packed"
    if was and now > was * growth and now - was > SLACK:
        yield f"it has {now} bytes {how}, {now / was:.1f} times those of {last.version} ({was})"
    if was and now * growth < was:
        yield f"it has only {now} bytes {how}, {last.version} had {was}: is the build complete?"
