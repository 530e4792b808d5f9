"""Which bump, asked of a person who typed none: each number, what the change needs and why, and one key."""

from __future__ import annotations

import shutil
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING

from release.decide.numbers import next_number
from release.errors import BlockedError, ReleaseError
from release.model.evidence import LEVELS
from release.model.world import KnownWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from release.config import Config
    from release.model.outcome import Listener
    from release.model.request import Level, Request
    from release.plan.preview import Preview

KEYS: Mapping[str, Level] = {"1": "patch", "2": "minor", "3": "major"}
LEAST = 40  # columns
LEAVE = frozenset({"q", "\x1b", ""})
_MEANT = {"patch": "no schema change", "minor": "additive", "major": "breaking"}


def chooser(view: Listener, *, yes: bool) -> Callable[[Config, Preview, Request], Level] | None:
    """What asks for the bump at this terminal; None where nobody is asked, and patch is taken."""
    from release.views.asking import asking_key

    ask = None if yes else asking_key(view)
    if ask is None:
        return None

    def choose(config: Config, preview: Preview, request: Request) -> Level:
        least = (preview.verdict.least if preview.verdict else None) or "patch"
        width, shown = (
            shutil.get_terminal_size().columns,
            choice_lines(numbers(config, preview, request), preview, least),
        )
        lines = "".join(
            f"{part}\n" for line in shown for part in wrap(line, max(width, LEAST), subsequent_indent=" " * 7)
        )
        while True:
            key = ask(f"{lines}Release as [1-3, Enter for {least}, q to leave]: ")
            lines = ""
            if key in LEAVE:
                raise BlockedError("No bump was chosen.", "Nothing was changed.")
            if key in "\r\n":
                return least
            if key in KEYS:
                return KEYS[key]

    return choose


def numbers(config: Config, preview: Preview, request: Request) -> dict[Level, str]:
    """The tag that each bump gives; a bump that gives none is left out."""
    world, previous = KnownWorld.of(preview.world), preview.release.previous if preview.release else None
    found: dict[Level, str] = {}
    for level in LEVELS if previous and isinstance(world, KnownWorld) else ():
        try:
            version = next_number(previous or "", replace(request, level=level), world, config, None)
        except ReleaseError:
            continue
        found[level] = config.app.pattern.tag(version)
    return found


def choice_lines(tags: Mapping[Level, str], preview: Preview, least: Level) -> Iterator[str]:
    """A line for each bump; the one that the change needs is marked, with the evidence below all."""
    demanded = preview.verdict.least if preview.verdict else None
    yield (
        f"This change needs at least a {demanded} bump."
        if demanded
        else "Nothing shows which bump this change needs."
    )
    for key, level in KEYS.items():
        needed = "   needed" if level == demanded else ""
        low = "   lower than the change needs" if LEVELS.index(level) < LEVELS.index(least) else ""
        yield f"{key}  {level}  {tags.get(level, ''):<14} {_MEANT[level]}{needed}{low}"
    for one in preview.verdict.evidence if preview.verdict else ():
        why = f": {one.because[0]}" if one.because else ""
        yield f"   {one.source}: {one.least or 'no bump needed'}{why}"
