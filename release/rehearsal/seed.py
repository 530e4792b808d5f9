"""Puts a commit live in one environment of a stage, by the same steps and effects as any release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.config import load
from release.formats.version import TagPattern
from release.model.bump import current_version
from release.model.release import Release
from release.model.repository import Base
from release.model.step import Stuck
from release.observe.world import observe
from release.rehearsal.checkout import StageError
from release.run.attempt import unlocked
from release.run.effects.perform import perform
from release.sequences import Kind, Setting, sequence
from release.systems.npm.wrangler_ages import require_wranglers
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.model.step import Step
    from release.model.world import World
    from release.systems.ops import Ops


def put_live(root: Path, environment: str, last_tag: str, environ: Mapping[str, str]) -> None:
    """Migrate and deploy the commit that is checked out in `root`; production gets its GitHub Release too.

    Raises StageError when it does not get live, UsageError for a wrangler too old.
    """
    config = load(root)
    require_wranglers(config)
    ops = connect(config, environment, environ, perform=perform)
    try:
        world = observe(ops)
        if not isinstance(world.base, Base):
            raise StageError(f"The stage's clone cannot be read: {world.base.because}")
        version = current_version(world.base, config.app)
        tag = last_tag if environment == config.production else TagPattern(config.app.tag).tag(version)
        release = Release(
            config.app.name, environment, world.base.commit, None, None, version, tag, world.base.commit
        )
        for step in sequence(Setting(Kind.STAGING, config, environment, number_was_live=True)):
            world = _carried_out(ops, step, world, release)
        if environment == config.production:
            _shown(ops, release)
    finally:
        ops.close()


def _shown(ops: Ops, release: Release) -> None:
    """GitHub shows the last release as any release of this tool: `inv verify` agrees with a fresh stage."""
    if not ops.github.has_release(release.tag):
        ops.github.create_release(
            release.tag, release.commit, release.tag, None, "The last release of this stage."
        )
    ops.github.note_deployment(release, ops.url, None)


def _carried_out(ops: Ops, step: Step, world: World, release: Release) -> World:
    said: list[str] = []
    made = unlocked(ops, step, world, release, said.append)
    failed = f"{step.name} of the last release failed on the stage"
    if made.trouble is not None:
        raise StageError(f"{failed}: {made.trouble.what}", "\n".join(said[-8:])) from made.trouble
    if isinstance(made.look, Stuck):
        raise StageError(f"{failed}: {made.look.what}", made.look.advice)
    return made.world
