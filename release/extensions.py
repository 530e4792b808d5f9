"""Plugins: found, checked and called; the typed front of pluggy."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from release.errors import ReleaseError, UsageError
from release.hookspecs import PROJECT, Hooks
from release.target import fault_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from release.config import Config
    from release.model import Release
    from release.record import Approval
    from release.step import Check, Step
    from release.target import Target

GROUP = "cms_release"


@dataclass(frozen=True)
class Extensions:
    """The plugins of one run. pluggy finds them; order and survival are decided here."""

    manager: pluggy.PluginManager
    config: Config

    def checks(self, environment: str) -> tuple[Check, ...]:
        """All checks, the built-in ones first."""
        found: list[Iterable[Check]] = self._ask(
            "release_checks", config=self.config, environment=environment
        )
        return tuple(check for some in reversed(found) for check in some or ())

    def with_steps(self, steps: tuple[Step, ...], environment: str) -> tuple[Step, ...]:
        """The sequence with the plugins' steps beside the core steps that they name. Raises UsageError."""
        order = list(steps)
        added: list[Iterable[tuple[str, str, Step]]] = self._ask(
            "release_steps", config=self.config, environment=environment
        )
        for where, anchor, step in (one for some in reversed(added) for one in some or ()):
            names = [core.name for core in order]
            if step.name in names:
                raise UsageError(
                    f"A plugin adds a step {step.name}, which exists already.", "Give it another name."
                )
            if where not in {"before", "after"} or anchor not in {core.name for core in steps}:
                known = ", ".join(core.name for core in steps)
                raise UsageError(
                    f"A plugin's step {step.name} wants to go {where} {anchor}, which is no step of this sequence.",
                    f'Say "before" or "after" one of: {known}.',
                )
            order.insert(names.index(anchor) + (where == "after"), step)
        return tuple(order)

    def targets(self) -> tuple[Target, ...]:
        """All packages that plugins release on their own. Raises UsageError for one that cannot be released."""
        found: list[Iterable[Target]] = self._ask("release_targets", config=self.config)
        targets = [target for some in reversed(found) for target in some or ()]
        for at, target in enumerate(targets):
            fault = fault_of(target)
            if fault:
                raise UsageError(f"A plugin's target {fault}.", "Repair the plugin (docs/publishing.md).")
            if target.name in {*self.config.environments, *(other.name for other in targets[:at])}:
                raise UsageError(
                    f'The name "{target.name}" is given twice: targets and environments share their records\' place.',
                    "Give the target another name.",
                )
        return tuple(targets)

    def approval(self, release: Release, plan_hash: str) -> Approval | None:
        """The first plugin's answer to the question who approves a plan."""
        answer: Approval | None = self._ask("release_approve", release=release, plan_hash=plan_hash)
        return answer

    def notes(self, release: Release) -> str | None:
        """The first plugin's text for the GitHub Release."""
        answer: str | None = self._ask("release_notes", release=release)
        return answer

    def _ask(self, hook: str, **what: Any) -> Any:  # noqa: ANN401
        """Call a hook that answers. Raises UsageError where a plugin breaks: nothing was written yet."""
        try:
            return getattr(self.manager.hook, hook)(**what)
        except ReleaseError:
            raise
        except Exception as error:
            raise UsageError(
                f"A plugin's {hook} broke: {type(error).__name__}: {error}",
                "Repair the plugin, or take it out of `plugins` (inv plugins shows who implements what).",
            ) from error

    def tell(self, hook: str, **what: Any) -> tuple[str, ...]:  # noqa: ANN401
        """Call an observing hook of every plugin; what they raise comes back as text and stops nobody."""
        raised = []
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            known = {name: value for name, value in what.items() if name in implementation.argnames}
            try:
                implementation.function(**known)
            except Exception as error:  # noqa: BLE001 - an observer must not stop a release
                raised.append(f"plugin {implementation.plugin_name}: {type(error).__name__}: {error}")
        return tuple(raised)

    def origins(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each plugin's name and the hooks that it implements."""
        found = []
        for name, plugin in self.manager.list_name_plugin():
            callers = self.manager.get_hookcallers(plugin) or []
            found.append((name, tuple(sorted(caller.name for caller in callers))))
        return tuple(found)


def load(config: Config, builtins: tuple[object, ...] = ()) -> Extensions:
    """The plugins of a configuration: built-in ones, files of `plugins`, entry points of the group `cms_release`.

    Raises UsageError for a file that is missing or cannot be imported, and for a hook that does not exist.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    for builtin in builtins:
        manager.register(builtin, name=getattr(builtin, "__name__", "built-in"))
    for name in config.plugins:
        _register(manager, _imported(config.root / name, name), name)
    _load_installed(manager)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise UsageError(
            f"A plugin has a hook that does not exist: {error}.", f"Hooks are: {_known()}."
        ) from None
    return Extensions(manager, config)


def _load_installed(manager: pluggy.PluginManager) -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP):
        try:
            plugin = point.load()
        except Exception as error:
            raise UsageError(
                f"The plugin {point.name} cannot be imported: {type(error).__name__}: {error}.",
                "Repair or uninstall it.",
            ) from error
        _register(manager, plugin, point.name)


def _register(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    try:
        manager.register(plugin, name=name)
    except pluggy.PluginValidationError as error:
        said = " ".join(str(error).split())
        raise UsageError(
            f"The plugin {name} does not fit: {said}.",
            "Look at the hook's arguments in release/hookspecs.py.",
        ) from None


def _imported(path: Path, name: str) -> object:
    if not path.is_file():
        raise UsageError(f"The plugin {name} is not there.", "Check `plugins` in [tool.release].")
    module_name = f"release_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"The plugin {name} is no Python file.", "Check `plugins` in [tool.release].")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    written, sys.dont_write_bytecode = (
        sys.dont_write_bytecode,
        True,
    )  # a __pycache__ would make the work tree dirty
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(
            f"The plugin {name} cannot be imported: {type(error).__name__}: {error}.",
            "Repair it, or take it out of `plugins`.",
        ) from error
    finally:
        sys.dont_write_bytecode = written
    return module


def _known() -> str:
    return ", ".join(name for name in vars(Hooks) if name.startswith("release_"))
