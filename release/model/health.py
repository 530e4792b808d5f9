"""What an answer of a health route proves of a release, by the environment's own rule (pure)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import msgspec

from release.config import Health as Configured
from release.formats.printable import plain
from release.frozen import Frozen
from release.model.deployment import Health
from release.model.repository import SHORTEST, names
from release.model.unread import read

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from release.config import Environment
    from release.config.types import Field
    from release.model.deployment import WorkerDeployment
    from release.model.release import Release
    from release.model.unread import Unread

LONGEST = 200  # characters of an answer that are shown
SHORTEST_ID = 8  # digits of a shortened version id
Proof = Literal["version id", "commit", "number", "well", "nothing"]
NO_ROUTE = Health(None, None, None, answered=False, asked=False)
_V = re.compile(r"v(?=\d)")
_BOM = b"\xef\xbb\xbf"


class HealthRule(Frozen, frozen=True):
    """Where an environment answers, what an answer is when all is well, and which fields say what serves.

    `path` is None where there is no route; a field that is not told is "". The `commit` must be told only where
    `needs_commit`. `shown` is the route as people know it.
    """

    path: str | None = "/api/health"
    shown: str = "/api/health"
    expect_status: int = 200
    status: str = "status"
    ok: str | bool | float = "ok"
    text: str = ""
    version: str = "version"
    commit: str = "commit"
    needs_commit: bool = False
    version_id: str = ""

    @property
    def needs_json(self) -> bool:
        """Whether an answer must be JSON: some field of it is to be there."""
        return bool(self.status or self.version or self.needs_commit or self.version_id)

    @property
    def proof(self) -> Proof:
        """The most that every good answer proves."""
        if self.path is None:
            return "nothing"
        if self.version_id:
            return "version id"
        if self.needs_commit:
            return "commit"
        return "number" if self.version else "well"

    @property
    def tells(self) -> bool:
        """Whether a good answer tells what serves; else Cloudflare's word alone does."""
        return self.proof not in {"well", "nothing"}

    def weaker(self, settle: float, streak: int) -> str:
        """What a smoke check proves where the route does not tell what serves, in one sentence; empty where it does."""
        if self.proof == "nothing":
            return (
                "There is no health route: the proof is Cloudflare's version id before and after "
                f"{settle:g} s; whether the app works is not checked."
            )
        answers = f"{streak} good answers" if streak > 1 else "one good answer"
        tells_none = f"The health route tells no version: the proof is Cloudflare's version id and {answers}"
        return "" if self.tells else f"{tells_none} once {settle:g} s have passed."

    def expected(self, release: Release, settle: float) -> str:
        """What a smoke check waits for, in a few words."""
        if self.proof == "nothing":
            return f"no health route: Cloudflare serves {release.name} for {settle:g} s"
        says = {
            "version id": "Cloudflare's version id",
            "commit": f"commit {release.commit[:SHORTEST]}",
            "number": release.version,
        }.get(self.proof)
        return f"{self.shown} says {says}" if says else f"{self.shown} answers well after {settle:g} s"


DEFAULT = HealthRule()


def rule_of(environment: Environment) -> HealthRule:
    """The rule of an environment's configuration, in which what was left out has its default."""
    health = environment.health
    if not isinstance(health, Configured):
        return HealthRule(path=None, shown="no health route", status="", version="", commit="")
    path, shown = health.path, health.path
    if health.url is not None:
        parts = urlsplit(health.url)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        shown = f"{parts.netloc}{parts.path}"
    is_text = bool(health.text)
    return HealthRule(
        path=path,
        shown=shown,
        expect_status=health.expect_status,
        status=_field(health.status, "" if is_text else "status"),
        ok=health.ok,
        text=health.text,
        version=_field(health.version, "" if is_text else "version"),
        commit=_field(health.commit, "commit"),
        needs_commit=bool(health.commit),
        version_id=_field(health.version_id, ""),
    )


def _field(said: Field, otherwise: str) -> str:
    """The name of a field; empty where the route does not tell it."""
    if said is None:
        return otherwise
    return said if isinstance(said, str) else ""


def judged(rule: HealthRule, status: int, body: bytes) -> Health:
    """What an answer says, and what is wrong with it; a problem is a whole sentence's words, without a full stop."""
    try:
        said, is_json = msgspec.json.decode(body.removeprefix(_BOM)), True
    except (msgspec.DecodeError, RecursionError):
        said, is_json = None, False
    if rule.needs_json and not is_json:
        return Health(None, None, f"{rule.shown} answered {status} with something that is not JSON")
    version, commit = _told(said, rule.version), _told(said, rule.commit)
    found = Health(
        _V.sub("", version, count=1) if version and _V.match(version) else version,
        commit,
        None,
        version_id=_told(said, rule.version_id),
    )
    return replace(found, problem=_unwell(rule, status, said, body) or _untold(rule, found))


