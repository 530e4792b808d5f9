"""Cloudflare's API: what is live, what the database holds, and the two writes that wrangler is not needed for.

The requests and answers are those of `docs/architecture.md`, "Cloudflare"; all reads go over HTTP, since a
wrangler process takes about a second and an HTTP request some milliseconds.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release.errors import CannotReadError, EffectError
from release.formats.cloudflare_settings import version_settings
from release.formats.wrangler_migrations import LEDGER
from release.model.deployment import Database, SchemaObject, WorkerDeployment
from release.systems.cloudflare.messages import base_of, closed, kept, messages, rollbacks, seconds
from release.systems.web.http import PassingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.systems.web.http import Answer, Http

DEFAULT_URL = "https://api.cloudflare.com/client/v4"
NO_ROUTE = frozenset({7000, 7003})  # "Could not route": the account id is none, which is not a missing script
UNAUTHORIZED = frozenset({401, 403})
_TABLES = (
    "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY type, name"
)


@contextmanager
def _known_form() -> Iterator[None]:
    """Around what takes an answer apart: a form that this tool does not know is an answer that cannot be read."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise CannotReadError(
            f"Cloudflare's API answered in a form that this tool does not know ({type(error).__name__}: {error}).",
            "Update this tool, then run the same command again.",
        ) from error


class RefusedError(CannotReadError):
    """Cloudflare itself says no, in its own JSON; `missing` where it says that there is no such thing."""

    def __init__(self, what: str, *, missing: bool) -> None:
        super().__init__(what)
        self.missing = missing


class Cloudflare:
    """One account behind one token. Reads raise CannotReadError, writes EffectError."""

    def __init__(self, http: Http, environ: Mapping[str, str]) -> None:
        self._http = http
        self._url = environ.get("CLOUDFLARE_API_BASE_URL", DEFAULT_URL).rstrip("/")
        self._account = f"{self._url}/accounts/{quote(environ.get('CLOUDFLARE_ACCOUNT_ID', ''), safe='')}"
        self._headers = {"authorization": f"Bearer {environ.get('CLOUDFLARE_API_TOKEN', '')}"}
        self._uuids: dict[str, str] = {}
        http.know(self._url, "Cloudflare's API", "Ctrl-C stops; cloudflarestatus.com says whether it is down")

    @_known_form()
    def live(self, script: str) -> WorkerDeployment | None:
        """What serves a script now; None when it was never deployed."""
        deployments = self.deployments(script)
        if not deployments:
            return None
        newest = deployments[0]
        shares = tuple((str(v["version_id"]), float(v["percentage"])) for v in newest.get("versions", ()))
        shares = tuple(sorted(shares, key=lambda share: -share[1]))
        version = self.version(script, shares[0][0]) if shares else {}
        annotations = version.get("annotations") or {}
        told = messages(deployments)[0] or annotations.get("workers/message")
        return WorkerDeployment(
            script,
            shares,
            annotations.get("workers/tag"),
            told,
            closed(deployments),
            tuple(filter(None, map(base_of, messages(deployments)))),
            _bound(version),
            rollbacks(deployments),
            str(newest.get("author_email") or ""),
            seconds(newest.get("created_on")),
            str(newest.get("source") or ""),
            version_settings(version),
        )

    @_known_form()
    def secrets(self, script: str) -> frozenset[str]:
        """The names of a script's secrets; none when it was never deployed."""
        found = self.get(f"/workers/scripts/{quote(script, safe='')}/secrets", missing_ok=True)
        return frozenset(str(one["name"]) for one in found or ())

    @_known_form()
    def deployments(self, script: str) -> list[dict[str, Any]]:
        """The deployments of a script, newest first, as the API gives them; none when it was never deployed."""
        result = self.get(f"/workers/scripts/{quote(script, safe='')}/deployments", missing_ok=True)
        return list((result or {}).get("deployments", []))

    @_known_form()
    def versions(self, script: str) -> list[dict[str, Any]]:
        """The versions of a script that can be deployed, newest first, with their annotations."""
        result = self.get(
            f"/workers/scripts/{quote(script, safe='')}/versions?deployable=true", missing_ok=True
        )
        return list((result or {}).get("items", []))

    @_known_form()
    def version(self, script: str, version_id: str) -> dict[str, Any]:
        """One version as the API gives it; empty when Cloudflare no longer lists it."""
        path = f"/workers/scripts/{quote(script, safe='')}/versions/{quote(version_id, safe='')}"
        return dict(self.get(path, missing_ok=True) or {})

    @_known_form()
    def database(self, name: str, table: str = LEDGER) -> Database:
        """Ledger, kept in `table`, and schema of a D1 database. Reading writes nothing: no table is created."""
        uuid, noted = self._uuid(name), f"SELECT name FROM {_identifier(table)} ORDER BY id"  # noqa: S608 - quoted
        try:
            rows, listed = self._queries(uuid, f"{_TABLES}; {noted}")
        except (RefusedError, ValueError):  # there is no such table, most likely: asked one by one
            rows, listed = self.query(uuid, _TABLES), None
        schema = tuple(SchemaObject(str(r["type"]), str(r["name"]), str(r["sql"] or "")) for r in rows)
        ledger: tuple[str, ...] | None = None
        own = [entry for entry in schema if entry.name.lower() == table.lower()]  # as SQLite compares names
        if any(entry.kind == "table" for entry in own):
            listed = self.query(uuid, noted) if listed is None else listed
            ledger = tuple(str(row["name"]) for row in listed)
        return Database(name, uuid, ledger, tuple(entry for entry in schema if entry not in own), table)

    @_known_form()
    def bookmark(self, database: Database) -> str:
        """The Time Travel bookmark of this moment."""
        return str(self.get(f"/d1/database/{database.uuid}/time_travel/bookmark")["bookmark"])

    @_known_form()
    def query(self, uuid: str, sql: str) -> list[dict[str, Any]]:
        """The rows of one statement that only reads."""
        return next(iter(self._queries(uuid, sql)), [])

    def _queries(self, uuid: str, sql: str) -> list[list[dict[str, Any]]]:
        """The rows of each of the statements."""
        answer = self._ask("POST", f"/d1/database/{uuid}/query", {"sql": sql})
        return [list(one.get("results", [])) for one in _result(answer) or ()]

    def insert_ledger(self, database: Database, names: tuple[str, ...]) -> None:
        """Note migrations as applied, all in one request, in wrangler's own table."""
        ledger = _identifier(database.table)
        table = (
            f"CREATE TABLE IF NOT EXISTS {ledger}(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, "
            "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);"
        )
        rows = "".join(
            f"INSERT OR IGNORE INTO {ledger}(name) VALUES ({_quoted(name)});"  # noqa: S608 - quoted right here
            for name in names
        )
        self.write("POST", f"/d1/database/{database.uuid}/query", {"sql": table + rows})

    def deploy_version(self, script: str, version_id: str, message: str) -> None:
        """Give a version that exists all the traffic of its script."""
        self.write(
            "POST",
            f"/workers/scripts/{quote(script, safe='')}/deployments",
            {
                "strategy": "percentage",
                "versions": [{"version_id": version_id, "percentage": 100}],
                "annotations": {"workers/message": kept(message)},
            },
        )

    @_known_form()
    def _uuid(self, name: str) -> str:
        if name not in self._uuids:
            found = self.get(f"/d1/database?name={quote(name, safe='')}")
            uuids = [str(entry["uuid"]) for entry in found if entry.get("name") == name]
            if not uuids:
                raise CannotReadError(
                    f"Cloudflare has no D1 database {name} in this account.",
                    "Check `database` in [tool.release.environments] and CLOUDFLARE_ACCOUNT_ID.",
                )
            self._uuids[name] = uuids[0]
        return self._uuids[name]

    def get(self, path: str, *, missing_ok: bool = False, of_account: bool = True) -> Any:  # noqa: ANN401
        """The result at a path of the account; with `missing_ok` None where Cloudflare says that there is none."""
        answer = self._ask("GET", path, of_account=of_account)
        try:
            return _result(answer)
        except RefusedError as error:
            if missing_ok and error.missing:
                return None
            raise

    def _ask(self, method: str, path: str, json: object = None, *, of_account: bool = True) -> Answer:
        url = (self._account if of_account else self._url) + path
        try:
            return self._http.read(url, method=method, headers=self._headers, json=json)
        except PassingError as error:
            raise CannotReadError(
                f"Cloudflare's API cannot be read: {error}.",
                "Look at cloudflarestatus.com, then run the same command again.",
            ) from error

    def write(self, method: str, path: str, json: object = None) -> Any:  # noqa: ANN401 - JSON
        """What a write of the account answers. Raises EffectError."""
        try:
            return _result(self._http.send(method, self._account + path, headers=self._headers, json=json))
        except (PassingError, CannotReadError) as error:
            raise EffectError(f"Cloudflare's API refused a write: {error}.") from error


