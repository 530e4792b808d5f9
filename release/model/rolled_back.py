"""What a rollback leaves behind: which release it took away, who, when and why, what serves, what comes next (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from release.formats.version import TagPattern, precedes
from release.frozen import Frozen
from release.model.record import Rollback
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.config import Config
    from release.model.deployment import WorkerDeployment
    from release.model.record import Record
    from release.model.world import World

SHORT = 7  # digits of an id that people read


class RolledBack(Frozen, frozen=True):
    """A release that a rollback took away, while nothing newer is live: `version` is its number, `by` the rollback.

    `live` is what each worker serves; `remaining` are the workers that still serve the release, where the rollback is
    not complete. `commits` are those since the last release, `coming` the number that they get; None where that is not
    known. `is_numbered` is false in an environment whose deployments have no number of their own: there a commit is what
    was rolled back, `commit` where it is known. `is_returning`: a rollback forward to it is what is not complete.
    """

    environment: str
    version: str | None
    by: Rollback
    live: Mapping[str, WorkerDeployment | Unread | None]
    remaining: tuple[str, ...] = ()
    commits: int | None = None
    coming: str | None = None
    is_numbered: bool = True
    commit: str | None = None
    is_returning: bool = False

    @property
    def name(self) -> str:
        """What was rolled back, as people call it: the tag, or the commit where there are no numbers."""
        return self.tag if self.is_numbered or not self.commit else self.commit[:SHORT]

    @property
    def tag(self) -> str:
        """The release that was rolled back."""
        return self.by.left

    @property
    def to(self) -> str:
        """What is live instead, as people call it; what the rollback itself said where the workers do not agree."""
        marks = {live.release if (live := read(one)) else None for one in self.live.values()}
        mark = marks.pop() if len(marks) == 1 else None
        if mark is None:
            return self.by.to
        return mark[0] if self.is_numbered else mark[1][:SHORT]

    @property
    def forward(self) -> str:
        """The command that goes forward again."""
        return f"inv rollback {self.tag}" if self.is_numbered else f"inv deploy --env {self.environment}"

    @property
    def finishing(self) -> str:
        """The command that completes a rollback that is half done."""
        if self.is_returning:
            return self.forward
        return "inv rollback" if self.is_numbered else f"inv rollback --env {self.environment}"

    @property
    def sentence(self) -> str:
        """What was rolled back, to what, by whom, when and why, in one line without a full stop."""
        by = self.by
        who = f" by {by.who}" if by.who else ""
        when = f" on {moment(by.at)}" if by.at else ""
        to = f" to {self.to}" if self.to else ""
        return f"{self.name}{to}{who}{when}: {by.why or 'no reason given'}"

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        at = _stamp(self.by.at) if self.by.at else None
        return {
            "tag": self.tag,
            "to": self.to or None,
            "who": self.by.who or None,
            "at": at,
            "why": self.by.why or None,
            "live": {name: live_json(live) for name, live in self.live.items()},
            "remaining": list(self.remaining),
            "burnt": self.version if self.is_numbered else None,
            "commits": self.commits,
            "coming": self.coming,
            "forward": self.forward,
        }


def facts(back: RolledBack | None) -> Iterator[tuple[str, str]]:
    """The same for people, as label and text; nothing where nothing was rolled back."""
    if back is None:
        return
    yield "rolled back", back.sentence
    if back.remaining:
        yield (
            "not complete",
            f"{', '.join(back.remaining)} on {back.name}, the rest is not; to finish:\n{back.finishing}",
        )
    yield "live now", f"{back.environment}: {live_words(back.live)}"
    if back.is_numbered and back.version:
        yield "burnt", f"{back.version} is never used for another commit"
        yield "ships next", _next(back)
    if back.remaining:
        return
    what = f"puts {back.tag} back as it was" if back.is_numbered else "deploys the commit that is checked out"
    yield "go forward", f"{back.forward}\n{what}"


def _next(back: RolledBack) -> str:
    number = f"as {back.coming}" if back.coming else "under the next number"
    if back.commits is None:
        return f"the next commit, {number}"
    if not back.commits:
        return f"nothing: no commits since {back.tag}; the next commit ships {number}"
    return f"{back.commits} commit{'' if back.commits == 1 else 's'}, {number}"


def standing(world: World, config: Config) -> RolledBack | None:
    """The rollback that stands in a world: nothing newer is live than what it left, and that is not back either."""
    return after(world.environment, read(world.record), world.live, config)


def after(
    environment: str,
    record: Record | None,
    lives: Mapping[str, WorkerDeployment | Unread | None],
    config: Config,
) -> RolledBack | None:
    """The same of a record and of what serves. The deployments' messages say it where the record does not."""
    pattern = TagPattern(config.app.tag)
    known = {name: live for name, part in lives.items() if (live := read(part)) is not None}
    by = _newer(_recorded(record), _told(list(known.values()), pattern), pattern)
    if by is None or not known:
        return None
    version, marks = pattern.version(by.left), [live.release for live in known.values()]
    if any(_is_newer(mark[0], version, pattern) for mark in marks if mark):
        return None
    left = _mark(record, by)
    remaining = tuple(name for name, live in known.items() if _is_of(live.release, left))
    if len(remaining) == len(lives):
        return None
    newest = [
        live.rollbacks[0].to for live in known.values() if live.rollbacks and _is_of(live.release, left)
    ]
    return RolledBack(
        environment,
        version,
        by,
        lives,
        remaining,
        is_numbered=environment == config.production,
        commit=left[1],
        is_returning=by.left in newest,
    )