def _unwell(rule: HealthRule, status: int, said: Any, body: bytes) -> str | None:  # noqa: ANN401
    """What speaks against all being well."""
    if status != rule.expect_status:
        detail = _told(said, "error") or _told(said, rule.status)
        return f"{rule.shown} answered {status}{f' ({detail})' if detail else ''}"
    if rule.status and not _is(_at(said, rule.status), rule.ok):
        now = _shown(_at(said, rule.status))
        return f"{rule.shown} says {rule.status} {now}, not {_shown(rule.ok)}"
    if rule.text and not re.search(rf"(?<!\w){re.escape(rule.text)}(?!\w)", body.decode(errors="replace")):
        return f'{rule.shown} does not hold the text "{rule.text}"'
    return None


def _untold(rule: HealthRule, found: Health) -> str | None:
    """Which field is missing that the rule has the route tell, and what to set where it never tells it."""
    wanted = (
        ("version", rule.version, found.version),
        ("commit", rule.commit if rule.needs_commit else "", found.commit),
        ("version_id", rule.version_id, found.version_id),
    )
    for key, field, told in wanted:
        if field and told is None:
            return f"{rule.shown} names no {field} (if it never does, set health.{key} = false)"
    return None


def unlike(health: Health, release: Release, version_ids: Collection[str] = ()) -> str | None:
    """What a health answer has against being this release's; None when nothing of it speaks against it.

    A commit may be the release's own, or the one that was built, of which that only raises the number. `version_ids`
    are Cloudflare's of this release.
    """
    if health.problem is not None:
        return health.problem
    if health.version is not None and health.version != release.version:
        return f"health says version {health.version}, not {release.version}"
    if health.commit is not None and not is_of(health.commit, release.commit, release.base):
        return f"health says commit {health.commit[:SHORTEST]}, not {release.commit[:SHORTEST]}"
    if health.version_id is not None and version_ids and not is_one(health.version_id, version_ids):
        known = " or ".join(one[:SHORTEST_ID] for one in version_ids)
        return f"health says version id {health.version_id[:SHORTEST_ID]}, not {known}"
    return None


def is_of(said: str, *commits: str) -> bool:
    """Whether a commit that is told, perhaps shortened, is one of these."""
    return any(names(said, commit) for commit in commits)


def is_exact(health: Health) -> bool:
    """Whether an answer tells what serves so that no older deployment can say the same."""
    return health.commit is not None or health.version_id is not None


def live_ids(lives: Mapping[str, WorkerDeployment | Unread | None]) -> tuple[str, ...]:
    """The version ids that serve their worker alone."""
    return tuple(live.version_id for one in lives.values() if (live := read(one)) and live.version_id)


def live_mark(lives: Mapping[str, WorkerDeployment | Unread | None]) -> tuple[str, str] | None:
    """Tag and commit of the release that every worker serves, by Cloudflare's word; None where there is no such one."""
    marks = {live.release if (live := read(one)) else None for one in lives.values()}
    return marks.pop() if len(marks) == 1 else None


def is_one(said: str, ids: Collection[str]) -> bool:
    """Whether a version id that is told, perhaps shortened to 8 digits or more, is one of these."""
    return len(said) >= SHORTEST_ID and any(one.lower().startswith(said.lower()) for one in ids)


def _at(said: Any, field: str) -> Any:  # noqa: ANN401
    """What lies at a dotted path, by name in an object and by index in a list; None where nothing does."""
    for part in field.split("."):
        if isinstance(said, dict):
            said = said.get(part)
        elif isinstance(said, list) and part.isdecimal() and int(part) < len(said):
            said = said[int(part)]
        else:
            return None
    return said


def _told(said: Any, field: str) -> str | None:  # noqa: ANN401
    """A text that an answer tells, without what a terminal would obey, and cut; None where it is none."""
    found = _at(said, field) if field else None
    return plain(found)[:LONGEST] if isinstance(found, str) and found else None


def _is(found: object, ok: object) -> bool:
    """Whether a value is the one that is expected; true is not 1, and 1.0 is."""
    return isinstance(found, bool) == isinstance(ok, bool) and found == ok


def _shown(value: object) -> str:
    """A value as the messages quote it; None where there is none, or it is null."""
    if value is None or isinstance(value, str):
        return repr(plain(value)[:LONGEST] if value else value)
    return msgspec.json.encode(value).decode()[:LONGEST]
