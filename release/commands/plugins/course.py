"""`inv plugins`: who adds what, from where, and the order of steps that results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from release.commands.ending import Shown
from release.config import of_target
from release.plan.targets import configured
from release.sequences import Kind, Setting, sequence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.config import Config
    from release.extensions import Extensions
    from release.model.step import Step


@dataclass(frozen=True)
class Part:
    """One plugin and what it brings: hooks, names of checks, of targets, and of steps with the place that each asks for."""

    name: str
    origin: str
    version: str | None
    hooks: tuple[str, ...]
    checks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Place:
    """A step of a sequence; `plugin` is who adds it, None in the core."""

    step: str
    plugin: str | None


@dataclass(frozen=True)
class Overview:
    """The plugins that are on, those that are off (name, origin), and the order of steps of each environment and target."""

    parts: tuple[Part, ...]
    off: tuple[tuple[str, str], ...]
    sequences: dict[str, tuple[Place, ...]]


def shown(root: Path) -> Shown:
    """All of it, for people and for scripts."""
    found = read(root)
    return Shown(lines(found), as_json(found))


def read(root: Path) -> Overview:
    """Load the plugins and ask them what they add; nothing outside is read. Raises UsageError."""
    config, plugins = configured(root)
    views = tuple(_views(config, plugins))
    off = tuple((one.name, one.origin) for one in plugins.off)
    return Overview(tuple(_parts(plugins, views)), off, dict(map(_sequence, views)))


@dataclass(frozen=True)
class _View:
    """An environment, or a target: its name, the plugins as they see it, and the core's steps."""

    name: str
    plugins: Extensions
    core: tuple[Step, ...]


def _views(config: Config, plugins: Extensions) -> Iterator[_View]:
    for name in config.environments:
        kind = Kind.RELEASE if name == config.production else Kind.STAGING
        yield _View(name, plugins, sequence(Setting(kind, config, name)))
    targets = plugins.targets()
    for target in targets:
        own = of_target(config, target, targets)
        yield _View(
            target.name, replace(plugins, config=own), sequence(Setting(Kind.PACKAGE, own, target.name))
        )


def _parts(plugins: Extensions, views: tuple[_View, ...]) -> Iterator[Part]:
    checks = [one for view in views for one in view.plugins.listed("release_checks", environment=view.name)]
    targets = list(plugins.listed("release_targets"))
    additions = [one for view in views for one in view.plugins.additions(view.name)]
    for plugin in plugins.plugins:
        steps = [(one.step.name, f"{one.side} {one.anchor}") for one in additions if one.plugin == plugin]
        yield Part(
            plugin.name,
            plugin.origin,
            plugin.version,
            plugins.hooks_of(plugin),
            tuple(dict.fromkeys(check.name for owner, check in checks if owner == plugin)),
            tuple(target.name for owner, target in targets if owner == plugin),
            tuple(dict.fromkeys(steps)),
        )


def _sequence(view: _View) -> tuple[str, tuple[Place, ...]]:
    owner = {one.step.name: one.plugin.name for one in view.plugins.additions(view.name)}
    whole = view.plugins.with_steps(view.core, view.name)
    return view.name, tuple(Place(step.name, owner.get(step.name)) for step in whole)


def lines(found: Overview) -> Iterator[str]:
    """For people: each plugin with what it brings, then each environment's steps with the plugins' own marked."""
    wide = max(len(f"{one.name} {one.version or ''}") for one in found.parts) + 2
    for one in found.parts:
        yield f"{f'{one.name} {one.version or str()}'.strip():<{wide}}{one.origin}"
        yield f"  hooks    {', '.join(one.hooks) or 'none'}"
        if one.checks:
            yield f"  checks   {', '.join(one.checks)}"
        if one.targets:
            yield f"  targets  {', '.join(one.targets)}"
        yield from (f"  step     {name}, {place}" for name, place in one.steps)
    yield from (f"{name:<{wide}}{origin}: turned off" for name, origin in found.off)
    for name, places in found.sequences.items():
        yield ""
        yield f"{name}:"
        for number, place in enumerate(places, 1):
            yield f"  {number:>2} {place.step}{f'   ({place.plugin})' if place.plugin else ''}"


def as_json(found: Overview) -> dict[str, Any]:
    """The contract of `inv plugins --json`."""
    return {
        "plugins": [
            {
                "name": one.name,
                "origin": one.origin,
                "version": one.version,
                "hooks": list(one.hooks),
                "checks": list(one.checks),
                "targets": list(one.targets),
                "steps": [{"name": name, "place": place} for name, place in one.steps],
            }
            for one in found.parts
        ],
        "off": [{"name": name, "origin": origin} for name, origin in found.off],
        "sequences": {
            name: [{"step": place.step, "plugin": place.plugin} for place in places]
            for name, places in found.sequences.items()
        },
    }
