"""The migrations that a rollback crosses: over which of them the older workers still run.

The record says so for the way to the release before: it was found when the release was planned, and needs nothing that
may be broken now. For an older release it is found from the objects of this checkout, if it has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.commands.rollback.routes import PATIENCE
from release.database.files import changed, pending
from release.errors import CannotReadError, ReleaseError
from release.model.record import Window
from release.model.stores import labels, qualified
from release.model.unread import Unread
from release.observe.baseline import migrations_of
from release.observe.migrations import d1_at
from release.policy.migrations import joined, window_of

if TYPE_CHECKING:
    from release.config import Database
    from release.model.record import Record
    from release.model.repository import Migration
    from release.systems.ops import Ops

    Migrations = tuple[Migration, ...] | Unread

_UNKNOWN = "The older workers would run on the newer schema."


@dataclass(frozen=True)
class Between:
    """The migrations in between, by name: those that are no hindrance, those that bar the way, and why these do."""

    safe: tuple[str, ...] = ()
    barring: tuple[str, ...] = ()
    why: str = ""
    narrowed: tuple[str, ...] = ()


def migrations_between(ops: Ops, record: Record, tag: str | None) -> Between:
    """What lies between the record's release and the one before, or `tag`. Where nothing is known, all bars the way."""
    subject = record.subject
    if subject is not None and tag == subject.tag:
        return Between()  # forward again: the database was never moved
    if tag is None or subject is None or tag == subject.previous_tag:
        return _judged(record.migrated, record.window, _contracted(ops, record.window))
    window = _window_from_objects(ops, tag, subject.commit)
    return (
        Between(barring=record.migrated, why=_UNKNOWN)
        if window is None
        else _judged(window.migrations, window)
    )


def _contracted(ops: Ops, window: Window | None) -> tuple[str, ...]:
    """The contract migrations of a window that were applied; all of them where a ledger cannot be read."""
    names = window.contract if window else ()
    if not names:
        return ()
    found = set[str]()
    for one, label in zip(
        ops.config.databases, labels([one.name for one in ops.config.databases]), strict=True
    ):
        try:
            applied = ops.cloudflare.database(*d1_at(ops, "HEAD", one)).applied
        except (ReleaseError, OSError):
            return names
        found |= {qualified(label, name) for name in applied}
    return tuple(name for name in names if name in found)


def _judged(names: tuple[str, ...], window: Window | None, contracted: tuple[str, ...] = ()) -> Between:
    if not names:
        return Between()
    if window is None or window.open is None or not set(names) <= set(window.migrations):
        return Between(barring=names, why=_UNKNOWN)
    if window.open and contracted:
        return Between(barring=contracted, why="The older workers do not work without what it removes.")
    if window.open:
        safe = tuple(name for name in names if name not in window.contract)
        return Between(safe=safe, narrowed=window.narrowed)
    return Between(
        barring=names, why=f"The older workers do not run on its schema: {'; '.join(window.closed_by)}."
    )


def _tagged(ops: Ops, tag: str) -> str:
    """The commit of a tag as the remote has it, asked in haste. Raises ReleaseError where it does not answer."""
    git = ops.git.within(PATIENCE)
    try:
        refs = git.remote_refs(f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
    finally:
        git.close()
    return refs.get(f"refs/tags/{tag}^{{}}") or refs.get(f"refs/tags/{tag}", "")


def _window_from_objects(ops: Ops, tag: str, commit: str) -> Window | None:
    """The window from an older release to this commit; None where this checkout does not hold both."""
    try:
        found = ops.git.object(f"refs/tags/{tag}^{{commit}}")
        tagged = found[0] if found else _tagged(ops, tag)
        old, new = migrations_of(ops, tagged), migrations_of(ops, commit)
        names = [one.name for one in ops.config.databases]
        windows = [
            _window(ops, commit, ops.config.database_of(name), old[name], new[name], label)
            for name, label in zip(names, labels(names), strict=True)
        ]
        return joined(windows) or Window(open=True)
    except (ReleaseError, OSError):
        return None


def _window(
    ops: Ops, commit: str, database: Database, old: Migrations, new: Migrations, label: str
) -> Window:
    """The window over one database's migrations. Raises CannotReadError where they cannot be compared."""
    if isinstance(old, Unread) or isinstance(new, Unread) or changed(old, new):
        raise CannotReadError(f"The migrations of {database.name} cannot be compared.")
    from release.database.grading import grade

    added, (_, table) = pending(old, new), d1_at(ops, commit, database)
    return window_of(grade(old, added, table), added, label)
