"""The configuration and the plugins of one invocation: for the app itself, or for a target that a plugin contributes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release import checks, extensions, sequences
from release.config import load, of_target
from release.errors import UsageError
from release.formats.suggestion import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.config import Config
    from release.config.target import Target
    from release.extensions import Extensions


def configured(
    root: Path,
    target: str | None = None,
    line: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Config, Extensions]:
    """What a release in `root` works with; `target` is a package's name, `line` an older line of it (1.3).

    Plugins get `environ`. Raises UsageError for wrong configuration or plugins, and for a target that no plugin contributes.
    """
    config = load(root)
    plugins = extensions.load(config, (checks,), environ, known=sequences.step_names(config))
    if target is None:
        return config, plugins
    targets = plugins.targets()
    config = of_target(config, named(targets, target), targets, line)
    return config, replace(plugins, config=config)


def names(config: Config) -> tuple[str, ...]:
    """The packages that plugins publish."""
    return tuple(target.name for target in extensions.load(config, (checks,)).targets())


def placed(root: Path, place: str) -> Config:
    """The configuration of an environment, or of the target of that name. Raises UsageError where there is neither."""
    config = load(root)
    if place in config.environments:
        return config
    targets = extensions.load(config, (checks,)).targets()
    found = [target for target in targets if target.name == place]
    if not found:
        config.environment(place)  # raises, with the nearest name
    return of_target(config, found[0], targets)


def named(targets: tuple[Target, ...], name: str) -> Target:
    """The target of this name. Raises UsageError, with the nearest name there is."""
    for target in targets:
        if target.name == name:
            return target
    if not targets:
        raise UsageError(
            "No plugin contributes a package to publish.",
            "A plugin does so by the hook release_targets (docs/publishing.md); name it in `plugins` of [tool.release].",
        )
    raise UsageError(unknown("package", name, [target.name for target in targets]))
