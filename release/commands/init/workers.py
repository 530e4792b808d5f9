"""The workers of a monorepo, as their wrangler configurations describe them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from release.commands.init import packages
from release.errors import UsageError
from release.formats.wrangler_config import NAMES, parse, script_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from release.commands.init.repository import Repository

TOP = ""  # the place that a wrangler configuration describes at its top level
_ALTERNATE = re.compile(r"wrangler[.-](?P<name>[A-Za-z0-9_-]+)\.(?:jsonc?|toml)")
_ANY_WORKERS = frozenset(
    {"", "worker", "workers", "app", "server", "backend", "cloudflare"}
)  # folders that say nothing
_UNLIKELY = re.compile(
    r"(^|/)(templates?|scaffolds?|examples?|fixtures?|mocks?|mock-[^/]*|demos?|playgrounds?|tests?|__tests__|e2e|create-[^/]+)(/|$)"
)


@dataclass(frozen=True)
class D1:
    """A D1 database that a configuration (`source`) binds: its name, its binding, and the folder of its migrations."""

    name: str
    binding: str
    folder: str
    source: str = ""


@dataclass(frozen=True)
class Place:
    """One place that a worker is deployed to: its script, where it answers (None: not said), what it binds.

    `file` is the configuration that describes it, where that is not the one wrangler finds by itself.
    """

    script: str
    url: str | None
    databases: tuple[D1, ...]
    calls: frozenset[str]
    file: str | None = None
    is_routed: bool = False


@dataclass(frozen=True)
class Found:
    """A worker: its folder, its name in steps, its places by wrangler's environment, its first file, the folder of its assets.

    `is_unlikely`: it stands where templates, examples and mock servers do, and is offered, not chosen.
    """

    path: str
    name: str
    places: Mapping[str, Place]
    main: str | None
    builds: bool
    is_unlikely: bool = False
    assets: str | None = None


@dataclass(frozen=True)
class Seen:
    """The workers in the order of their deploys, the databases of folders that hold migrations alone, and what is no worker."""

    workers: tuple[Found, ...]
    ledgers: tuple[D1, ...]
    notes: tuple[str, ...]


def workers(repository: Repository) -> Seen:
    """Every worker: one that others bind comes before them. Raises UsageError where there is none that can be released."""
    folders: dict[str, list[str]] = {}
    for path in sorted(repository.files):
        name = posixpath.basename(path)
        if name in NAMES or _ALTERNATE.fullmatch(name):
            folders.setdefault(posixpath.dirname(path), []).append(name)
    if not folders:
        raise UsageError(
            f"There is no wrangler configuration in this repository: none of {', '.join(NAMES)}.",
            "This tool releases Cloudflare Workers; run it in the repository that deploys them.",
        )
    found: list[Found] = []
    ledgers: list[D1] = []
    notes: list[str] = []
    for folder, names in folders.items():
        looked = _look(repository, folder, names)
        if isinstance(looked, Found):
            found.append(looked)
        elif isinstance(looked, str):
            notes.append(looked)
        else:
            ledgers += looked
    if not found:
        raise UsageError(
            "No worker here can be released.\n"
            + "\n".join(notes or ["No configuration has a main or assets."]),
            "A worker is a folder whose wrangler configuration has a name, and a main or assets.",
        )
    return Seen(_ordered(_named(found)), tuple(ledgers), tuple(notes))


def joined(some: Sequence[Found]) -> bool:
    """Whether bindings lead from each of these workers to every other one, whatever their direction."""
    group, rest = list(some[:1]), list(some[1:])
    while near := [one for one in rest if calls(one, group) or any(calls(other, [one]) for other in group)]:
        group += near
        rest = [one for one in rest if one not in near]
    return not rest


def calls(one: Found, others: Iterable[Found]) -> bool:
    """Whether a worker binds one of the others as a service."""
    scripts = {place.script for other in others for place in other.places.values()}
    return any(place.calls & scripts for place in one.places.values())


def _look(repository: Repository, folder: str, names: Sequence[str]) -> Found | tuple[D1, ...] | str:
    """A folder's worker; the databases of a folder that has no code; or why it is neither."""
    own = next((name for name in NAMES if name in names), None)
    try:
        settings = {name: _parsed(repository, folder, name) for name in names}
    except ValueError as error:
        return f"{error}; it is left out. wrangler cannot read it either."
    scripts = " ".join(packages.scripts_of(repository, folder).values())
    is_of_pages = "wrangler pages deploy" in scripts and not re.search(r"wrangler deploy\b", scripts)
    if is_of_pages or any(one.get("pages_build_output_dir") for one in settings.values()):
        return f"{folder or '.'} is a Pages project, which is deployed by Cloudflare Pages; it is left out."
    if not any(map(_has_code, settings.values())):
        return tuple(
            replace(d1, source=posixpath.join(folder, name))
            for name, one in settings.items()
            for place in (one, *_environments(one).values())
            for d1 in _databases(folder, place)
        )
    places = _places(folder, settings[own], None) if own else {}
    for name in names:
        alternate = _ALTERNATE.fullmatch(name)
        if alternate and (_has_code(settings[name]) or own):
            of_file = _places(folder, {**settings[name], "env": {}}, name)
            if TOP in of_file:
                places[alternate["name"]] = of_file[TOP]
    if not places:
        return f"The wrangler configuration in {folder or '.'} has no name; it is left out."
    return _worker(folder, settings[own or names[0]], places)


