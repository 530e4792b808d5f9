"""A step alone: which release it works on, and what it leaves in the record (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from release.decide.asked import LEVELS
from release.decide.decide import Go
from release.decide.findings import base_of, previous, rolled_back, unfinished
from release.model.evidence import Verdict
from release.model.record import Record, Subject
from release.model.release import Release
from release.model.repository import Checkout
from release.model.unread import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.config import Config
    from release.decide.decide import Decision, Nothing
    from release.model.record import Holder
    from release.model.request import Request
    from release.model.world import World

NUMBERLESS = frozenset({"test", "build", "backfill", "migrate"})
LEAVES_NOTHING = frozenset(
    {"test", "bump", "build", "backfill"}
)  # that a rollback or a later release would have to know
OF_A_RELEASE = frozenset({"smoke", "contract", "record", "github-release", "verify"})


def repair(world: World, nothing: Nothing, only: str, config: Config) -> Go | None:
    """What a step does where nothing is to be released: it repairs the last release. None where it has nothing to repair."""
    if only not in NUMBERLESS | OF_A_RELEASE:
        return None
    last = _last(world, nothing, config)
    if last is None:
        return None
    if only in OF_A_RELEASE and (world.environment != config.production or _is_left(world, last, config)):
        return None
    release = Release.of(last, world.environment, is_package=config.target is not None)
    return Go("repair", release, f"{nothing.why}; {only} looks after it alone")


def found_bump(
    decided: Callable[[Request], Decision], world: World, request: Request
) -> tuple[Decision, Request]:
    """The decision for a step without `--bump`: the number whose bump lies in the work tree, else the next patch."""
    decision = decided(request)
    if not isinstance(decision, Go) or decision.kind != "start" or not isinstance(world.checkout, Checkout):
        return decision, request
    for level in LEVELS:
        asked = replace(request, level=level)
        other = decided(asked)
        if isinstance(other, Go) and other.release.files and _lies_here(world.checkout, other.release):
            return other, asked
    return decision, request


def without_number(verdict: Verdict) -> Verdict:
    """The verdict for a step that needs no number: what is wrong stays wrong, whatever number is asked for."""
    return Verdict(
        tuple(replace(one, least=None, cannot_tell=()) for one in verdict.evidence), verdict.window
    )


def opening(
    world: World, config: Config, wanted: Record, only: str | None, *, is_repair: bool = False
) -> Record:
    """The record under which a run starts; `wanted` is that of a whole release.

    A step that leaves nothing behind, and a repair, keep what is there. `migrate` alone keeps what a rollback needs,
    and names a release only where one was begun already: it changes the database, and fixes no number.
    """
    old = read(world.record)
    if only in LEAVES_NOTHING or is_repair:
        kept = old or Record(environment=wanted.environment, nonce="")
        return _held(kept, wanted.holder, wanted.migrated if is_repair and only == "migrate" else ())
    if only not in NUMBERLESS:
        return wanted
    begun = unfinished(world, config)
    if begun is not None and begun == wanted.subject:
        return wanted
    if begun is not None and old is not None and old.unfinished == begun:
        return _held(old, wanted.holder, wanted.migrated)
    return msgspec.structs.replace(
        wanted,
        subject=None,
        asked="",
        plan=msgspec.Raw(b"null"),
        plan_hash="",
        approvals=(),
        remarks=(),
        healthy=False,
        outcome="running",
        packed=(),
    )


def _held(record: Record, holder: Holder | None, migrated: tuple[str, ...]) -> Record:
    return msgspec.structs.replace(
        record, holder=holder, migrated=tuple(dict.fromkeys((*record.migrated, *migrated)))
    )


def _last(world: World, nothing: Nothing, config: Config) -> Subject | None:
    """The last release: as its record has it, else as its tag and the marks at Cloudflare tell."""
    if nothing.released and nothing.last:
        return nothing.last
    last = previous(world, config)
    remote = read(world.remote)
    if last is None or remote is None:
        return None
    version, tag = last
    record = read(world.record)
    subject = record.subject if record else None
    if subject is not None and subject.tag == tag:
        return subject
    commit = remote.tags[tag]
    return Subject(
        app=config.app.name,
        version=version,
        tag=tag,
        previous=None,
        previous_tag=None,
        base=base_of(world, tag, commit) or commit,
        commit=commit,
    )


def _is_left(world: World, last: Subject, config: Config) -> bool:
    """Whether the last release was rolled back: there is nothing of it to look after."""
    record = read(world.record)
    if record and record.subject == last and record.outcome == "rolled-back":
        return True
    return last.version in {*(record.burnt if record else ()), *rolled_back(world, config)}


def _lies_here(checkout: Checkout, release: Release) -> bool:
    return all(checkout.files.get(path) == text for path, text in release.files.items())
