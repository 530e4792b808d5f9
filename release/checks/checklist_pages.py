"""Checklist: pages that people use, and what production's workers are bound to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.checks.checklist import Finding
from release.model.deployment import Live
from release.model.readiness import Configured
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        seen = world.readiness.pages.get(self.item) if world.readiness else Unread("It was not read.")
        if seen is None:
            return Finding("none", UNSET)
        if isinstance(seen, Unread):
            return Finding("bad", f"{self.what} does not load: {seen.because}.", seen.advice or _LOOK)
        if seen.asks_login:
            return Finding(
                "unknown",
                f"Cannot tell whether {self.what.lower()} loads: {seen.path} asks to log in.",
                "Look yourself; or give the page a cookie_from or header_from in [tool.release.checklist].",
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
        seen = world.readiness.pages.get(self.item) if world.readiness else Unread("It was not read.")
        if seen is None:
            return Finding("none", UNSET)
        if isinstance(seen, Unread):
            return Finding("bad", f"The login does not answer: {seen.because}.", seen.advice or _LOOK)
        if seen.status >= BAD:
            return Finding("bad", f"The login does not work: {seen.path} answered {seen.status}.", _LOOK)
        return Finding("ok", f"{seen.path} answers")


@dataclass(frozen=True)
class Bindings:
    """What a worker's wrangler configuration binds, production has: now, and after this release."""

    def __call__(self, world: World) -> Finding:
        """One finding for all workers."""
        configured = world.readiness.configured if world.readiness else {}
        unread = [one for one in configured.values() if isinstance(one, Unread)]
        unread += [live for live in world.live.values() if isinstance(live, Unread)]
        if unread:
            return Finding(
                "unknown", f"Cannot tell about bindings: {unread[0].because}", unread[0].advice or RETRY
            )
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
        asked = world.readiness.secrets if world.readiness else {}
        configured = world.readiness.configured if world.readiness else {}
        unread = [one for one in (*asked.values(), *configured.values()) if isinstance(one, Unread)]
        if unread:
            return Finding(
                "unknown", f"Cannot tell about secrets: {unread[0].because}", unread[0].advice or RETRY
            )
        missing = {}
        for worker, has in asked.items():
            said = configured.get(worker)
            wanted = {
                *self.required.get(worker, ()),
                *(said.production.secrets if isinstance(said, Configured) else ()),
            }
            if not isinstance(has, Unread) and wanted - has:
                missing[worker] = sorted(wanted - has)
        if not missing:
            return Finding(
                "ok" if asked else "none",
                "production has every required secret" if asked else "none is required",
            )
        listed = "; ".join(f"{worker} has no {', '.join(names)}" for worker, names in missing.items())
        worker, names = next(iter(missing.items()))
        live = world.live.get(worker)
        script = live.script if isinstance(live, Live) else worker
        return Finding(
            "bad",
            f"Production lacks required secrets: {listed}.",
            f"Set each: wrangler secret put {names[0]} --name {script}. "
            "Each makes a version without a tag, so do it before the release.",
        )


def _lacking(world: World, configured: Mapping[str, Configured | Unread]) -> Iterator[str]:
    for worker, said in configured.items():
        live = world.live.get(worker)
        if isinstance(said, Unread):
            continue
        wanted = said.production.bindings
        forgotten = sorted((said.tried.bindings if said.tried else frozenset()) - wanted)
        if forgotten:
            yield f"{worker} binds {', '.join(forgotten)} where it is tried, and not in production"
        has = live.bindings if isinstance(live, Live) else None
        new = sorted(wanted - has) if has is not None else []
        if new:
            yield f"{worker} in production does not have {', '.join(new)} yet"


_LOOK = "Look at it where it is tried; production would show the same."
