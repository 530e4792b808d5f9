"""What must always hold (docs/architecture.md, the invariants), as pure functions of what the servers hold.

Each says in sentences what does not hold; nothing when all is well.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from release.run.lock import LONGEST_WRITE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from tests.faults.snapshot import Snapshot

TAGS = "refs/tags/"


def broken(opening: Snapshot, now: Snapshot) -> list[str]:
    """The invariants that a moment breaks, whatever happened since the scene opened."""
    return [
        *tag_without_deployment(opening, now),
        *tag_without_health(opening, now),
        *number_of_two_commits(now),
        *half_landed(opening, now),
        *unapproved(opening, now),
        *untested(opening, now),
    ]


def new_tags(opening: Snapshot, now: Snapshot) -> dict[str, str]:
    """The tags that came since, with their commits."""
    found = {
        name: oid for name, oid in now.refs.items() if name.startswith(TAGS) and name not in opening.refs
    }
    return {name.removeprefix(TAGS): oid for name, oid in found.items()}


def tag_without_deployment(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """1: a tag is on the remote only if Cloudflare served that commit, on every worker."""
    for tag, commit in new_tags(opening, now).items():
        for worker, marks in now.served.items():
            if f"{tag}+{commit}" not in marks:
                yield f"{tag} is on the remote, and {worker} never served it"


def tag_without_health(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """1: and only if the health route had returned its version."""
    for tag, commit in new_tags(opening, now).items():
        if (tag.rpartition("-v")[2], commit) not in now.answers:
            yield f"{tag} is on the remote, and no health answer ever named it"


def number_of_two_commits(now: Snapshot) -> Iterator[str]:
    """2: a version never names two commits that were both healthy in production."""
    commits: dict[str, set[str]] = {}
    for version, commit in now.answers:
        commits.setdefault(version, set()).add(commit)
    for version, named in commits.items():
        if len(named) > 1:
            yield f"{version} was healthy as {len(named)} commits"


def half_landed(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """3: branch, tag and record land together or not at all."""
    for tag, commit in new_tags(opening, now).items():
        if tag not in now.lands:
            yield f"{tag} is on the remote, and the branch does not hold it"
        subject = (now.record or {}).get("subject") or {}
        outcome = (now.record or {}).get("outcome")
        if (subject.get("tag"), subject.get("commit")) == (tag, commit) and outcome not in {
            "recorded",
            "released",
        }:
            yield f"{tag} is on the remote, and its record says {outcome}"
    if now.refs["refs/heads/main"] != opening.refs["refs/heads/main"] and not new_tags(opening, now):
        yield "the branch moved without a tag"


def unapproved(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """5: no write before the plan was approved."""
    if not now.is_approved and changed(opening, now):
        yield f"changed without approval: {', '.join(changed(opening, now))}"


def untested(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """5: what the tests have not passed is not shipped."""
    if not now.is_tested and set(changed(opening, now)) - {"record"}:
        yield f"changed before the tests passed: {', '.join(changed(opening, now))}"


def changed(opening: Snapshot, now: Snapshot) -> list[str]:
    """What of production is not as it was when the scene opened."""
    refs = {name for name in {*opening.refs, *now.refs} if opening.refs.get(name) != now.refs.get(name)}
    parts = [name for name in sorted(refs) if not name.startswith("refs/release/")]
    parts += ["record"] if opening.record != now.record else []
    parts += [name for name in now.shares if opening.shares[name] != now.shares[name]]
    parts += ["packages"] if opening.packages != now.packages else []
    parts += ["ledger"] if opening.ledger != now.ledger else []
    return parts + (["GitHub Release"] if opening.releases != now.releases else [])


def unlocked(now: Snapshot) -> list[str]:
    """8: nothing but the record itself is written by a run that does not hold the record."""
    held = (now.record or {}).get("holder")
    return [] if held else ["written while nobody held the record"]


def overlapping(moments: Sequence[Snapshot]) -> list[str]:
    """8: a record changes hands only when it was given back, its lease ran out, or its run died in that checkout."""
    hands = [(one.now, one.record) for one in moments if one.record is not None]
    return [
        f"{_run(after)} took the record of {_run(before)}, whose lease had not ended"
        for (_, before), (now, after) in itertools.pairwise(hands)
        if _run(before) and _run(after) and _run(before) != _run(after) and not _may_take(before, after, now)
    ]


def unlike(unbroken: Snapshot, now: Snapshot) -> list[str]:
    """4: how the end differs from that of an unbroken run; ids that are random are left out."""
    pairs: list[tuple[str, Any, Any]] = [
        ("refs", _named(unbroken.refs), _named(now.refs)),
        ("trees", dict(unbroken.trees), dict(now.trees)),
        ("what the branch stands for", unbroken.lands, now.lands),
        ("ledger", unbroken.ledger, now.ledger),
        ("schema", unbroken.schema, now.schema),
        ("live", dict(unbroken.shares), dict(now.shares)),
        ("packages", unbroken.packages, now.packages),
        ("dist-tags", unbroken.dist_tags, now.dist_tags),
        ("GitHub Releases", unbroken.releases, now.releases),
        ("record", _lasting(unbroken.record), _lasting(now.record)),
    ]
    return [f"{name}: {was} in an unbroken run, {today} here" for name, was, today in pairs if was != today]


def _named(refs: Mapping[str, str]) -> dict[str, str]:
    return {name: oid for name, oid in refs.items() if not name.startswith("refs/release/")}


def _lasting(record: Mapping[str, Any] | None) -> dict[str, Any]:
    kept = ("schema", "environment", "holder", "subject", "before", "healthy", "outcome", "burnt")
    return {name: (record or {}).get(name) for name in kept}


def _run(record: Mapping[str, Any] | None) -> str | None:
    holder = (record or {}).get("holder") or {}
    return holder.get("run")


def _may_take(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, now: float) -> bool:
    if before is None or after is None:
        return True
    same = before["holder"]["checkout"] == after["holder"]["checkout"]
    return bool(same) or now > before["lease_until"] + LONGEST_WRITE