def with_next(back: RolledBack, commits: int | None, coming: str | None) -> RolledBack:
    """The same, with how many commits came since, and the number that they get."""
    return replace(back, commits=commits, coming=coming)


def live_words(lives: Mapping[str, WorkerDeployment | Unread | None]) -> str:
    """What each worker serves, in one line."""
    return ", ".join(f"{name} {serving(live)}" for name, live in lives.items())


def live_json(live: WorkerDeployment | Unread | None) -> dict[str, str | None]:
    """The same of one worker, for scripts; nulls where traffic is split, or nothing is known."""
    known = read(live)
    mark = known.release if known else None
    return {
        "version_id": known.version_id if known else None,
        "tag": mark[0] if mark else None,
        "commit": mark[1] if mark else None,
    }


def worker_json(live: WorkerDeployment | Unread | None) -> dict[str, Any]:
    """The same with whether it could be read, the shares of a split, and who deployed it when, as Cloudflare says."""
    known = read(live)
    return {
        "state": "unread" if isinstance(live, Unread) else "live" if known else "not deployed",
        "because": live.because if isinstance(live, Unread) else None,
        **live_json(live),
        "shares": [{"version_id": version, "percent": share} for version, share in known.shares]
        if known
        else [],
        "deployed_by": (known.who or None) if known else None,
        "deployed_at": _stamp(known.at) if known and known.at else None,
    }


def _stamp(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def serving(live: WorkerDeployment | Unread | None) -> str:
    """What one worker serves: the version's id, and the release that made it."""
    if live is None:
        return "not deployed"
    if isinstance(live, Unread):
        return f"unknown ({live.because})"
    if live.version_id is None:
        return " and ".join(f"{share:.0f} % {version[:8]}" for version, share in live.shares)
    return f"{live.version_id[:8]} ({live.release[0] if live.release else 'made by no release'})"


def moment(at: float) -> str:
    """A moment (seconds since 1970) as people read it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _recorded(record: Record | None) -> Rollback | None:
    """The rollback that the record keeps; of an older record, which kept no more, what was left."""
    if record is None or record.outcome != "rolled-back":
        return None
    return record.rollback or (Rollback(left=record.subject.tag, to="") if record.subject else None)


def _told(lives: list[WorkerDeployment], pattern: TagPattern) -> Rollback | None:
    """The rollback that left the highest release since the last deployment: those after it only moved below it."""
    found = None
    for live in lives:
        for one in live.rollbacks:
            if found is None or _is_newer(one.left, pattern.version(found.left), pattern):
                found = one
    return found


def _newer(kept: Rollback | None, told: Rollback | None, pattern: TagPattern) -> Rollback | None:
    """The one that left the higher release; the record's where both speak of one, for it knows more."""
    if kept is None or told is None:
        return kept or told
    if _is_newer(told.left, pattern.version(kept.left), pattern):
        return told
    return kept if kept.at or told.left != kept.left else msgspec.structs.replace(told, was=kept.was)


def _mark(record: Record | None, by: Rollback) -> tuple[str, str | None]:
    """Tag and commit of what was left; the commit is None where it is unknown."""
    subject = record.subject if record else None
    return by.left, subject.commit if subject and subject.tag == by.left else None


def _is_of(mark: tuple[str, str] | None, left: tuple[str, str | None]) -> bool:
    return mark is not None and mark[0] == left[0] and left[1] in {None, mark[1]}


def _is_newer(tag: str, than: str | None, pattern: TagPattern) -> bool:
    version = pattern.version(tag)
    return version is not None and than is not None and precedes(than, version)
