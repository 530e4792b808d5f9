"""`inv checklist`: the pre-deploy checklist alone, every item with what it found. It writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from release.checks import checklist
from release.commands.ending import Shown
from release.commands.envelope import problem
from release.config import load
from release.errors import BLOCKED, RELEASED
from release.model.record import Record
from release.model.repository import Base
from release.model.unread import Unread
from release.observe.world import observe
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.checks.checklist import Finding, Item
    from release.config import Demand
    from release.model.world import World
    from release.systems.ops import Connect

Standing = Literal["ok", "blocks", "warns", "off", "unset", "ask", "ticked"]
MARKS: dict[Standing, str] = {
    "ok": "ok",
    "blocks": "FAIL",
    "warns": "?",
    "off": "off",
    "unset": "-",
    "ask": "ask",
    "ticked": "ok",
}
NAME = 20  # columns of an item's name


@dataclass(frozen=True)
class Entry:
    """One item as it stands: its demand, what was found, and what to do."""

    item: str
    standing: Standing
    demand: Demand | Literal["ask"]
    what: str
    advice: str = ""


@dataclass(frozen=True)
class Checked:
    """The whole list for one commit."""

    commit: str | None
    entries: tuple[Entry, ...]

    @property
    def exit_code(self) -> int:
        """4 where an item blocks."""
        return BLOCKED if any(one.standing == "blocks" for one in self.entries) else RELEASED


def shown(root: Path, environ: Mapping[str, str]) -> Shown:
    """All of it, for people and for scripts. Raises UsageError for a wrong configuration."""
    found = check(root, environ)
    return Shown(lines(found), as_json(found), found.exit_code, [*_problems(found)])


def check(root: Path, environ: Mapping[str, str], *, connect: Connect = connect) -> Checked:
    """Observe, and look at every item. Raises UsageError for a wrong configuration."""
    config = load(root)
    ops = connect(config, config.production, environ)
    try:
        world = observe(ops)
    finally:
        ops.close()
    entries = [_entry(item, item.look(world)) for item in checklist(config)]
    entries += [_asked(world, text) for text in config.checklist.ask]
    return Checked(world.base.commit if isinstance(world.base, Base) else None, (*_unread(world), *entries))


def lines(checked: Checked) -> Iterator[str]:
    """For people: one line an item, with what to do below those that are not well."""
    yield f"Pre-deploy checklist for {checked.commit[:7] if checked.commit else 'this checkout'}:"
    yield ""
    for one in checked.entries:
        yield f"  {MARKS[one.standing]:<5}{one.item:<{NAME}}{one.what}".rstrip()
        if one.standing in {"blocks", "warns"} and one.advice:
            yield f"  {'':<{5 + NAME}}{one.advice}"
    yield ""
    yield _verdict(checked)


def as_json(checked: Checked) -> dict[str, Any]:
    """For scripts."""
    return {
        "commit": checked.commit,
        "blocked": checked.exit_code == BLOCKED,
        "items": [
            {
                "item": one.item,
                "standing": one.standing,
                "demand": one.demand,
                "what": one.what,
                "advice": one.advice,
            }
            for one in checked.entries
        ],
    }


def _problems(checked: Checked) -> Iterator[dict[str, Any]]:
    levels = {"blocks": "block", "warns": "warn", "ask": "ask"}
    for one in checked.entries:
        if one.standing in levels:
            yield problem(one.item, levels[one.standing], one.what, one.advice)


def _entry(item: Item, finding: Finding) -> Entry:
    if item.demand == "off":
        return Entry(item.name, "off", "off", "")
    if finding.kind in {"ok", "none"}:
        return Entry(item.name, "ok" if finding.kind == "ok" else "unset", item.demand, finding.what)
    standing: Standing = "blocks" if item.demand == "block" else "warns"
    return Entry(item.name, standing, item.demand, finding.what, finding.advice)


def _asked(world: World, text: str) -> Entry:
    """Something for a person: ticked already where a release of this commit is under way."""
    record = world.record if isinstance(world.record, Record) else None
    is_same = (
        record is not None
        and record.unfinished is not None
        and isinstance(world.base, Base)
        and record.unfinished.base == world.base.commit
    )
    ticks = [one for one in record.remarks if one.kind == "tick" and one.what == text] if record else []
    if is_same and ticks:
        return Entry("person", "ticked", "ask", f"{text} ({ticks[-1].who})")
    return Entry("person", "ask", "ask", text, "Asked before the approval of a release.")


def _unread(world: World) -> Iterator[Entry]:
    """Without the commit there is nothing that the items could speak of."""
    for part in (world.checkout, world.base):
        if isinstance(part, Unread) and not part.follows:
            yield Entry("commit", "blocks", "block", part.because, part.advice)


def _verdict(checked: Checked) -> str:
    blocking = [one.item for one in checked.entries if one.standing == "blocks"]
    warning = [one.item for one in checked.entries if one.standing == "warns"]
    asked = sum(one.standing == "ask" for one in checked.entries)
    to_ask = (
        f" {asked} {'question' if asked == 1 else 'questions'} to confirm before approval." if asked else ""
    )
    if blocking:
        return f"A release is blocked by: {', '.join(blocking)}.{to_ask}"
    if warning:
        return f"Ready to release, with warnings: {', '.join(warning)}.{to_ask}"
    return f"Ready to release.{to_ask}"
