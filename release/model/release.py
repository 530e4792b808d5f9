"""One release, and the external writes that it makes (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import field

from release.frozen import Frozen
from release.model.repository import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.record import Subject


class Release(Frozen, frozen=True):
    """One release: the base that ships, the number it gets, and the commit that carries the number.

    `commit` is the bump commit (the base itself where nothing is bumped, as on staging); `files` are
    the files that the bump changes, path -> new bytes. `previous` is None for the first release ever. `is_package`: it is
    that of a target, and goes to a registry.
    """

    app: str
    environment: str
    base: str
    previous: str | None
    previous_tag: str | None
    version: str
    tag: str
    commit: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    is_package: bool = False

    @classmethod
    def of(cls, subject: Subject, environment: str, *, is_package: bool = False) -> Release:
        """The release that a record speaks of."""
        return cls(
            subject.app,
            environment,
            subject.base,
            subject.previous,
            subject.previous_tag,
            subject.version,
            subject.tag,
            subject.commit,
            is_package=is_package,
        )

    @property
    def subject(self) -> Subject:
        """The release as its record speaks of it; `Release.of` is the way back."""
        from release.model.record import Subject

        return Subject(
            app=self.app,
            version=self.version,
            tag=self.tag,
            previous=self.previous,
            previous_tag=self.previous_tag,
            base=self.base,
            commit=self.commit,
        )

    @property
    def name(self) -> str:
        """What is shipped, as people call it: the tag, or the commit where it has no number of its own."""
        return self.commit[:SHORTEST] if self.commit == self.base else self.tag

    @property
    def annotation(self) -> str:
        """What Cloudflare keeps as `workers/tag` of each version of this release (100 bytes at most)."""
        return f"{self.tag}+{self.commit}"


class Write(Frozen, frozen=True):
    """One external write, in words: which system, which thing in it, and what happens to it."""

    step: str
    system: str
    target: str
    what: str

    def __str__(self) -> str:
        return f"{self.target}: {self.what}"
