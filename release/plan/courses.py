"""The steps that a decision asks for: its sequence, with the steps of plugins among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release import sequences
from release.database.contract import may_wait
from release.model.repository import Remote
from release.sequences import Kind
from release.systems.github.deployments import is_kept_by_actions

if TYPE_CHECKING:
    from release.decide.decide import Go
    from release.extensions import Extensions
    from release.model.options import Options
    from release.model.step import Step
    from release.model.world import World
    from release.systems.ops import Ops


def steps_of(ops: Ops, extensions: Extensions, options: Options, world: World, go: Go) -> tuple[Step, ...]:
    """The steps that are to be carried out or looked at; a repair is one step."""
    setting = sequences.Setting(
        _kind(ops, options, world, go),
        ops.config,
        ops.name,
        number_was_live=go.number_was_live or options.deploying,
        through=options.through,
        notes=None if options.deploying else extensions.notes(go.release),
        has_deployment=not is_kept_by_actions(ops.environ, go.release),
        settle=ops.settle,
        contracts=may_wait(world, ops.config.databases),
    )
    core = sequences.sequence(setting)
    if go.kind == "repair":
        return tuple(step for step in core if step.name == options.only)
    return extensions.with_steps(core, ops.name, _whole(setting) if go.kind == "finish" else ())


def _whole(setting: sequences.Setting) -> sequences.Sequence:
    """The sequence of which this one is the rest: plugins' steps may stand beside steps that are left out."""
    kind = Kind.PACKAGE if setting.kind in sequences.OF_PACKAGE else Kind.RELEASE
    return sequences.sequence(replace(setting, kind=kind))


def _kind(ops: Ops, options: Options, world: World, go: Go) -> Kind:
    """The sequence that a decision asks for."""
    if options.deploying:
        return Kind.STAGING
    is_package = ops.config.target is not None
    if go.kind != "finish":
        return Kind.PACKAGE if is_package else Kind.RELEASE
    if isinstance(world.remote, Remote) and go.release.tag in world.remote.tags:
        return Kind.PACKAGE_RECORDED if is_package else Kind.RECORDED
    return Kind.PACKAGE_UNRECORDED if is_package else Kind.UNRECORDED
