"""Checklist: pages that people use, and what production's workers are bound to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.checks.checklist import Finding
from release.model.readiness import Readiness
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from release.model.readiness import Configured, PageSeen
    from release.model.world import World

OK = 200
BAD = 400
UNSET = "not set up"
RETRY = "Run the same command again."


@dataclass(frozen=True)
class PageLoads:
    """A page loads and shows something; one that leads to a login cannot be told about."""

    item: str
    what: str

    def __call__(self, world: World) -> Finding:
        """One finding."""
        return _of_page(world, self.item, f"{self.what} does not load", self._judged)

    def _judged(self, seen: PageSeen) -> Finding:
        if seen.asks_login:
            return Finding(
                "unknown",
                f"Cannot tell whether {self.what.lower()} loads: {seen.path} asks to log in.",
                "Check it yourself, or give the page a cookie_from or header_from in [tool.release.checklist].",
            )
        if seen.status != OK:
            return Finding("bad", f"{self.what} does not load: {seen.path} answered {seen.status}.", _LOOK)
        if seen.lacks is not None:
            return Finding("bad", f"{self.what} does not render: {seen.path} has no {seen.lacks}.", _LOOK)
        return Finding("ok", f"{seen.path} loads")


@dataclass(frozen=True)
class LoginAnswers:
    """The login answers; that it asks to log in is what it is for."""

    item: str = "login"

    def __call__(self, world: World) -> Finding:
        """One finding."""
        return _of_page(world, self.item, "The login does not answer", self._judged)

    def _judged(self, seen: PageSeen) -> Finding:
        if seen.status >= BAD:
            return Finding("bad", f"The login does not work: {seen.path} answered {seen.status}.", _LOOK)
        return Finding("ok", f"{seen.path} answers")


@dataclass(frozen=True)
class Bindings:
    """What a worker's wrangler configuration binds, production has: now, and after this release."""

    def __call__(self, world: World) -> Finding:
        """One finding for all workers."""
        configured = world.readiness.configured if world.readiness else {}
        if unread := _unread("bindings", *configured.values(), *world.live.values()):
            return unread
        lacking = list(_lacking(world, configured))
        if lacking:
            return Finding(
                "bad",
                f"Production lacks bindings: {'; '.join(lacking)}.",
                "Add what is missing to the production environment of wrangler.jsonc (bindings are not inherited), "
                "and make sure that what is new exists in production's account.",
            )
        return Finding(
            "ok" if configured else "none",
            "production has every binding" if configured else "no worker has a wrangler configuration",
        )


@dataclass(frozen=True)
class Secrets:
    """The secrets that are required are set in production."""

    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, world: World) -> Finding:
        """One finding for all workers."""
        ready = world.readiness or Readiness()
        if unread := _unread("secrets", *ready.secrets.values(), *ready.configured.values()):
            return unread
        if not ready.secrets:
            return Finding("none", "none is required")
        missing = {worker: names for worker in ready.secrets if (names := self._missing(ready, worker))}
        if missing:
            return _without_secrets(world, missing)
        return Finding("ok", "production has every required secret")

    def _missing(self, ready: Readiness, worker: str) -> list[str]:
        """What a worker needs, by this list and its own configuration, and production does not have."""
        configured = read(ready.configured.get(worker))
        wanted = {*self.required.get(worker, ()), *(configured.production.secrets if configured else ())}
        return sorted(wanted - (read(ready.secrets[worker]) or frozenset()))


def _without_secrets(world: World, missing: Mapping[str, list[str]]) -> Finding:
    listed = "; ".join(f"{worker} has no {', '.join(names)}" for worker, names in missing.items())
    worker, names = next(iter(missing.items()))
    live = read(world.live.get(worker))
    return Finding(
        "bad",
        f"Production lacks required secrets: {listed}.",
        f"Set each: wrangler secret put {names[0]} --name {live.script if live else worker}. "
        "Each makes a version without a tag, so do it before the release.",
    )


def _of_page(world: World, item: str, silent: str, judged: Callable[[PageSeen], Finding]) -> Finding:
    """What is found of a page; `silent` says that it could not be read."""
    seen = world.readiness.pages.get(item) if world.readiness else Unread("It was not read.")
    if seen is None:
        return Finding("none", UNSET)
    if isinstance(seen, Unread):
        return Finding("bad", f"{silent}: {seen.because}.", seen.advice or _LOOK)
    return judged(seen)


def _unread(what: str, *parts: object) -> Finding | None:
    """What cannot be told, and why, where one of the parts could not be read."""
    unread = next((part for part in parts if isinstance(part, Unread)), None)
    if unread is None:
        return None
    return Finding("unknown", f"Cannot tell about {what}: {unread.because}", unread.advice or RETRY)


def _lacking(world: World, configured: Mapping[str, Configured | Unread]) -> Iterator[str]:
    for worker, part in configured.items():
        said, live = read(part), read(world.live.get(worker))
        if said is None:
            continue
        wanted = said.production.bindings
        forgotten = sorted((said.tried.bindings if said.tried else frozenset()) - wanted)
        if forgotten:
            yield f"{worker} binds {', '.join(forgotten)} where it is tried, and not in production"
        has = live.bindings if live else None
        new = sorted(wanted - has) if has is not None else []
        if new:
            yield f"{worker} in production does not have {', '.join(new)} yet"


_LOOK = "Look at it where it is tried; production would show the same."
