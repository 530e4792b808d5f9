"""What every REST handler works on: the bare repository, what GitHub knows beyond it, and how it is shown."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.rehearsal.forge.bare import Bare, Commit
    from release.rehearsal.forge.shapes import Shapes
    from release.rehearsal.forge.store import State


@dataclass(frozen=True)
class Repository:
    """The one repository of a forge while it serves a request."""

    bare: Bare
    state: State
    shapes: Shapes

    def commit(self, revision: str) -> Commit:
        """The commit that a revision names. Raises Refusal 422 as GitHub does."""
        from release.rehearsal.forge.answers import Refusal

        commit = self.bare.commit(revision)
        if commit is None:
            raise Refusal(422, f"No commit found for SHA: {revision}")
        return commit


def now() -> str:
    """The time in GitHub's form, e.g. 2026-03-01T12:00:00Z."""
    return utc(time.time())


def utc(moment: str | float) -> str:
    """A moment, in ISO 8601 or in seconds since 1970, in GitHub's form."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.fromtimestamp(moment, UTC)
    return known.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
