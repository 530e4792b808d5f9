"""Where plugins come from: files and modules that `plugins` names, and installed packages with an entry point."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from release.errors import ReleaseError, UsageError
from release.formats.suggestion import did_you_mean
from release.frozen import Frozen
from release.systems.machine.deadline import LateError, within

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint
    from pathlib import Path
    from types import ModuleType

    from release.config import Config

GROUP = "cms_release"
NAMED = "`plugins` in [tool.release]"
BUILT_IN = "built in"


class Plugin(Frozen, frozen=True):
    """One plugin: `holder` is the module or object that has its hooks.

    `origin` is its file, "built in", or the distribution that brought it; `version` is None where it tells none.
    """

    name: str
    origin: str
    holder: object
    version: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether it belongs to this tool: it is trusted to answer."""
        return self.origin == BUILT_IN

    def __str__(self) -> str:
        return self.name if self.name == self.origin else f"{self.name} ({self.origin})"


class Source(Frozen, frozen=True):
    """A plugin that was not imported yet: `bring` imports it, `remedy` is what to do where that fails."""

    name: str
    origin: str
    bring: Callable[[], object]
    remedy: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.origin})"


def discover(
    config: Config, builtins: tuple[object, ...] = ()
) -> tuple[tuple[Plugin, ...], tuple[Source, ...]]:
    """All plugins, the built-in ones first, then those of `plugins` in their order, then the installed ones by name.

    The second part are those that `plugins_off` turns off; they are not even imported. Raises UsageError for a plugin
    that is missing, cannot be imported, takes longer than `plugin_deadline` for it, or has another's name; and for
    settings of a plugin that does not exist.
    """
    sources = (*(_named(config, entry) for entry in config.plugins), *_installed())
    _no_two_alike(sources)
    _no_misspelt_words(config, sources)
    own = [Plugin(getattr(one, "__name__", type(one).__name__), BUILT_IN, one) for one in builtins]
    brought = [_brought(one, config.plugin_deadline) for one in sources if one.name not in config.plugins_off]
    return (*own, *brought), tuple(one for one in sources if one.name in config.plugins_off)


def _named(config: Config, entry: str) -> Source:
    """A file, or a module where the entry has neither a slash nor the end .py."""
    remedy = f"Repair it, or take it out of {NAMED}."
    if "/" not in entry and not entry.endswith(".py"):
        return Source(entry.rpartition(".")[2], entry, lambda: importlib.import_module(entry), remedy)
    path = config.root / entry
    return Source(PurePosixPath(entry).stem, entry, lambda: _imported(path, entry), remedy)


def _installed() -> list[Source]:
    from importlib.metadata import entry_points

    return [_of_package(point) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)]


def _of_package(point: EntryPoint) -> Source:
    package = point.dist.name if point.dist else "an installed package"
    version = point.dist.version if point.dist else None
    remedy = f'Repair or uninstall it, or turn it off: plugins_off = ["{point.name}"] in [tool.release].'
    return Source(point.name, f"package {package}", point.load, remedy, version)


def _no_two_alike(sources: tuple[Source, ...]) -> None:
    seen: dict[str, Source] = {}
    for one in sources:
        if one.name in seen:
            raise UsageError(
                f"Two plugins are called {one.name}: {seen[one.name].origin} and {one.origin}.",
                f"Rename one, or take it out of {NAMED}.",
            )
        seen[one.name] = one


def _no_misspelt_words(config: Config, sources: tuple[Source, ...]) -> None:
    """A plugin that is not installed here may be turned off all the same; one that is nearly here is a misspelling."""
    names = [one.name for one in sources]
    for index, name in enumerate(config.plugins_off):
        hint = "" if name in names else did_you_mean(name, names)
        if hint:
            raise config.refusal(("plugins_off", index), f'there is no plugin "{name}"; {hint}')
    for name in config.plugin:
        if name not in (*names, *config.plugins_off):
            hint = did_you_mean(name, names, otherwise=f"known: {', '.join(names) or 'none'}")
            raise config.refusal(("plugin", name), f'there is no plugin "{name}"; {hint}')


def _brought(source: Source, deadline: float) -> Plugin:
    try:
        holder = within(deadline, source.bring)
    except LateError:
        raise UsageError(
            f"The plugin {source} was still being imported after {deadline:g} s.", source.remedy
        ) from None
    except ReleaseError:
        raise
    except Exception as error:
        where = _place(error, source.origin)
        raise UsageError(
            f"The plugin {source} cannot be imported: {type(error).__name__}: {error}{where}.", source.remedy
        ) from error
    version = source.version or getattr(holder, "__version__", None)
    return Plugin(source.name, source.origin, holder, version if isinstance(version, str) else None)


def _place(error: Exception, origin: str) -> str:
    """The line of the plugin's file at which the import failed; a SyntaxError tells its own."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename.endswith(f"/{origin}")]
    return f" ({origin}, line {lines[-1]})" if lines else ""


def _imported(path: Path, name: str) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"The plugin {name} is not there.", f"Check {NAMED}.")
    module_name = f"release_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"The plugin {name} is no Python file: its name must end in .py.", f"Check {NAMED}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    # a __pycache__ would make the work tree dirty
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    finally:
        sys.dont_write_bytecode = written
    return module
