"""What is said on each event: values in, a title and a few lines out (pure)."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Literal

from release.frozen import Frozen
from release.model.repository import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.outcome import Outcome
    from release.model.release import Release

Event = Literal["started", "waiting", "released", "failed", "rolled-back"]
TITLES: dict[Event, str] = {
    "started": "{app} {version} is being released to {environment}",
    "waiting": "{app} {version} waits for approval before it goes to {environment}",
    "released": "{app} {version} is released to {environment}",
    "failed": "{app} {version} failed at {step} on its way to {environment}",
    "rolled-back": "{environment} is rolled back from {tag}",
}
FORWARD = "{environment} went forward again from {tag}"
UNWELL = "{environment} left {tag}, and is not known to be healthy"
HALF_WAY = "{environment}: the rollback from {tag} is not complete"
FIELDS = (
    "app",
    "version",
    "previous",
    "tag",
    "environment",
    "commit",
    "plan",
    "step",
    "what",
    "next",
    "reason",
)


class Announcement(Frozen, frozen=True):
    """One thing to say. `title` fits into a notification, `body` are the facts that decide."""

    event: Event
    environment: str
    title: str
    body: str


def unknown_fields(template: str) -> tuple[str, ...]:
    """The placeholders of a template that mean nothing here. Raises ValueError for braces that do not match."""
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    return tuple(name for name in names if name not in FIELDS)


def begun(event: Event, release: Release, plan_hash: str, say: Mapping[Event, str]) -> Announcement:
    """A release that waits or starts. `say` are the configured titles by event."""
    fields = {**_fields(release), "plan": plan_hash[:SHORTEST]}
    change = f"{release.previous or 'nothing'} -> {release.version}, commit {fields['commit']}"
    body = f"{change}, plan {fields['plan']}"
    return _announcement(event, release.environment, fields, body, say)


def finished(release: Release, ended: Outcome, say: Mapping[Event, str]) -> Announcement | None:
    """The end of a release; None where nothing was begun, or one step ran alone."""
    if ended.outcome in {"released", "deployed"}:
        urls = "\n".join(ended.urls)
        return _announcement("released", release.environment, _fields(release), urls, say)
    if ended.outcome not in {"failed", "unrecorded"} or ended.failure is None:
        return None
    failure = ended.failure
    fields = {
        **_fields(release),
        "plan": (ended.plan or "")[:SHORTEST],
        "step": failure.step,
        "what": failure.what,
        "next": ended.next or "",
    }
    lines = (failure.what, failure.standing or failure.meaning, f"next: {ended.next}" if ended.next else "")
    return _announcement("failed", release.environment, fields, _joined(*lines), say)


def rolled_back(app: str, tag: str, reason: str, ended: Outcome, say: Mapping[Event, str]) -> Announcement:
    """The end of a rollback, also one that stopped half way."""
    what = ended.failure.what if ended.failure else ended.why
    fields = {
        "app": app,
        "tag": tag,
        "environment": ended.environment,
        "reason": reason,
        "what": what,
        "next": ended.next or "",
    }
    body = _joined(what, f"reason: {reason}" if reason else "", f"next: {ended.next}" if ended.next else "")
    return _announcement("rolled-back", ended.environment, fields, body, _titles(ended, say))


def _titles(ended: Outcome, say: Mapping[Event, str]) -> Mapping[Event, str]:
    """The title of a rollback's end: the configured one only where it went back, and well."""
    if ended.failure is not None:
        return {"rolled-back": UNWELL if ended.failure.step == "smoke" else HALF_WAY}
    return {"rolled-back": FORWARD} if ended.decision == "forward" else say


def _announcement(
    event: Event, environment: str, fields: Mapping[str, str], body: str, say: Mapping[Event, str]
) -> Announcement:
    title = say.get(event, TITLES[event]).format(**{**dict.fromkeys(FIELDS, ""), **fields})
    return Announcement(event, environment, title, body)


def _fields(release: Release) -> dict[str, str]:
    return {
        "app": release.app,
        "version": release.version,
        "previous": release.previous or "",
        "tag": release.tag,
        "environment": "the registry" if release.environment == release.app else release.environment,
        "commit": release.base[:SHORTEST],
    }


def _joined(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
