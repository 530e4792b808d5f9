"""The tiny monorepo with plugins in it: as files, as a folder with its configuration, and as a running double."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from release.config import load
from release.testing.monorepo import CONFIG
from release.testing.monorepo import files as released
from release.testing.scene import double

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.config import Config
    from release.testing.double import Double
    from release.testing.monorepo import Files

    Plugins = Mapping[str, str] | Sequence[Path | str]

HEAD = "[tool.release]\n"


def with_plugins(
    plugins: Plugins = (),
    settings: str = "",
    options: str = "",
    files: Mapping[str, bytes | str] | None = None,
) -> Files:
    """The files that make plugins part of the monorepo: each plugin, and the pyproject.toml that names it.

    `plugins` are files (they go to `plugins/`), names of modules, or a mapping of paths to source text. `settings` are
    further tables of pyproject.toml, `options` further keys of [tool.release], both as TOML; `files` lie beside them.
    """
    found: dict[str, str | None] = {**plugins} if isinstance(plugins, Mapping) else dict(map(_entry, plugins))
    named = ", ".join(f'"{path}"' for path in found)
    config = CONFIG.replace(HEAD, f"{HEAD}plugins = [{named}]\n{options}\n", 1)
    sources: Files = {path: source for path, source in found.items() if source is not None}
    return {**(files or {}), **sources, "pyproject.toml": f"{config}\n{settings}\n"}


def _entry(plugin: Path | str) -> tuple[str, str | None]:
    """Where a plugin goes, and its source; a module is only named."""
    if isinstance(plugin, str) and not plugin.endswith(".py"):
        return plugin, None
    return f"plugins/{Path(plugin).name}", Path(plugin).read_text("utf-8")


def monorepo(
    folder: Path,
    plugins: Plugins = (),
    settings: str = "",
    options: str = "",
    files: Mapping[str, bytes | str] | None = None,
) -> Config:
    """Write the monorepo into `folder`, without git or anything that runs; its configuration. Arguments as above."""
    for path, content in {**released(), **with_plugins(plugins, settings, options, files)}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(folder)


@contextmanager
def plugged(
    folder: Path,
    plugins: Plugins = (),
    settings: str = "",
    options: str = "",
    files: Mapping[str, bytes | str] | None = None,
) -> Iterator[Double]:
    """A running double (see `double`) whose monorepo has these plugins. Arguments as above."""
    with double(folder, overlay=with_plugins(plugins, settings, options, files)) as world:
        yield world