def _bound(version: dict[str, Any]) -> frozenset[str] | None:
    """The names that a version binds; None where the answer has no list of them."""
    found = (version.get("resources") or {}).get("bindings")
    return None if found is None else frozenset(str(one["name"]) for one in found)


def _identifier(name: str) -> str:
    """A name in SQL, as wrangler writes it."""
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _result(answer: Answer) -> Any:  # noqa: ANN401
    try:
        envelope = answer.json()
        errors = [(int(e.get("code", 0)), str(e.get("message", ""))) for e in envelope.get("errors") or ()]
        if envelope.get("success"):
            return envelope["result"]
    except (ValueError, AttributeError, KeyError, TypeError):
        raise CannotReadError(
            f"Cloudflare's API answered {answer.status} with something that is not its JSON.",
            "Check CLOUDFLARE_API_BASE_URL, or look at cloudflarestatus.com, then run again.",
        ) from None
    said = "; ".join(f"{message} ({code})" for code, message in errors) or f"HTTP {answer.status}"
    if answer.status in UNAUTHORIZED or any(code in {9109, 10000} for code, _ in errors):
        raise CannotReadError(
            f"Cloudflare refuses the token: {said}.",
            "CLOUDFLARE_API_TOKEN needs Workers Scripts: Edit and D1: Edit on this account; check CLOUDFLARE_ACCOUNT_ID too.",
        )
    missing = answer.status == 404 and not NO_ROUTE & {code for code, _ in errors}  # noqa: PLR2004
    raise RefusedError(f"Cloudflare's API said: {said}.", missing=missing)
