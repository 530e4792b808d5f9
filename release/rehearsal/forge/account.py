"""Who asks, what the repository is, and how many requests are left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer, Refusal

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.repository import Repository

_LIMIT = 5000
_HOUR = 3600
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


@dataclass
class RateLimit:
    """The budget of requests.

    A test may set `remaining` to 0 (403), or `retry_after` to seconds (429) for the secondary limit, which
    comes without warning.
    """

    remaining: int = _LIMIT
    retry_after: int | None = None
    reset_at: int = 0

    def take(self) -> None:
        """Count one request. Raises Refusal when a limit is reached."""
        if self.retry_after is not None:
            raise Refusal(429, _SECONDARY, retry_after=str(self.retry_after))
        if self.remaining <= 0:
            raise Refusal(403, "API rate limit exceeded for user ID 1.", retry_after=str(self._left()))
        self.remaining -= 1

    def headers(self) -> dict[str, str]:
        """The rate headers that every REST answer has; `reset` is in seconds since 1970."""
        counts = {"limit": _LIMIT, "remaining": max(0, self.remaining), "used": _LIMIT - self.remaining}
        known = {**counts, "reset": self._reset(), "resource": "core"}
        return {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in known.items()}

    def overview(self) -> Answer:
        """The answer to `GET /rate_limit`, which is free."""
        counts = {"limit": _LIMIT, "remaining": max(0, self.remaining), "used": _LIMIT - self.remaining}
        rate = {**counts, "reset": self._reset()}
        return Answer({"rate": rate, "resources": {"core": rate, "search": rate}})

    def _reset(self) -> int:
        self.reset_at = self.reset_at or int(time.time()) + _HOUR
        return self.reset_at

    def _left(self) -> int:
        return max(1, self._reset() - int(time.time()))


def get_user(repository: Repository, call: Call) -> Answer:
    """The user whom the token belongs to."""
    return Answer(repository.shapes.public_user(call.login))


def get_repository(repository: Repository, _: Call) -> Answer:
    """The repository."""
    return Answer(repository.shapes.repository())
