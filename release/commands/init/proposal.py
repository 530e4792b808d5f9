"""From what a monorepo shows, and what a person answers, to the settings of [tool.release]."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.commands.init import packages
from release.commands.init.questions import Question
from release.commands.init.workers import joined, script_pattern, workers
from release.errors import UsageError
from release.formats.version import TagPattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from release.commands.init.packages import Packages
    from release.commands.init.questions import Ask
    from release.commands.init.repository import Repository
    from release.commands.init.workers import Found

PRODUCTION = ("production", "prod", "live")
STAGING = ("staging", "stage", "stg")
COMMIT = {"COMMIT_SHA": "{commit}"}
SOURCES = (".js", ".mjs", ".ts", ".tsx", ".jsx")
_HEALTH = re.compile(r"""["'`](/(?:[a-z0-9_-]+/)*(?:health|healthz|livez|readyz|_health))["'`]""")


@dataclass(frozen=True)
class Proposal:
    """The table [tool.release] as plain values, and what a person should know about it."""

    settings: dict[str, Any]
    notes: tuple[str, ...]


def propose(repository: Repository, ask: Ask) -> Proposal:
    """The settings for a repository. `ask` is called for what cannot be seen. Raises UsageError where nothing fits."""
    every = workers(repository)
    names = _environments(every, ask)
    chosen = [one for one in every if set(names.values()) <= set(one.places)]
    if not chosen:
        raise UsageError(
            f"No wrangler configuration has the environment {' and '.join(names.values())}.",
            "Each worker that is released needs it: `env.production` with the bindings of production.",
        )
    chosen = _together(chosen, ask)
    app = chosen[-1]
    held = packages.packages(repository, app.path)
    database, databases = _database(repository, chosen, names, ask)
    base = {} if repository.branch == "main" else {"branch": repository.branch}
    remote = {} if repository.remote == "origin" else {"remote": repository.remote}
    settings = {
        **base,
        **remote,
        "app": _app(repository, app, held),
        "test": {"commands": _tests(held, ask)},
        "workers": [_worker(repository, one, names) for one in chosen],
        **({"database": database} if database else {}),
        "environments": _addresses(repository, app, names, databases, ask),
        **({} if held.folder == "." else {"rehearsal": {"install_in": held.folder}}),
    }
    return Proposal(settings, tuple(_notes(repository, every, chosen, names)))


def _environments(every: tuple[Found, ...], ask: Ask) -> dict[str, str]:
    """The environments to release to -> what wrangler calls them; staging only where every worker has it."""
    known = [name for one in every for name in one.places]
    if not known:
        raise UsageError(
            "No wrangler configuration here names an environment.",
            'A release deploys to one by name. Add `env.production` to each worker, as in "env": { "production": {} }, '
            "with the bindings of production.",
        )
    found = next((name for name in PRODUCTION if name in known), None)
    choices = tuple(dict.fromkeys(known))
    asked = Question(
        "production", f"Which of wrangler's environments is production ({', '.join(choices)})?", None, choices
    )
    production = found or ask(asked)
    released = [one for one in every if production in one.places]
    staging = next(
        (name for name in STAGING if released and all(name in one.places for one in released)), None
    )
    return {"production": production, **({"staging": staging} if staging else {})}


def _together(chosen: list[Found], ask: Ask) -> list[Found]:
    """The workers of one release, in the order of their deploys; those that no binding joins may be another's."""
    if joined(chosen):
        return chosen
    names = {one.name: one for one in chosen}
    asked = Question(
        "workers",
        "Which workers are released together, in which order, the one that people see last?",
        ",".join(names),
    )
    said = [name.strip() for name in ask(asked).split(",")]
    unknown = [name for name in said if name not in names]
    if unknown or len(set(said)) != len(said):
        raise UsageError(
            f'"{", ".join(unknown or said)}" names no workers.',
            f"Say some of: {','.join(names)}, each once, with commas.",
        )
    return [names[name] for name in said]


def _app(repository: Repository, app: Found, held: Packages) -> dict[str, Any]:
    found = packages.version_places(repository, app.path, held.folder)
    if found is None:
        raise UsageError(
            f"No package.json has the version of {app.name}: neither that in {app.path} nor the one beside the lockfile.",
            'Add "version" to the package.json of the worker that people see.',
        )
    manifest, entries = found
    versioned = [path for path in repository.files if posixpath.basename(path) == "package.json"]
    default = "v{version}" if len(versioned) == 1 else f"{app.name}-v{{version}}"
    also = [{"file": file, "key": list(key)} for file, key in entries]
    return {
        "name": app.name,
        "manifest": manifest,
        "tag": _tag(repository.tags, app.name) or default,
        **({"bump_also": also} if also else {}),
    }


def _tag(tags: Iterable[str], name: str) -> str | None:
    """How the tags that are there are named: as this app's rather than anyone's."""
    tags = list(tags)
    for text in (
        f"{name}-v{{version}}",
        f"{name}@{{version}}",
        f"{name}-{{version}}",
        "v{version}",
        "{version}",
    ):
        if any(TagPattern(text).version(tag) for tag in tags):
            return text
    return None


def _tests(held: Packages, ask: Ask) -> list[dict[str, Any]]:
    commands = list(held.checks)
    if not commands:
        said = ask(Question("test", "Which command tests the project? It runs before each release"))
        commands = [tuple(shlex.split(said))]
    cwd = {} if held.folder == "." else {"cwd": held.folder}
    return [{"run": list(command), **cwd} for command in commands]


def _worker(repository: Repository, one: Found, names: Mapping[str, str]) -> dict[str, Any]:
    scripts = {name: one.places[name].script for name in names.values()}
    pattern = script_pattern(scripts)
    if pattern is None:
        raise UsageError(
            f"The worker {one.name} is named by no pattern: {', '.join(scripts.values())}.",
            "Name its scripts alike, such as NAME-production and NAME-staging, or release to one environment only.",
        )
    build = _build(repository, one)
    return {
        "name": one.name,
        "path": one.path,
        "script": pattern,
        **({"build": list(build)} if build else {}),
        "vars": COMMIT,
    }


def _build(repository: Repository, one: Found) -> tuple[str, ...]:
    """What makes the file that wrangler uploads, where that file is not in git and wrangler does not make it."""
    scripts = packages.scripts_of(repository, one.path)
    before = packages.build_before_deploy(scripts)
    if before or one.builds or one.main is None or one.main in repository.files or "build" not in scripts:
        return before
    return (packages.packages(repository, one.path).manager, "run", "build")


def _database(
    repository: Repository, chosen: list[Found], names: Mapping[str, str], ask: Ask
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The table of the database, and its name in each environment; None where no worker has migrations."""
    held = {
        one.name: (one, folders)
        for one in chosen
        if (folders := [_with_migrations(repository, one, name) for name in names.values()]) and all(folders)
    }
    if not held:
        return None, {}
    asked = Question("database", f"Whose migrations are applied ({', '.join(held)})?", None, tuple(held))
    owner = ask(asked) if len(held) > 1 else next(iter(held))
    _, found = held[owner]
    pairs = [pair for pair in found if pair]
    table = {"worker": owner, "migrations": pairs[0][1]}
    return table, {name: pair[0] for name, pair in zip(names, pairs, strict=True)}


def _with_migrations(repository: Repository, one: Found, name: str) -> tuple[str, str] | None:
    """The database of a place that has SQL files, and their folder."""
    for database, folder in one.places[name].databases.items():
        if any(path.startswith(f"{folder}/") and path.endswith(".sql") for path in repository.files):
            return database, folder
    return None


def _addresses(
    repository: Repository, app: Found, names: Mapping[str, str], databases: Mapping[str, str], ask: Ask
) -> dict[str, Any]:
    health = ask(
        Question(
            "health", f"Which route of {app.name} says its health and version?", _health(repository, app)
        )
    )
    found: dict[str, Any] = {}
    for name, wrangler in names.items():
        url = app.places[wrangler].url or ask(
            Question(f"url.{name}", f"Where does {app.name} answer in {name} (https://...)?")
        )
        found[name] = {
            **({} if wrangler == name else {"wrangler": wrangler}),
            "url": url.rstrip("/"),
            **({"database": databases[name]} if name in databases else {}),
            **({} if health == "/api/health" else {"health": {"path": health}}),
        }
    return found


def _health(repository: Repository, app: Found) -> str | None:
    """The route that the worker's source names most often."""
    within = "" if app.path == "." else f"{app.path}/"
    sources = [path for path in repository.files if path.startswith(within) and path.endswith(SOURCES)]
    routes = Counter(
        route for path in sorted(sources) for route in _HEALTH.findall(repository.text(path) or "")
    )
    return routes.most_common(1)[0][0] if routes else None


def _notes(
    repository: Repository, every: tuple[Found, ...], chosen: list[Found], names: Mapping[str, str]
) -> Iterable[str]:
    """What was seen and left out."""
    for one in every:
        if not set(names.values()) <= set(one.places):
            yield f"{one.path} is left out: its wrangler configuration does not have {' and '.join(names.values())}."
        if one not in chosen:
            continue
        left = [name for name in one.places if name not in names.values()]
        if left:
            yield f"{one.path}: no release to {', '.join(left)}; add it to [tool.release.environments] if there should be."
        for name, text in packages.scripts_of(repository, one.path).items():
            if name.startswith("deploy"):
                yield f'{one.path}: a release calls `wrangler deploy` itself, not the script {name} ("{text}").'
    if "staging" not in names:
        yield "No environment for staging was found; production alone is configured."
