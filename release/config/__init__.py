"""[tool.release] of a pyproject.toml as frozen values, checked as a whole."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path  # noqa: TC003 - msgspec reads the annotation
from typing import TYPE_CHECKING, Any, TypeVar

from release.config.checklist import Checklist, Demand, Page
from release.config.databases import Database, named
from release.config.health import Health
from release.config.places import Worker
from release.config.tables import (
    App,
    Badge,
    Command,
    Entry,
    Environment,
    Identity,
    Rehearsal,
    Settings,
    Smoke,
    Test,
)
from release.config.target import Target  # noqa: TC001 - msgspec reads the annotation
from release.config.types import Value
from release.errors import UsageError
from release.formats.suggestion import unknown

if TYPE_CHECKING:
    from release.config.messages import Fault
    from release.config.messages import Path as KeyPath

__all__ = [
    "App",
    "Badge",
    "Checklist",
    "Command",
    "Config",
    "Database",
    "Demand",
    "Entry",
    "Environment",
    "Health",
    "Identity",
    "Page",
    "Rehearsal",
    "Settings",
    "Smoke",
    "Test",
    "Value",
    "Worker",
    "load",
    "of_target",
]

FILE = "pyproject.toml"
CONFIG_PAGE = "docs/configuration.md describes every key."
PLUGINS_PAGE = "`inv plugins` lists the plugins that were found; docs/plugins.md describes how they are set."
Kind = TypeVar("Kind", bound="Value")
TABLE = ("tool", "release")
EXAMPLE = """\
[tool.release]
app = { name = "cms", manifest = "apps/cms/package.json", tag = "cms-v{version}" }

[[tool.release.workers]]
name = "cms"
path = "apps/cms"

