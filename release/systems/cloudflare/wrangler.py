"""The real wrangler client: one process a deploy, one for all migrations, run by Node directly."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from release.errors import EffectError
from release.frozen import Frozen
from release.systems.cloudflare.messages import kept
from release.systems.cloudflare.resolved import resolved
from release.systems.machine import shell
from release.systems.machine.secrets import without_secrets
from release.systems.npm.managers import by_corepack
from release.systems.npm.node import node, wrangler, wrangler_version
from release.systems.npm.wrangler_ages import takes_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.config import Worker
    from release.model.migrating import ApplyMigrations
    from release.model.release import Release
    from release.systems.cloudflare.resolved import Resolved
    from release.systems.machine.secrets import Mask

    Serve = Callable[[str, str, str], None]  # (script, version id, message): give it all the traffic

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


# 10007: not there yet; 10211: a migration of Durable Objects has to be applied first
_DEPLOY_FIRST = re.compile(r"\[code: (?:10007|10211)\]")
_TRACE = re.compile(r"\s+at \S")
_MADE = {
    "deploy": ("wrangler deploy", "deployed"),
    "version-upload": ("wrangler versions upload", "uploaded"),
}


class _Call(Frozen, frozen=True):
    """What all commands of one deployment share."""

    folder: Path
    deadline: float
    where: tuple[str, ...]
    variables: tuple[str, ...]
    tell: Callable[[str], None]
    environment: str


class Wrangler:
    """wrangler, quiet and without questions. Each call raises EffectError when it did not say that it succeeded."""

    def __init__(
        self, root: Path, environ: Mapping[str, str], mask: Mask, serve: Serve | None = None
    ) -> None:
        self._root = root
        self._environ = environ
        self._mask = mask
        self._serve = serve

    def at(self, root: Path) -> Wrangler:
        """The same client for another checkout."""
        return Wrangler(root, self._environ, self._mask, self._serve)

    def build(self, worker: Worker, environment: str, tell: Callable[[str], None]) -> None:
        """Run a worker's own build for an environment (wrangler's, "" the top level); it sees no secret."""
        folder = self._root / worker.path
        env = without_secrets(self._env(folder, None, environment), self._mask)
        command, what = by_corepack(worker.build, env), f"the build of {worker.name}"
        self._stream(command, folder, env, worker.deadline, tell, what, _first)

    def compare(self, worker: Worker, environment: str, bound: Mapping[str, str | None]) -> Resolved:
        """What wrangler would deploy, where that is the worker's script with the databases (name -> id) that are `bound`.

        Raises EffectError where it is anything else, and names both values.
        """
        target = resolved(self._root, worker)
        target.check(worker, environment, bound, self._environ.get("CLOUDFLARE_ACCOUNT_ID", ""))
        return target

    def deploy(
        self,
        worker: Worker,
        environment: str,
        release: Release,
        message: str,
        tell: Callable[[str], None],
        bound: Mapping[str, str | None] | None = None,
    ) -> str:
        """Deploy one worker of a release, as `Config.placed` gives it; returns the id of its new version.

        `environment` is wrangler's, "" the top level. What lies there is compared once more, as by `compare`.
        """
        folder = self._root / worker.path
        filled = {"version": release.version, "commit": release.commit, "tag": release.tag}
        variables = [f"{name}:{value.format(**filled)}" for name, value in worker.vars.items()]
        words = tuple(word for variable in variables for word in ("--var", variable))
        marks = ("--tag", release.annotation, "--message", kept(message))
        target = self.compare(worker, environment, bound or {})
        where = target.words(worker, environment, wrangler_version(folder)) if not worker.deploy else ()
        chosen = "" if target.is_generated and not worker.deploy else environment
        call = _Call(folder, worker.deadline, where, words, tell, chosen)
        if worker.deploy:
            entry = self._entry("deploy", call, (*worker.deploy, *marks, *words))
        elif self._serve is None or takes_marks(folder):
            entry = self._entry("deploy", call, self._worded(call, ("deploy",), marks))
        else:
            entry = self._in_parts(call, marks, message, self._serve)
        return str(entry["version_id"])

    def _in_parts(self, call: _Call, marks: tuple[str, ...], message: str, serve: Serve) -> dict[str, object]:
        """For a wrangler whose `deploy` takes no marks: upload with them, serve by the API, then routes and crons.

        What only `deploy` can do (a worker's first version, a migration of Durable Objects) it does before, unmarked.
        """
        upload, deployed = self._worded(call, ("versions", "upload"), marks), False
        try:
            entry = self._entry("version-upload", call, upload)
        except EffectError as error:
            if not _DEPLOY_FIRST.search(error.what):
                raise
            call.tell(
                "a version alone cannot do this: wrangler deploys, and then uploads with the release's mark"
            )
            self._entry("deploy", call, self._worded(call, ("deploy",), ()))
            entry, deployed = self._entry("version-upload", call, upload), True
        serve(str(entry.get("worker_name")), str(entry["version_id"]), message)
        if not deployed:
            words = self._command(call.folder, "triggers", "deploy", *call.where)
            env = self._env(call.folder, None, call.environment)
            self._stream(words, call.folder, env, call.deadline, call.tell, "wrangler triggers deploy")
        return entry

    def _worded(self, call: _Call, words: tuple[str, ...], marks: tuple[str, ...]) -> tuple[str, ...]:
        return self._command(call.folder, *words, *call.where, *marks, *call.variables)

    def _entry(self, kind: str, call: _Call, command: tuple[str, ...]) -> dict[str, object]:
        """Run a command of wrangler's; the entry of this kind that it left. Raises EffectError where it left none."""
        what, made = _MADE[kind]
        with tempfile.TemporaryDirectory(prefix="wrangler-") as scratch:
            said = Path(scratch) / "output.ndjson"
            env = self._env(call.folder, said, call.environment)
            try:
                self._stream(command, call.folder, env, call.deadline, call.tell, what)
            except EffectError as error:
                raise EffectError(_failure(said, error.what), error.advice) from error
            found = _made(said, kind)
        if found is None:  # a stopped shim ends with 0 although nothing was deployed
            raise EffectError(f"wrangler ended well, but reports no {made} version.")
        return found

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
                raise EffectError(_failure(said, error.what), error.advice) from error

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
        cause: Callable[[tuple[str, ...]], str] | None = None,
    ) -> None:
        ended = shell.stream(
            command, cwd=folder, env=env, deadline=deadline, tell=tell, mask=self._mask, heir=True
        )
        if ended.code is None:
            raise EffectError(f"{what} did not end within {deadline:.0f} s and was stopped.")
        if ended.code:
            raise EffectError(f"{what} ended with exit code {ended.code}: {(cause or _telling)(ended.tail)}")


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


