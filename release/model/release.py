"""One release, and the external writes that it makes (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.record import Subject


@dataclass(frozen=True)
class Release:
    """One release: the base that ships, the number it gets, and the commit that carries the number.

    `commit` is the bump commit (the base itself where nothing is bumped, as on staging); `files` are
    the files that the bump changes, path -> new bytes. `previous` is None for the first release ever.
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

    @classmethod
    def of(cls, subject: Subject, environment: str) -> Release:
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
    def is_package(self) -> bool:
        """Whether this is the release of a target: its environment is the target itself."""
        return self.environment == self.app

    @property
    def annotation(self) -> str:
        """What Cloudflare keeps as `workers/tag` of each version of this release (100 bytes at most)."""
        return f"{self.tag}+{self.commit}"


@dataclass(frozen=True)
class Write:
    """One external write, in words: which system, which thing in it, and what happens to it."""

    step: str
    system: str
    target: str
    what: str

    def __str__(self) -> str:
        return f"{self.target}: {self.what}"
