"""Plugins: found, held against the hooks, and called; the typed front of pluggy."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pluggy

from release.config.target import fault_of
from release.errors import BlockedError, ReleaseError, UsageError
from release.extensions.discovery import discover
from release.extensions.isolation import REPAIR, added, checked
from release.extensions.placement import placed
from release.extensions.signatures import refuse_misfits, signature
from release.hookspecs import PROJECT, Hooks
from release.model.evidence import Evidence
from release.model.record import Approval
from release.systems.machine.deadline import LateError, begin, result_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from release.config import Config
    from release.config.target import Target
    from release.extensions.discovery import Plugin, Source
    from release.extensions.placement import Addition
    from release.model.evidence import Baseline
    from release.model.release import Release
    from release.model.step import Check, Step
    from release.model.world import World

PERSON = 3600.0  # seconds that a plugin may take to approve: it may ask a person


@dataclass(frozen=True)
class Extensions:
    """The plugins of one run. pluggy holds the hooks; order, time and survival are decided here.

    `known` are the names of the core's steps in all sequences, `off` the plugins that `plugins_off` names. `busy` is
    the call of each observer that was told last.
    """

    manager: pluggy.PluginManager
    config: Config
    plugins: tuple[Plugin, ...] = ()
    off: tuple[Source, ...] = ()
    known: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    busy: dict[str, Future[object]] = field(default_factory=dict, repr=False, compare=False)

    def checks(self, environment: str) -> tuple[Check, ...]:
        """All checks, the built-in ones first. Raises UsageError where a plugin breaks."""
        return tuple(
            one if plugin.is_built_in else checked(plugin, one, self.config.plugin_deadline)
            for plugin, one in self.listed("release_checks", environment=environment)
        )

    def evidence(self, world: World, past: Baseline) -> tuple[Evidence, ...]:
        """What plugins know of the least bump. Raises UsageError where one breaks, or answers anything else."""
        found = []
        for plugin, one in self.listed("release_evidence", world=world, past=past):
            if not isinstance(one, Evidence):
                hook = signature("release_evidence")
                raise UsageError(
                    f"The plugin {plugin} answers {hook} with {one!r}, which is no Evidence.", REPAIR
                )
            found.append(one)
        return tuple(found)

    def additions(self, environment: str) -> tuple[Addition, ...]:
        """The steps that plugins add, and where. Raises UsageError where a plugin breaks."""
        found = self.listed("release_steps", environment=environment)
        return tuple(added(plugin, one, self.config.plugin_deadline) for plugin, one in found)

    def with_steps(
        self, steps: tuple[Step, ...], environment: str, whole: tuple[Step, ...] = ()
    ) -> tuple[Step, ...]:
        """The sequence with the plugins' steps in it, as `release.extensions.placement.placed` says. Raises UsageError."""
        return placed(steps, self.additions(environment), self.known, whole)

    def targets(self) -> tuple[Target, ...]:
        """All packages that plugins release on their own. Raises UsageError for one that cannot be released."""
        owner: dict[str, str] = dict.fromkeys(self.config.environments, "an environment")
        targets = []
        for plugin, target in self.listed("release_targets"):
            fault = fault_of(target)
            if fault:
                raise UsageError(f"The plugin {plugin}'s target {fault}.", REPAIR)
            if target.name in owner:
                raise UsageError(
                    f'The plugin {plugin} calls a target "{target.name}", as {owner[target.name]} is called: '
                    "they would share a record's place.",
                    "Give the target another name.",
                )
            owner[target.name] = f"a target of {plugin}"
            targets.append(target)
        return tuple(targets)

    def approval(self, release: Release, plan_hash: str) -> Approval | None:
        """The first plugin's answer to the question who approves a plan. Raises BlockedError for another plan's."""
        found = self._first("release_approve", Approval, PERSON, release=release, plan_hash=plan_hash)
        if found is None:
            return None
        plugin, approval = found[0], cast("Approval", found[1])
        if approval.plan != plan_hash:
            raise BlockedError(
                f"The plugin {plugin} approves plan {approval.plan[:7]}, and this is {plan_hash[:7]}.",
                "Nothing was changed. Run the same command again.",
            )
        return approval

    def notes(self, release: Release) -> str | None:
        """The first plugin's text for the GitHub Release."""
        found = self._first("release_notes", str, self.config.plugin_deadline, release=release)
        return found[1] if found else None

    def listed(self, hook: str, **what: Any) -> Iterator[tuple[Plugin, Any]]:  # noqa: ANN401
        """Each plugin with each thing that it answers to a hook, in order. Raises UsageError where one breaks."""
        for plugin, call in self._calls(hook, what):
            for one in _asked(plugin, hook, self.config.plugin_deadline, lambda: tuple(call() or ())):  # type: ignore[arg-type]  # noqa: B023
                yield plugin, one

    def _first(self, hook: str, kind: type[Any], deadline: float, **what: Any) -> tuple[Plugin, Any] | None:  # noqa: ANN401
        for plugin, call in self._calls(hook, what):
            answer = _asked(plugin, hook, deadline, call)
            if answer is None:
                continue
            if not isinstance(answer, kind):
                raise UsageError(
                    f"The plugin {plugin} answers {signature(hook)} with {answer!r}, which is no {kind.__name__}.",
                    REPAIR,
                )
            return plugin, answer
        return None

    def tell(self, hook: str, **what: Any) -> tuple[str, ...]:  # noqa: ANN401
        """Call an observing hook of every plugin; what they raise comes back as text and stops nothing.

        One that does not return in time is left alone until it does.
        """
        said = []
        for plugin, call in self._calls(hook, what):
            before = self.busy.get(plugin.name)
            if before is not None and not before.done():
                continue
            self.busy[plugin.name] = future = begin(call)
            try:
                result_of(future, self.config.plugin_deadline)
            except LateError:
                late = f"had not returned after {self.config.plugin_deadline:g} s"
                said.append(f"plugin {plugin.name}: {signature(hook)} {late}; it is left alone until it does")
            except Exception as error:  # noqa: BLE001 - an observer must not stop a release
                said.append(f"plugin {plugin.name}: {signature(hook)} raised {type(error).__name__}: {error}")
        return tuple(said)

    def hooks_of(self, plugin: Plugin) -> tuple[str, ...]:
        """The hooks that a plugin implements."""
        return tuple(sorted(caller.name for caller in self.manager.get_hookcallers(plugin.holder) or ()))

    def _calls(self, hook: str, what: dict[str, Any]) -> Iterator[tuple[Plugin, Callable[[], object]]]:
        """Each implementation in the order of the plugins (`tryfirst` before, `trylast` behind), with its arguments."""
        given = {"config": self.config, "environ": self.environ, **what}
        named = {plugin.name: plugin for plugin in self.plugins}
        found = getattr(self.manager.hook, hook).get_hookimpls()
        for one in sorted(found, key=lambda one: (not one.tryfirst, one.trylast)):
            wanted = {name: given[name] for name in (*one.argnames, *one.kwargnames) if name in given}
            yield named[one.plugin_name], _bound(one.function, wanted)


