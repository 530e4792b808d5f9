"""The workers of a monorepo, as their wrangler configurations describe them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.errors import UsageError
from release.formats.wrangler_config import NAMES
from release.systems.cloudflare.configuration import wrangler_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from release.commands.init.repository import Repository


@dataclass(frozen=True)
class Place:
    """One wrangler environment of a worker: its script, where it answers (None: not said), databases, and scripts it binds.

    `databases` is database name -> folder of its migrations, relative to the repository.
    """

    script: str
    url: str | None
    databases: Mapping[str, str]
    calls: frozenset[str]


@dataclass(frozen=True)
class Found:
    """A worker: its folder, its name in steps, its places by wrangler's environment, the file that it begins with."""

    path: str
    name: str
    places: Mapping[str, Place]
    main: str | None
    builds: bool


def workers(repository: Repository) -> tuple[Found, ...]:
    """Every worker, in the order of their deploys: one that others bind comes before them.

    Raises UsageError where there is none, or a configuration that cannot be read.
    """
    folders = sorted(
        {posixpath.dirname(path) for path in repository.files if posixpath.basename(path) in NAMES}
    )
    if not folders:
        raise UsageError(
            f"There is no wrangler configuration in this repository: none of {', '.join(NAMES)}.",
            "This tool releases Cloudflare Workers; run it in the repository that deploys them.",
        )
    found = [_worker(repository, folder) for folder in folders]
    return _ordered(_named(found))


def joined(some: Sequence[Found]) -> bool:
    """Whether bindings lead from each of these workers to every other one, whatever their direction."""
    group, rest = list(some[:1]), list(some[1:])
    while near := [one for one in rest if _calls(one, group) or any(_calls(other, [one]) for other in group)]:
        group += near
        rest = [one for one in rest if one not in near]
    return not rest


def script_pattern(scripts: Mapping[str, str]) -> str | None:
    """The one pattern with {environment} that names every script (environment -> script); None where there is none."""
    patterns = {"{environment}".join(script.rsplit(name, 1)) for name, script in scripts.items()}
    return patterns.pop() if len(patterns) == 1 else None


def _worker(repository: Repository, folder: str) -> Found:
    settings = wrangler_settings(repository.root / folder)
    name, main = settings.get("name"), settings.get("main")
    if not isinstance(name, str) or not name:
        raise UsageError(
            f"The wrangler configuration in {folder or '.'} has no name.", "wrangler needs one to deploy."
        )
    environments = settings.get("env")
    places = {
        str(env): _place(folder, f"{name}-{env}", bound)
        for env, bound in (environments.items() if isinstance(environments, dict) else ())
        if isinstance(bound, dict)
    }
    start = posixpath.normpath(posixpath.join(folder, main)) if isinstance(main, str) else None
    own = settings.get("build")
    label = posixpath.basename(folder) or name
    builds = isinstance(own, dict) and bool(own.get("command"))
    return Found(folder or ".", _word(label), places, start, builds)


def _place(folder: str, script: str, bound: dict[str, Any]) -> Place:
    bindings = [
        entry for entry in _list(bound.get("d1_databases")) if isinstance(entry.get("database_name"), str)
    ]
    databases = {
        entry["database_name"]: posixpath.normpath(
            posixpath.join(folder, str(entry.get("migrations_dir", "migrations")))
        )
        for entry in bindings
    }
    calls = frozenset(str(entry["service"]) for entry in _list(bound.get("services")) if entry.get("service"))
    return Place(str(bound.get("name") or script), _url(bound), databases, calls)


def _list(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _url(bound: dict[str, Any]) -> str | None:
    """The one host that its routes name."""
    routes = bound.get("routes")
    said = [bound.get("route"), *(routes if isinstance(routes, list) else [])]
    patterns = [entry.get("pattern") if isinstance(entry, dict) else entry for entry in said]
    hosts = {re.sub(r"^https?://|/.*$", "", entry) for entry in patterns if isinstance(entry, str)}
    plain = {host for host in hosts if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host)}
    return f"https://{plain.pop()}" if len(plain) == 1 else None


def _word(text: str) -> str:
    """A name as [tool.release] takes it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "worker"


def _named(found: list[Found]) -> list[Found]:
    """Two folders of one name are told apart by their whole path."""
    from dataclasses import replace

    names = [one.name for one in found]
    return [replace(one, name=_word(one.path)) if names.count(one.name) > 1 else one for one in found]


def _ordered(found: list[Found]) -> tuple[Found, ...]:
    """Whoever is bound by another goes first; a ring of bindings stays as it was."""
    rest, order = list(found), list[Found]()
    while rest:
        ready = next(
            (one for one in rest if not _calls(one, [other for other in rest if other is not one])), rest[0]
        )
        rest.remove(ready)
        order.append(ready)
    return tuple(order)


def _calls(one: Found, others: list[Found]) -> bool:
    scripts = {place.script for other in others for place in other.places.values()}
    return any(place.calls & scripts for place in one.places.values())