def _worker(folder: str, settings: dict[str, Any], places: Mapping[str, Place]) -> Found:
    main = settings.get("main")
    start = posixpath.normpath(posixpath.join(folder, main)) if isinstance(main, str) else None
    own, assets = settings.get("build"), settings.get("assets")
    served = assets.get("directory") if isinstance(assets, dict) else None
    directory = posixpath.normpath(posixpath.join(folder, served)) if isinstance(served, str) else None
    script = str(settings.get("name") or next(iter(places.values())).script)
    label = posixpath.basename(folder)
    label = script if label in _ANY_WORKERS else label
    builds = isinstance(own, dict) and bool(own.get("command"))
    return Found(
        folder or ".", _word(label), places, start, builds, bool(_UNLIKELY.search(folder)), directory
    )


def _parsed(repository: Repository, folder: str, name: str) -> dict[str, Any]:
    path = posixpath.join(folder, name)
    try:
        return parse(name, (repository.root / path).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def _has_code(settings: dict[str, Any]) -> bool:
    """Whether there is something to deploy. A configuration that names a database and no code holds its migrations."""
    entries = (settings, *_environments(settings).values())
    if any(isinstance(one.get(key), str | dict) for one in entries for key in ("main", "assets", "site")):
        return True
    return bool(settings) and not any(one.get("d1_databases") for one in entries)


def _environments(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = settings.get("env")
    return (
        {str(name): one for name, one in found.items() if isinstance(one, dict)}
        if isinstance(found, dict)
        else {}
    )


def _places(folder: str, settings: dict[str, Any], file: str | None) -> dict[str, Place]:
    """The top level and each environment, as far as wrangler can name their scripts."""
    bound = {TOP: settings, **_environments(settings)}
    names = {env: script_name(settings, env) for env in bound}
    return {env: _place(folder, name, bound[env], file) for env, name in names.items() if name}


def _place(folder: str, script: str, bound: dict[str, Any], file: str | None) -> Place:
    called = frozenset(
        str(entry["service"]) for entry in _list(bound.get("services")) if entry.get("service")
    )
    routed = bool(bound.get("routes") or bound.get("route"))
    return Place(script, _url(bound), tuple(_databases(folder, bound)), called, file, routed)


def _databases(folder: str, bound: dict[str, Any]) -> Iterator[D1]:
    for entry in _list(bound.get("d1_databases")):
        name, migrations = entry.get("database_name"), str(entry.get("migrations_dir") or "migrations")
        if isinstance(name, str):
            yield D1(
                name,
                str(entry.get("binding") or "DB"),
                posixpath.normpath(posixpath.join(folder, migrations)),
            )


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
    names = [one.name for one in found]
    return [replace(one, name=_word(one.path)) if names.count(one.name) > 1 else one for one in found]


def _ordered(found: list[Found]) -> tuple[Found, ...]:
    """A worker that another one binds goes first; a ring of bindings stays as it was."""
    rest, order = list(found), list[Found]()
    while rest:
        ready = next(
            (one for one in rest if not calls(one, [other for other in rest if other is not one])), rest[0]
        )
        rest.remove(ready)
        order.append(ready)
    return tuple(order)