def load(
    config: Config,
    builtins: tuple[object, ...] = (),
    environ: Mapping[str, str] | None = None,
    known: tuple[str, ...] = (),
) -> Extensions:
    """The plugins of a configuration: built-in ones, those that `plugins` names, entry points of `cms_release`.

    `environ` is the process's own unless given; `known` are the core's steps. Raises UsageError for a plugin that is
    missing, cannot be imported, or does not fit the hooks.
    """
    plugins, off = discover(config, builtins)
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    for plugin in plugins:
        refuse_misfits(plugin)
        _register(manager, plugin)
    variables = dict(os.environ if environ is None else environ)
    return Extensions(manager, config, plugins, off, known, variables)


def _register(manager: pluggy.PluginManager, plugin: Plugin) -> None:
    try:
        manager.register(plugin.holder, name=plugin.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"The plugin {plugin} does not fit: {said}.", REPAIR) from None


def _bound(function: Callable[..., object], given: dict[str, Any]) -> Callable[[], object]:
    return lambda: function(**given)


def _asked(plugin: Plugin, hook: str, deadline: float, call: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What a plugin answers. Raises UsageError where it breaks or is late: nothing was written yet."""
    try:
        return call() if plugin.is_built_in else within(deadline, call)
    except LateError:
        raise UsageError(
            f"The plugin {plugin} had not answered {signature(hook)} after {deadline:g} s.", REPAIR
        ) from None
    except ReleaseError:
        raise
    except Exception as error:
        raise UsageError(
            f"The plugin {plugin} broke in {signature(hook)}: {type(error).__name__}: {error}",
            f"{REPAIR} `inv plugins` shows who implements what.",
        ) from error
