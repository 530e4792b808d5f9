"""What a registry knows of a package, and what a tarball holds, as values (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import field

from release.formats.version import parse, precedes
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

LATEST = "latest"


class Published(Frozen, frozen=True):
    """One version on a registry: the sha512 integrity and the address of its tarball.

    `unpacked` are the bytes of its files, None where the registry does not count them; `size` those of the tarball,
    where they were asked for.
    """

    version: str
    integrity: str
    tarball: str
    unpacked: int | None = None
    size: int | None = None


class Needed(Frozen, frozen=True):
    """A package of this repository that the released one depends on.

    `target` is its name for `inv publish`; `wanted` the range in the manifest; `versions` what the registry has of it;
    `is_ahead`: its folder holds something that its last tag does not.
    """

    target: str
    package: str
    wanted: str
    versions: tuple[str, ...]
    is_ahead: bool = False


class Package(Frozen, frozen=True):
    """A package as the registry at `registry` (an address without a slash at its end) knows it.

    `tags` are its dist-tags; `retired` are versions that were there once: a registry never takes them again.
    `refusal` says why these credentials cannot publish, None when nothing speaks against it. `is_attested` says
    that a provenance statement can be made.
    """

    name: str
    registry: str
    versions: Mapping[str, Published] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    needs: tuple[Needed, ...] = ()
    refusal: str | None = None
    is_attested: bool = False

    @property
    def latest(self) -> str | None:
        """The version that is installed by default."""
        return self.tags.get(LATEST)

    @property
    def page(self) -> str:
        """The package's address on the registry."""
        return f"{self.registry}/{self.name}"

    def nearest_below(self, version: str) -> Published | None:
        """The highest published version below `version`: the one to compare with."""
        below = [one for one in self.versions if _is_version(one) and precedes(one, version)]
        return self.versions[max(below, key=parse)] if below else None

    def dist_tag(self, version: str) -> str:
        """The dist-tag of a version to be published.

        A prerelease has its own word (beta), a version lower than latest that of its line (latest-1.3), any other latest.
        npm refuses a dist-tag that reads like a range.
        """
        parsed = parse(version)
        if parsed.prerelease:
            word = parsed.prerelease.split(".")[0]
            return word if not word.isdigit() else "next"
        if self.latest and _is_version(self.latest) and precedes(version, self.latest):
            return f"{LATEST}-{parsed.major}.{parsed.minor}"
        return LATEST


class Tarball(Frozen, frozen=True):
    """A packed package: where it lies, its sha512 integrity, sizes in bytes, its files (path -> bytes), its manifest.

    `secrets` name the files that hold something secret, and what. `path` and `integrity` are empty in a plan, which
    packs nothing.
    """

    path: str
    integrity: str
    size: int = 0
    files: Mapping[str, int] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @property
    def unpacked(self) -> int:
        """Bytes of all its files."""
        return sum(self.files.values())


def _is_version(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
