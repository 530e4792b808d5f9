"""Whether a plugin fits the hooks: what does not is refused at the start, by plugin, hook and signature."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from release.errors import UsageError
from release.formats.suggestion import did_you_mean, sentence
from release.hookspecs import PROJECT, Hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from release.extensions.discovery import Plugin

PREFIX = "release_"


def hooks() -> dict[str, tuple[str, ...]]:
    """Each hook's name and the names of its arguments."""
    return {
        name: tuple(inspect.signature(function).parameters)[1:]
        for name, function in vars(Hooks).items()
        if name.startswith(PREFIX)
    }


def signature(hook: str) -> str:
    """A hook as it is written down: `release_checks(config, environment)`."""
    return f"{hook}({', '.join(hooks()[hook])})"


def refuse_misfits(plugin: Plugin) -> None:
    """Raise UsageError where a plugin's hook does not exist, takes what is not given, or could never be called."""
    if inspect.isclass(plugin.holder):
        raise UsageError(
            f"The plugin {plugin} is a class.", "Let its entry point name a module, or an instance."
        )
    for name, function, options in _functions(plugin.holder):
        if options is None:
            _refuse_unmarked(plugin, name)
            continue
        hook = options.get("specname") or name
        if hook in hooks():
            _refuse_function(plugin, hook, function, options)
        elif not options.get("optionalhook"):
            hint = did_you_mean(hook, hooks(), shown=signature)
            hint = f"; {hint}" if hint else "."
            raise UsageError(
                f"The plugin {plugin} implements {hook}, a hook that does not exist{hint}",
                f"Hooks are: {', '.join(hooks())}.",
            )


def _functions(
    holder: object,
) -> Iterator[tuple[str, Callable[..., object], Mapping[str, Any] | None]]:
    """Name, function and pluggy's mark of whatever is marked as a hook, or is called like one."""
    for name in sorted(dir(holder)):
        found = getattr(holder, name, None)
        options = getattr(found, f"{PROJECT}_impl", None)
        if callable(found) and (isinstance(options, dict) or name.startswith(PREFIX)):
            yield name, found, options if isinstance(options, dict) else None


def _refuse_unmarked(plugin: Plugin, name: str) -> None:
    if name in hooks():
        raise UsageError(
            f"The plugin {plugin} has {signature(name)} without @hookimpl: it would never be called.",
            "Put @hookimpl (from release import hookimpl) above it.",
        )


def _refuse_function(
    plugin: Plugin, hook: str, function: Callable[..., object], options: Mapping[str, Any]
) -> None:
    if options.get("wrapper") or options.get("hookwrapper"):
        raise UsageError(
            f"The plugin {plugin} wraps {signature(hook)}: plugins add, they do not change what others answer.",
            "Implement the hook without `wrapper`.",
        )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(
            f"The plugin {plugin} implements {signature(hook)} as `async def`, which is never awaited.",
            "Write it as `def`.",
        )
    given = hooks()[hook]
    for parameter in inspect.signature(function).parameters.values():
        is_free = parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        if is_free or parameter.default is not parameter.empty or parameter.name in given:
            continue
        hint = sentence(did_you_mean(parameter.name, given))
        raise UsageError(
            f'The plugin {plugin} wants "{parameter.name}" in {hook}, which is called as {signature(hook)}.{hint}',
            "A hook takes those of its arguments that it needs, by name.",
        )
