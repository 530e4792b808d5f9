"""The values that a stage's workers get for their secrets: from `.dev.vars`, asked for once, or a marked dummy."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from release.config import scripts
from release.errors import UsageError
from release.rehearsal.cloud.kinds import SECRET_KINDS
from release.systems.machine.local_folder import local_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from release.config import Config
    from release.rehearsal.likeness import Likeness

    Ask = Callable[[str], str]

FILE = "secrets.json"
DUMMY = "rehearsal-dummy-"


def dev_vars(config: Config, environment: str) -> dict[str, dict[str, str]]:
    """Script -> name -> value, of a worker's `.dev.vars.ENVIRONMENT`, or else `.dev.vars`, as in `wrangler dev`."""
    found = {}
    for worker in config.workers:
        folder = config.root / worker.path
        named = (folder / f".dev.vars.{environment}", folder / ".dev.vars")
        path = next((one for one in named if one.is_file()), None)
        values = _parsed(path.read_text("utf-8")) if path else {}
        if values:
            found[config.placed(worker.name, environment).script] = values
    return found


def of_stage(config: Config, likeness: Likeness | None) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """Script -> name -> value of all secrets that a stage begins with, in every environment, and which are dummies.

    They are those of the likeness, of `.dev.vars`, and dummies for what `secrets.required` of a wrangler file names: wrangler
    deploys no worker without those.
    """
    found: dict[str, dict[str, str]] = {}
    kept = _Kept(config.root)
    dummies = set(likeness.dummies) if likeness else set()
    for environment in config.environments:
        given = dev_vars(config, environment)
        for worker in config.workers:
            script = config.placed(worker.name, environment).script
            values = {**given.get(script, {}), **((likeness.secrets if likeness else {}).get(script, {}))}
            required = _required(config, worker.name, environment)
            lacking = {
                name: kept.value(script, name, None) or f"{DUMMY}{name}"
                for name in required
                if name not in values
            }
            dummies |= {f"{name} of {script}" for name, value in lacking.items() if value.startswith(DUMMY)}
            values |= lacking
            if values:
                found[script] = values
    return found, tuple(sorted(dummies))


def ask_for_required(config: Config, environment: str, ask: Ask) -> None:
    """Ask, once for all rehearsals, for the secrets that a wrangler file requires and that stand in no `.dev.vars`."""
    kept, given = _Kept(config.root), dev_vars(config, environment)
    for worker in config.workers:
        script = config.placed(worker.name, environment).script
        for name in _required(config, worker.name, environment):
            if name not in given.get(script, {}):
                kept.value(script, name, ask)


def _required(config: Config, worker: str, environment: str) -> list[str]:
    place = config.environments[environment]
    with suppress(UsageError):
        read = scripts.read(config.root, config.worker(worker), place)
        if read is None:
            return []
        named = read.settings.get("env")
        own = named.get(place.wrangler) if isinstance(named, dict) else None
        for settings in (own, read.settings):
            secrets = settings.get("secrets") if isinstance(settings, dict) else None
            if isinstance(secrets, dict) and isinstance(secrets.get("required"), list):
                return [str(name) for name in secrets["required"]]
    return []


def chosen(config: Config, likeness: Likeness, ask: Ask | None) -> Likeness:
    """The likeness with a value for each secret that the environment has.

    What is in no `.dev.vars` is asked for by name, once: the answer is kept in `.release`, which nobody commits.
    Where nobody is asked, or the answer is empty, it is a dummy that says so.
    """
    from msgspec import structs

    given = dev_vars(config, likeness.environment)
    kept = _Kept(config.root)
    secrets: dict[str, dict[str, str]] = {}
    dummies = []
    for bound in likeness.scripts:
        for name in (str(one["name"]) for one in bound.bindings if one["type"] in SECRET_KINDS):
            value = given.get(bound.script, {}).get(name)
            if value is None:
                value = kept.value(bound.script, name, ask)
            if not value:
                dummies.append(f"{name} of {bound.script}")
            secrets.setdefault(bound.script, {})[name] = value or f"{DUMMY}{name}"
    return structs.replace(likeness, secrets=secrets, dummies=tuple(dummies))


class _Kept:
    """Answers of earlier rehearsals, in a file that only its owner reads."""

    def __init__(self, root: Path) -> None:
        self._path = local_folder(root) / "rehearsal" / FILE
        try:
            self._known: dict[str, str] = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            self._known = {}

    def value(self, script: str, name: str, ask: Ask | None) -> str:
        """The answer of now or of before; empty where there is none."""
        key = f"{script} {name}"
        if key not in self._known and ask is not None:
            question = f"Secret {name} of {script}, for rehearsals on this machine (Enter for a dummy): "
            self._known[key] = ask(question)
            self._write()
        return self._known.get(key, "")

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._known, file, indent=1)


def _parsed(text: str) -> dict[str, str]:
    """NAME=VALUE a line, as in dotenv files; a value may stand in quotes, and a # after a space begins a comment."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        quote = value[:1]
        if quote in {'"', "'"} and value.endswith(quote) and len(value) > 1:
            value = value[1:-1]
            value = value.replace("\\n", "\n") if quote == '"' else value
        else:
            value = value.partition(" #")[0].rstrip()
        found[name.strip()] = value
    return found