def _made(output: Path, kind: str) -> dict[str, object] | None:
    """The last entry of a kind, where it names a version."""
    found = [entry for entry in _entries(output) if entry.get("type") == kind]
    version_id = found[-1].get("version_id") if found else None
    return found[-1] if isinstance(version_id, str) and version_id else None


def _failure(output: Path, told: str) -> str:
    """Why it failed, in the words of its own entry; `told` is the end of its output, which alone holds the API's reason."""
    from release.formats.printable import plain

    failed = [entry for entry in _entries(output) if entry.get("type") == "command-failed"]
    if not failed or not failed[-1].get("message"):
        return told
    words = f"wrangler failed: {plain(str(failed[-1]['message'])).strip()}"
    code = failed[-1].get("code")
    if code is None:
        return words
    return told if f"[code: {code}]" in told else f"{words} [code: {code}]"


def _first(tail: tuple[str, ...]) -> str:
    """What a build says first of its failure: who started it says afterwards that it failed, and a trace is for nobody."""
    lines = [line for line in tail if line.strip() and not _TRACE.match(line)]
    errors = [at for at, line in enumerate(lines) if re.search(r"error|failed", line, re.IGNORECASE)]
    telling = lines[errors[0] :][:4] if errors else lines[-4:]
    return " ".join(line.strip() for line in telling) or "it said nothing"


def _telling(tail: tuple[str, ...]) -> str:
    """The end of what it said: from its last error on, for the reason stands below that."""
    lines = [line for line in tail if line.strip() and "please open an issue at" not in line]
    errors = [at for at, line in enumerate(lines) if "ERROR" in line or "rror:" in line]
    telling = lines[errors[-1] :][:4] if errors else lines[-4:]
    return " ".join(line.strip() for line in telling) or "it said nothing"
