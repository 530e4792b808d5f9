"""What the last release held of what the policy compares: its migrations, its OpenAPI documents, its own lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import CannotReadError, ReleaseError
from release.formats.version import TagPattern, highest
from release.model.evidence import Baseline, Surface
from release.model.repository import Checkout, History, Remote
from release.model.unread import Unread
from release.observe.migrations import rules_at
from release.systems.git.content import read_migrations
from release.systems.machine.deadline import Lanes
from release.systems.machine.surfaces import answer, exported

if TYPE_CHECKING:
    from release.config import Database
    from release.config.policy import Surface as Wanted
    from release.formats.wrangler_migrations import Rules
    from release.model.repository import Migration
    from release.model.world import World
    from release.systems.ops import Ops


def read_baseline(ops: Ops, world: World) -> Baseline | None:
    """What is to be compared with this commit; None where nothing was released, or nothing is to release.

    Fetches the tag's own commit where the checkout is too shallow to hold it: one process.
    """
    remote, checkout, history = world.remote, world.checkout, world.history
    if (
        not isinstance(remote, Remote)
        or not isinstance(checkout, Checkout)
        or not isinstance(history, History)
    ):
        return None
    last = highest(remote.tags, TagPattern(ops.config.app.tag))
    if last is None or not history.unreleased:
        return None
    tag, commit, policy = last[1], remote.tags[last[1]], ops.config.policy
    wanted = policy.surfaces if policy.api != "off" else ()
    grades = bool(ops.config.databases) and policy.schema != "off"
    if not wanted and not grades:
        return Baseline(tag)
    try:
        if ops.git.object(commit) is None:
            ops.git.fetch(f"refs/tags/{tag}", depth=1)
        surfaces = tuple(_surface(ops, one, commit, checkout.head) for one in wanted)
    except ReleaseError as error:
        unread = Unread(error.what, error.advice)
        nothing = {one.name: unread for one in ops.config.databases}
        return Baseline(tag, nothing, tuple(Surface(one.name, unread, None) for one in wanted))
    return Baseline(tag, migrations_of(ops, commit) if grades else {}, surfaces)


def migrations_of(ops: Ops, commit: str) -> dict[str, tuple[Migration, ...] | Unread]:
    """The migrations of a commit for each database, by its own wrangler configuration; none where it had no folder yet."""
    return {one.name: _migrations(ops, commit, one) for one in ops.config.databases}


def _migrations(ops: Ops, commit: str, database: Database) -> tuple[Migration, ...] | Unread:
    try:
        if ops.git.object(commit) is None:
            return Unread(f"commit {commit[:7]} is not in this checkout", "git fetch, then run again.")
        rules = _rules(ops, commit, database)
        folder = f"{commit}^{{tree}}" if rules.folder == "." else f"{commit}:{rules.folder}"
        return read_migrations(ops.git, commit, rules) if ops.git.object(folder) else ()
    except ReleaseError as error:
        return Unread(error.what, error.advice)


def _rules(ops: Ops, commit: str, database: Database) -> Rules:
    """Those of the commit; where it bound no such database yet, those of the checkout."""
    try:
        return rules_at(ops, commit, database)
    except CannotReadError:
        return rules_at(ops, "HEAD", database)


def _surface(ops: Ops, wanted: Wanted, before: str, after: str) -> Surface:
    if wanted.openapi:
        old, new = (_blob(ops, commit, wanted.openapi) for commit in (before, after))
        return Surface(wanted.name, old, new, is_openapi=True)
    trees = [ops.git.object(_at(commit, wanted.cwd)) for commit in (before, after)]
    if trees[0] and trees[1] and trees[0][0] == trees[1][0]:
        return Surface(wanted.name, b"", b"")  # nothing in the folder differs
    copies = [exported(ops, tree) if tree else None for tree in trees]
    with Lanes(2) as lanes:
        past, now = lanes.map(lambda copy: answer(ops, wanted, copy) if copy else None, copies)
    return Surface(wanted.name, past, now)


def _blob(ops: Ops, commit: str, path: str) -> bytes | None:
    found = ops.git.object(_at(commit, path))
    return found[2] if found and found[1] == "blob" else None


def _at(commit: str, path: str) -> str:
    return f"{commit}^{{tree}}" if path == "." else f"{commit}:{path}"
