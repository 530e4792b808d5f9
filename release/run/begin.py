"""The record under which a run begins: its plan, what served before it, and what an earlier run left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from release.decide.findings import rolled_back
from release.decide.single_step import opening
from release.model.deployment import WorkerDeployment
from release.model.record import Record
from release.run import lock

if TYPE_CHECKING:
    from release.model.record import Granted, Holder, Remark, Subject, Window
    from release.plan.preview import Preview
    from release.run.step import Run


def first_record(run: Run, granted: Granted) -> Record:
    """The record with which a run takes the lock."""
    preview, plan, world = run.preview, run.plan, run.preview.world
    holder = lock.holder(run.ops, run.only or "")
    old = world.record if isinstance(world.record, Record) else None
    begun = old if old and old.is_open else None
    subject = run.release.subject
    lives = {name: live for name, live in world.live.items() if isinstance(live, WorkerDeployment)}
    record = Record(
        environment=run.release.environment,
        nonce="",
        holder=holder,
        subject=subject,
        plan=msgspec.Raw(msgspec.json.encode(plan)),
        plan_hash=plan.hash,
        approvals=granted.approvals,
        remarks=_said((*preview.remarks, *granted.remarks), holder, run.ops.clock.now()),
        before={name: live.version_id for name, live in lives.items() if live.version_id},
        served={name: live.release[0] for name, live in lives.items() if live.release},
        migrated=tuple(plan.migrations),
        window=_window(preview),
        outcome="running",
        burnt=tuple(sorted({*_burnt(old, subject), *rolled_back(world, run.ops.config)})),
        asked="" if preview.kind == "finish" else plan.request.level,
    )
    if begun is not None:
        record = _after(record, begun)
        if begun.subject == subject:
            record = _once_more(record, begun, plan.request.level)
    return opening(world, run.ops.config, record, run.only, is_repair=preview.kind == "repair")


def _after(record: Record, begun: Record) -> Record:
    """What was begun and not ended changed the environment already: a rollback goes to what served before that."""
    return replace(
        record,
        before=begun.before,
        served=begun.served,
        bookmark=begun.bookmark,
        bookmarks=begun.bookmarks,
        rows=begun.rows,
        bookmarked_at=begun.bookmarked_at,
        migrated=tuple(dict.fromkeys((*begun.migrated, *record.migrated))),
        window=record.window or begun.window,
    )


def _once_more(record: Record, same: Record, level: str) -> Record:
    """What an earlier run of this very release has reached and noted."""
    return replace(
        record,
        approvals=(*same.approvals, *record.approvals),
        remarks=_unrepeated((*same.remarks, *record.remarks)),
        healthy=same.healthy,
        outcome="recorded" if same.outcome == "recorded" else "running",
        packed=same.packed,
        asked=same.asked or level,
    )


def _window(preview: Preview) -> Window | None:
    """Whether what served before still works after the migrations; a release that is finished keeps what was found."""
    verdict = preview.verdict
    return verdict.window if verdict and preview.kind != "finish" else None


def _said(remarks: tuple[Remark, ...], holder: Holder, now: float) -> tuple[Remark, ...]:
    """The remarks with who said them, and when."""
    return _unrepeated(tuple(replace(one, who=one.who or holder.who, at=one.at or now) for one in remarks))


def _unrepeated(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Each remark once: a rerun says the same again."""
    return tuple({(one.kind, one.what, one.why): one for one in reversed(remarks)}.values())[::-1]


def _burnt(old: Record | None, subject: Subject) -> tuple[str, ...]:
    """The numbers that no other commit may have; one that was healthy and is superseded joins them."""
    if old is None:
        return ()
    left = old.unfinished
    if left is None or not old.healthy or left == subject or old.outcome == "recorded":
        return old.burnt
    return (*old.burnt, left.version)
