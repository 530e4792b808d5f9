"""The real wrangler client: one process a deploy, one for all migrations, run by Node directly."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from release.errors import EffectError
from release.systems.cloudflare.api import kept
from release.systems.cloudflare.resolved import resolved
from release.systems.machine import shell
from release.systems.machine.secrets import without_secrets
from release.systems.npm.node import node, wrangler, wrangler_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.config import Worker
    from release.model.migrating import ApplyMigrations
    from release.model.release import Release
    from release.systems.machine.secrets import Mask

MIGRATE_DEADLINE = 600.0
_NOT_ITS = (
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GIT_CONFIG_",
    "GIT_SSH",
    "SSH_A",  # SSH_AUTH_SOCK, SSH_AGENT_PID: the agent that holds a deploy key
    "ACTIONS_",
    "CLOUDFLARE_ENV",
)  # a deployment needs no key to the repository, and is of the environment that the release is of


class Wrangler:
    """wrangler, quiet and without questions. Each call raises EffectError when it did not say that it succeeded."""

    def __init__(self, root: Path, environ: Mapping[str, str], mask: Mask) -> None:
        self._root = root
        self._environ = environ
        self._mask = mask

    def at(self, root: Path) -> Wrangler:
        """The same client for another checkout."""
        return Wrangler(root, self._environ, self._mask)

    def deploy(
        self,
        worker: Worker,
        environment: str,
        release: Release,
        message: str,
        tell: Callable[[str], None],
        bound: Mapping[str, str | None] | None = None,
    ) -> str:
        """Build and deploy one worker of a release, as `Config.placed` gives it; returns the id of its new version.

        `environment` is wrangler's, "" the top level. What was built is compared with the script and with the
        databases (name -> id) that are `bound`, before anything is uploaded.
        """
        folder = self._root / worker.path
        if worker.build:
            env = without_secrets(self._env(folder, None, environment), self._mask)
            self._stream(worker.build, folder, env, worker.deadline, tell, "the build")
        filled = {"version": release.version, "commit": release.commit, "tag": release.tag}
        marks = ["--tag", release.annotation, "--message", kept(message)]
        for name, value in worker.vars.items():
            marks += ["--var", f"{name}:{value.format(**filled)}"]
        target = resolved(self._root, worker)
        target.check(worker, environment, bound or {})
        words = target.words(worker, environment, wrangler_version(folder)) if not worker.deploy else ()
        command = worker.deploy or self._command(folder, "deploy", *words)
        with tempfile.TemporaryDirectory(prefix="wrangler-") as scratch:
            said = Path(scratch) / "output.ndjson"
            env = self._env(folder, said, "" if target.is_generated and not worker.deploy else environment)
            try:
                self._stream((*command, *marks), folder, env, worker.deadline, tell, "wrangler deploy")
            except EffectError as error:
                raise EffectError(_failure(said) or error.what, error.advice) from error
            version_id = _deployed(said)
        if not version_id:  # a stopped shim ends with 0 although nothing was deployed
            raise EffectError("wrangler ended well, but reports no deployed version.")
        return version_id

    def migrate(
        self, folder: str, environment: str, effect: ApplyMigrations, tell: Callable[[str], None]
    ) -> None:
        """Apply the migrations of an effect: wrangler gets a folder and a configuration that hold nothing else."""
        at = self._root / folder
        with tempfile.TemporaryDirectory(prefix="wrangler-") as scratch:
            environment = environment or "top-level"  # the file that is handed over names it so
            given = ("--env", environment, "--config", str(_hand_over(Path(scratch), environment, effect)))
            command = self._command(at, "d1", "migrations", "apply", effect.database.name, "--remote", *given)
            said = Path(scratch) / "output.ndjson"
            try:
                env = self._env(at, said)
                self._stream(command, at, env, MIGRATE_DEADLINE, tell, "wrangler d1 migrations apply")
            except EffectError as error:
                raise EffectError(_failure(said) or error.what, error.advice) from error

    def _command(self, folder: Path, *words: str) -> tuple[str, ...]:
        return (str(node(self._environ)), "--no-warnings", str(wrangler(folder)), *words)

    def _env(self, folder: Path, output: Path | None, environment: str = "") -> dict[str, str]:
        cache = self._root / ".release" / "cache"
        bins = [
            str(p / "node_modules" / ".bin")
            for p in (folder, *folder.parents)
            if p.is_relative_to(self._root)
        ]
        own = {
            "PATH": ":".join([*bins, str(node(self._environ).parent), self._environ.get("PATH", "")]),
            "CI": "1",
            "NO_COLOR": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",
            "WRANGLER_SEND_ERROR_REPORTS": "false",
            "WRANGLER_LOG_PATH": str(cache / "wrangler"),
            "NODE_COMPILE_CACHE": str(cache / "node"),
            "NODE_COMPILE_CACHE_PORTABLE": "1",  # a checkout that was moved or copied finds it again
            "XDG_CONFIG_HOME": str(cache / "config"),
        }
        if output is not None:
            own["WRANGLER_OUTPUT_FILE_PATH"] = str(output)
        if environment:
            own["CLOUDFLARE_ENV"] = environment  # the Vite plugin and frameworks choose it when they build
        kept = {name: value for name, value in self._environ.items() if not name.startswith(_NOT_ITS)}
        return {**kept, **own}

    def _stream(
        self,
        command: tuple[str, ...],
        folder: Path,
        env: Mapping[str, str],
        deadline: float,
        tell: Callable[[str], None],
        what: str,
    ) -> None:
        ended = shell.stream(
            command, cwd=folder, env=env, deadline=deadline, tell=tell, mask=self._mask, heir=True
        )
        if ended.code is None:
            raise EffectError(f"{what} did not end within {deadline:.0f} s and was stopped.")
        if ended.code:
            raise EffectError(f"{what} ended with exit code {ended.code}: {_telling(ended.tail)}")


def _hand_over(scratch: Path, environment: str, effect: ApplyMigrations) -> Path:
    """Write the files under the names that the ledger gets; the answer is the configuration that finds them."""
    for one in effect.migrations:
        file = scratch / "migrations" / one.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(one.sql)
    bound = {
        "binding": "DB",
        "database_name": effect.database.name,
        "database_id": effect.database.uuid,
        "migrations_dir": "migrations",
        "migrations_table": effect.database.table,
    }
    if effect.rules.pattern != "*.sql":
        bound["migrations_pattern"] = f"migrations/{effect.rules.pattern}"
    named = {environment: {"d1_databases": [bound]}}  # CLOUDFLARE_ENV would choose, were there no --env
    config = scratch / "wrangler.json"
    config.write_bytes(msgspec.json.encode({"name": "migrations", "env": named}))
    return config


def _entries(output: Path) -> list[dict[str, object]]:
    entries = []
    lines = output.read_bytes().splitlines() if output.is_file() else []
    for line in lines:
        try:
            entry = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue  # a line torn by a killed process
        if isinstance(entry, dict):
            entries.append(entry)
    return entries


def _deployed(output: Path) -> str | None:
    ids = [entry.get("version_id") for entry in _entries(output) if entry.get("type") == "deploy"]
    return str(ids[-1]) if ids and ids[-1] else None


def _failure(output: Path) -> str | None:
    from release.formats.printable import plain

    said = [entry.get("message") for entry in _entries(output) if entry.get("type") == "command-failed"]
    return f"wrangler failed: {plain(str(said[-1])).strip()}" if said and said[-1] else None


def _telling(tail: tuple[str, ...]) -> str:
    errors = [line for line in tail if "ERROR" in line or "rror:" in line]
    return " ".join((errors or list(tail))[-4:]) or "it said nothing"
