"""wrangler without Node: the same methods, and the very requests that wrangler makes, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from release.config import load
from release.errors import EffectError
from release.formats.manifest import value_at
from release.formats.wrangler_config import candidates, parse
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.machine.secrets import Mask
from release.testing.wrangler_file import Written, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import httpx

    from release.config import Config, Worker
    from release.model.migrating import ApplyMigrations
    from release.model.release import Release
    from release.systems.cloudflare.resolved import Resolved

SOURCE = "worker.js"
LEDGER = (
    "CREATE TABLE IF NOT EXISTS {}(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, "
    "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);"
)
_TRIES = 3  # of an upload; wrangler asks everything else once
_SERVER_FAULT = 500
_MISSING = frozenset({404})
_NONE: frozenset[int] = frozenset()


class ApiWrangler:
    """Deploys and migrates as wrangler does (docs/architecture.md, "Cloudflare"), in milliseconds.

    The bundle is one line with the manifest's version, as a build would put it there, and then the worker's
    own `worker.js`. `databases` maps D1's names to their uuids. Raises EffectError, as the real client's wrapper.
    """

    def __init__(self, config: Config, environ: Mapping[str, str], databases: Mapping[str, str]) -> None:
        """Prepare; nothing is asked yet."""
        self._config = config
        self._environ = environ
        self._databases = databases
        account = environ["CLOUDFLARE_ACCOUNT_ID"]
        self._account = f"{environ['CLOUDFLARE_API_BASE_URL']}/accounts/{account}"
        self._headers = {"Authorization": f"Bearer {environ['CLOUDFLARE_API_TOKEN']}"}

    def at(self, root: Path) -> ApiWrangler:
        """The same client for another checkout."""
        return ApiWrangler(load(root), self._environ, self._databases)

    def build(self, worker: Worker, environment: str, tell: Callable[[str], None]) -> None:
        """Run the worker's own build, as the real client does."""
        self._real().build(worker, environment, tell)

    def compare(self, worker: Worker, environment: str, bound: Mapping[str, str | None]) -> Resolved:
        """Look at what wrangler would deploy, as the real client does."""
        return self._real().compare(worker, environment, bound)

    def _real(self) -> Wrangler:
        return Wrangler(self._config.root, self._environ, Mask.of(self._environ))

    def deploy(
        self,
        worker: Worker,
        environment: str,
        release: Release,
        message: str,
        tell: Callable[[str], None],
        bound: Mapping[str, str | None] | None = None,
    ) -> str:
        """Upload one worker of a release and give it all the traffic; the id of the new version."""
        del bound
        name = worker.script.format(environment=environment)
        form = self._form(worker, environment, release, message)
        script = f"/workers/scripts/{name}"
        with self._client() as client:
            exists = self._ask(client, "GET", f"/workers/services/{name}", fine=_MISSING) is not None
            for part in ("/secrets", *(() if exists else ("/subdomain",)), "/deployments", "/settings"):
                path = f"/workers{part}" if part == "/subdomain" else script + part
                self._ask(client, "GET", path, fine=_MISSING)
            version_id = self._upload(client, script, form, message, exists=exists)
            self._ask(client, "PATCH", f"{script}/script-settings", json={})
            self._ask(client, "GET", f"/workers/workers/{name}")
            self._triggers(client, script, self._written(worker, environment))
        tell(f"Deployed {name}")
        return version_id

    def _triggers(self, client: httpx.Client, script: str, said: Written) -> None:
        """What wrangler applies after a deployment: nothing of a kind of which its file says nothing."""
        self._ask(client, "POST", f"{script}/subdomain", json={"enabled": said.has_address})
        if said.crons is not None:
            self._ask(client, "PUT", f"{script}/schedules", json=[{"cron": one} for one in said.crons])
        if said.routes:
            self._ask(client, "PUT", f"{script}/routes", json=[{"pattern": one} for one in said.routes])
        if said.domains:
            hosts = [{"hostname": one} for one in said.domains]
            self._ask(client, "PUT", f"{script}/domains/records", json={"origins": hosts})

    def put_live(self, worker: Worker, environment: str, release: Release, message: str) -> None:
        """Deploy a script that does not exist yet with the one request that counts, to set a scene quickly."""
        script = f"/workers/scripts/{worker.script.format(environment=environment)}"
        form = self._form(worker, environment, release, message)
        with self._client() as client:
            self._upload(client, script, form, message, exists=False)

    def migrate(
        self, folder: str, environment: str, effect: ApplyMigrations, tell: Callable[[str], None]
    ) -> None:
        """Apply those files of an effect that the ledger does not hold, one request a file."""
        del folder, environment
        files = {one.name: one.sql for one in effect.migrations}
        query = f"/d1/database/{self._databases[effect.database.name]}/query"
        ledger = '"' + effect.database.table.replace('"', '""') + '"'
        with self._client() as client:
            self._ask(client, "POST", query, json={"sql": LEDGER.format(ledger)})
            rows = self._ask(client, "POST", query, json={"sql": f"SELECT * FROM {ledger} ORDER BY id"})  # noqa: S608
            applied = {row["name"] for row in rows[0]["results"]}
            for name in (name for name in effect.rules.ordered(files) if name not in applied):
                noted = name.replace("'", "''")
                note = f"INSERT INTO {ledger} (name)\nvalues ('{noted}');"  # wrangler's words
                text = files[name].decode(errors="replace")
                self._ask(client, "POST", query, json={"sql": f"{text}\n{note}"})
                tell(f"{name} applied")

    def _upload(
        self, client: httpx.Client, script: str, form: Mapping[str, Any], message: str, *, exists: bool
    ) -> str:
        if not exists:
            path = f"{script}?excludeScript=true&bindings_inherit=strict"
            digits = str(self._ask(client, "PUT", path, files=form, tries=_TRIES)["deployment_id"])
            parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
            return "-".join(parts)
        path = f"{script}/versions?bindings_inherit=strict"
        version_id = str(self._ask(client, "POST", path, files=form, tries=_TRIES)["id"])
        body = {
            "strategy": "percentage",
            "versions": [{"version_id": version_id, "percentage": 100}],
            "annotations": {"workers/message": message},
        }
        self._ask(client, "POST", f"{script}/deployments", json=body)
        return version_id

    def _form(self, worker: Worker, environment: str, release: Release, message: str) -> dict[str, Any]:
        filled = {"version": release.version, "commit": release.commit, "tag": release.tag}
        bindings: list[dict[str, str]] = [
            {"type": "plain_text", "name": name, "text": value.format(**filled)}
            for name, value in worker.vars.items()
        ]
        written = self._written(worker, environment)
        bindings += [
            *written.bindings,
            *self._databases_of(worker, environment, {one["name"] for one in written.bindings}),
        ]
        metadata = {
            "main_module": "index.js",
            "compatibility_date": written.date,
            "compatibility_flags": written.flags,
            "bindings": bindings,
            "annotations": {"workers/tag": release.annotation, "workers/message": message[:100]},
        }
        return {
            "metadata": (None, json.dumps(metadata).encode(), "application/json"),
            "index.js": ("index.js", self._bundle(worker), "application/javascript+module"),
        }

    def _databases_of(self, worker: Worker, environment: str, known: set[str]) -> list[dict[str, str]]:
        """The databases of the release's own configuration that wrangler's does not bind."""
        found = [
            {"type": "d1", "name": one.binding or "DB", "id": self._databases[place.databases[one.name]]}
            for place in self._config.environments.values()
            for one in self._config.databases
            if place.wrangler == environment and one.worker == worker.name and one.name in place.databases
        ]
        return [one for one in found if one["name"] not in known]

    def _written(self, worker: Worker, environment: str) -> Written:
        """What the worker's wrangler configuration says, where it has one."""
        place = next(
            (one.config for one in self._config.environments.values() if one.wrangler == environment), ""
        )
        paths = candidates(worker.path, place, worker.config)
        file = next((path for path in paths if (self._config.root / path).is_file()), None)
        if file is None:
            return Written()
        return written(parse(file, (self._config.root / file).read_bytes()), environment, self._databases)

    def _bundle(self, worker: Worker) -> bytes:
        """What a build would make: the version that lies in the work tree now, and the worker's code."""
        app, root = self._config.app, self._config.root
        version = value_at((root / app.manifest).read_bytes(), ("version",), app.manifest)
        source = root / worker.path / SOURCE
        code = source.read_bytes() if source.is_file() else b""
        return f'var version = "{version}";\n'.encode() + code

    def _client(self) -> httpx.Client:
        import httpx

        # without verification no certificates are loaded, which would take longer than a whole release here
        return httpx.Client(headers=self._headers, verify=False, trust_env=False, timeout=30)  # noqa: S501

    def _ask(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        *,
        fine: frozenset[int] = _NONE,
        tries: int = 1,
        **sent: Any,  # noqa: ANN401  # what httpx takes
    ) -> Any:  # noqa: ANN401  # any JSON
        """The result of a request; None where the answer is one of `fine`."""
        import httpx

        try:
            answer = client.request(method, self._account + path, **sent)
        except httpx.TransportError as error:
            if tries > 1:
                return self._ask(client, method, path, fine=fine, tries=tries - 1, **sent)
            raise EffectError(f"wrangler failed: fetch failed ({method} {path.partition('?')[0]})") from error
        if answer.status_code in fine:
            return None
        if answer.status_code >= _SERVER_FAULT and tries > 1:
            return self._ask(client, method, path, fine=fine, tries=tries - 1, **sent)
        return _result(answer)


def _result(answer: httpx.Response) -> Any:  # noqa: ANN401
    try:
        envelope = answer.json()
        if envelope["success"]:
            return envelope["result"]
        told = "; ".join(f"{error['message']} [code: {error['code']}]" for error in envelope["errors"])
    except (ValueError, KeyError, TypeError):
        told = f"received a malformed response from the API ({answer.status_code})"
    raise EffectError(f"wrangler failed: {told}")