[tool.release.environments.production]
url = "https://cms.example.com"
"""


class Config(Settings, frozen=True, kw_only=True, dict=True):
    """The settings, and the folder that they were read from.

    `target` is the package that is released with them, `targets` are all that the plugins contribute; None and empty
    for the app itself (`of_target` makes the one of the other). `line` is an older line of it (1.3), whose versions
    alone count.
    """

    root: Path
    target: Target | None = None
    targets: tuple[Target, ...] = ()
    line: str | None = None

    def environment(self, name: str) -> Environment:
        """Return the environment of this name. Raises UsageError, with the nearest name there is."""
        if name in self.environments:
            return self.environments[name]
        raise UsageError(unknown("environment", name, self.environments))

    def plugin_settings(self, name: str, kind: type[Kind]) -> Kind:
        """The table [tool.release.plugin.NAME] as a `kind`. Raises UsageError, which lists every problem with its line."""
        import msgspec

        table = self.plugin.get(name, {})
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError:
            from release.config.messages import faults

            raise _refusal(_text(self.root), faults(table, kind, ("plugin", name)), PLUGINS_PAGE) from None

    def refusal(self, path: KeyPath, problem: str) -> UsageError:
        """The error for a value that a plugin finds wrong; `path` are the keys below [tool.release]."""
        from release.config.messages import Fault

        return _refusal(_text(self.root), [Fault(path, problem)], PLUGINS_PAGE)

    @property
    def tried_in(self) -> str | None:
        """The environment where commits run before production does; None where there is none."""
        name = self.checklist.environment or "staging"
        return name if name in self.environments and name != self.production else None

    @property
    def dashboard_page(self) -> Page | None:
        """The dashboard as the checklist looks at it: the page that is set up, else the one with the badge."""
        badge = self.environments[self.tried_in or self.production].badge
        if self.checklist.dashboard_page is not None or badge is None:
            return self.checklist.dashboard_page
        return Page(
            url=badge.path,
            selector=badge.selector,
            cookie_from=badge.cookie_from,
            header_from=badge.header_from,
        )

    def worker(self, name: str) -> Worker:
        """Return the worker of this name. Raises KeyError when there is none."""
        return {worker.name: worker for worker in self.workers}[name]

    def database_of(self, name: str) -> Database:
        """Return the database that people call so. Raises KeyError when there is none."""
        return {one.name: one for one in self.databases}[name]

    def placed(self, worker: str, environment: str) -> Worker:
        """A worker as it is in an environment: `script` and `config` name what wrangler deploys and reads there.

        The wrangler files are read once. Raises UsageError where they do not say it, KeyError without such a worker.
        """
        from release.config.scripts import placed

        if environment not in self._placed:
            self._placed[environment] = placed(self, environment)
        return self._placed[environment][worker]

    @cached_property
    def _placed(self) -> dict[str, dict[str, Worker]]:
        return {}


def load(root: Path) -> Config:
    """Return the configuration in the folder `root`.

    Raises UsageError, which lists every problem with its line: no pyproject.toml, no TOML, no [tool.release],
    unknown and missing keys, wrong types, and what does not fit together.
    """
    root = root.resolve()
    return parsed(_text(root), root)


def parsed(text: str, root: Path) -> Config:
    """Return the configuration that `text`, a pyproject.toml of the folder `root`, holds. Raises UsageError as `load`."""
    import msgspec

    table = _table(text)
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError:
        from release.config.messages import faults

        raise _refusal(text, faults(table, Settings)) from None
    settings = _named(settings)
    from release.config.rules import broken_rules

    broken = broken_rules(settings)
    if broken:
        raise _refusal(text, broken)
    fields = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return Config(**fields, root=root)


def _named(settings: Settings) -> Settings:
    """The same settings, in which an environment that says nothing else has its own name at wrangler too."""
    from msgspec.structs import replace

    environments = {
        name: replace(found, wrangler=name)
        if not (found.wrangler or found.top_level or found.config)
        else found
        for name, found in settings.environments.items()
    }
    return named(replace(settings, environments=environments))


def of_target(
    config: Config, target: Target, targets: tuple[Target, ...] = (), line: str | None = None
) -> Config:
    """The configuration as a target's release sees it: its own app, tests and record, no worker and no database.

    An older `line` has a branch of its own.
    """
    import msgspec

    test = Test(
        commands=target.test,
        environment=config.test.environment,
        deadline=target.deadline,
    )
    return msgspec.structs.replace(
        config,
        app=target.app,
        test=test,
        workers=(),
        database=None,
        databases=(),
        environments={target.name: Environment(wrangler=target.name, url="")},
        production=target.name,
        branch=target.maintenance.format(name=target.name, line=line) if line else config.branch,
        target=target,
        targets=targets,
        line=line,
    )


def _text(root: Path) -> str:
    try:
        return (root / FILE).read_bytes().decode()
    except FileNotFoundError:
        raise UsageError(
            f"There is no {FILE} in {root}.", f"Make one, beginning with:\n\n{EXAMPLE}"
        ) from None
    except OSError as error:
        raise UsageError(f"{FILE} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{FILE}:{line}: not UTF-8: byte 0x{error.object[error.start]:02x}.") from error


def _table(text: str) -> dict[str, Any]:
    try:
        document: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        where = f"{FILE}:{place[1]}:{place[2]}" if place else FILE
        raise UsageError(
            f"{where}: not TOML: {str(error).partition(' (at line')[0]}.", "Correct it."
        ) from error
    except RecursionError as error:
        raise UsageError(f"{FILE} is nested too deep to be read.") from error
    for key in TABLE:
        document = document.get(key) if isinstance(document, dict) else None
    if document is None:
        raise UsageError(f"{FILE} has no table [tool.release].", f"Add one, beginning with:\n\n{EXAMPLE}")
    if not isinstance(document, dict):
        raise UsageError(f"{FILE}: tool.release: expected a table.", f"Write it as:\n\n{EXAMPLE}")
    return document


def _refusal(text: str, found: list[Fault], page: str = CONFIG_PAGE) -> UsageError:
    from release.config.messages import line_of, spelled

    numbered = sorted(((line_of(text, (*TABLE, *one.path)), one) for one in found), key=lambda pair: pair[0])
    lines = [f"{FILE}:{line}: {spelled(one.path)}: {one.problem}" for line, one in numbered]
    return UsageError("\n".join(lines), page)
