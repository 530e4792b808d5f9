"""The requests that wrangler makes, answered: routes, the token, and the log of what changed."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache
from typing import TYPE_CHECKING

from release.rehearsal.cloud import around, assets, beside, databases, provisioning, scripts
from release.rehearsal.cloud.backend import AUTHOR
from release.rehearsal.cloud.envelope import Answer, ApiError, Write, accepted, refused
from release.rehearsal.cloud.runtime import RuntimeGoneError
from release.rehearsal.cloud.statements import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.routing import Map
    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.backend import Backend

    Handler = Callable[..., Answer]

ROOT = "/client/v4"
NOT_RUN = f"{ROOT}/rehearsal/not-run"  # no route of Cloudflare's: what `inv rehearse` says in one line
WRITE_KEY = "cloud.write"  # where a request that changed something carries its Write, for who comes after
_UNAUTHENTICATED = 10000
_NOT_YOURS = 9109
_NO_ROUTE = 7003
_INTERNAL = 10013
_READING = re.compile(r"\s*(SELECT|PRAGMA|WITH)\b[^;]*;?\s*", re.IGNORECASE)


class Api:
    """Answers requests for one account. `log` grows by a Write with each change, in their order.

    `unrouted` keeps each request that is not known here: it got an empty answer. `read_tokens` are further tokens,
    with permission to read alone.
    """

    def __init__(self, backend: Backend, token: str) -> None:
        """Answer for this account, to requests with its token."""
        self.backend = backend
        self.log: list[Write] = []
        self.unrouted: list[str] = []
        self.read_tokens: set[str] = set()
        self._token = token
        self._routes = _routes()

    def __call__(self, request: Request) -> Response:
        """Answer one request, always with Cloudflare's envelope."""
        try:
            if request.path.startswith(databases.FILES):
                return self._file(request)
            self._authenticate(request)
            if request.path == NOT_RUN:
                return accepted(around.not_run(self.backend, self.unrouted))
            return accepted(self._result(request))
        except ApiError as error:
            return refused(error)
        except RuntimeGoneError as error:
            return refused(ApiError(503, _INTERNAL, str(error)))
        finally:
            request.close()  # an upload's parts are temporary files

    def _authenticate(self, request: Request) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise ApiError(401, _UNAUTHENTICATED, "Authentication error")
        if hmac.compare_digest(given.encode(), self._token.encode()):
            return
        if assets.opens(self.backend, request.path, given):
            return
        if given not in self.read_tokens:
            raise ApiError(401, _UNAUTHENTICATED, "Authentication error")
        if not _reads(request):
            raise ApiError(403, _UNAUTHENTICATED, "Authentication error")

    def _result(self, request: Request) -> object:
        import msgspec
        from werkzeug.exceptions import HTTPException

        try:
            handler, found = self._routes.bind("").match(request.path, request.method)
        except HTTPException:
            if not request.path.startswith(f"{ROOT}/accounts/{self.backend.account_id}/"):
                message = f"Could not route to {request.path}, perhaps your object identifier is invalid?"
                raise ApiError(404, _NO_ROUTE, message) from None
            self.unrouted.append(f"{request.method} {request.path}")
            handler, found = around.unknown, {}
        parts = dict(found)
        account = parts.pop("account", self.backend.account_id)
        if account != self.backend.account_id:
            raise ApiError(403, _NOT_YOURS, "Unauthorized to access requested resource")
        try:
            return self._answered(request, handler, parts)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(400, databases.BAD_REQUEST, f"The request could not be read: {error}") from error

    def _answered(self, request: Request, handler: Handler, parts: dict[str, str]) -> object:
        if request.method == "GET":
            return handler(self.backend, request, **parts).result
        with self.backend.store.guard:
            answer = handler(self.backend, request, **parts)
            if answer.write:
                path = request.path.removeprefix(f"{ROOT}/accounts/{self.backend.account_id}")
                write = Write(request.method, path, answer.write)
                request.environ[WRITE_KEY] = write
                self.log.append(write)
        return answer.result

    def _file(self, request: Request) -> Response:
        """PUT and GET of a file whose address is the secret, as in Cloudflare's R2; no token goes with it."""
        from werkzeug.wrappers import Response

        name = request.path.removeprefix(databases.FILES)
        if request.method == "PUT":
            content = self.backend.files[name] = request.get_data()
            return Response("", headers={"ETag": hashlib.md5(content, usedforsecurity=False).hexdigest()})
        content = self.backend.files.get(name, b"")
        return Response(content, 200 if content else 404, content_type="application/sql")


def _token_state(_: Backend, __: Request) -> Answer:
    return Answer({"id": "0" * 32, "status": "active"})


def _user(_: Backend, __: Request) -> Answer:
    return Answer({"id": "0" * 32, "email": AUTHOR})


def _accounts(backend: Backend, _: Request) -> Answer:
    return Answer([{"id": backend.account_id, "name": "Rehearsal", "type": "standard"}])


def _account(backend: Backend, _: Request) -> Answer:
    return Answer({"id": backend.account_id, "name": "Rehearsal", "type": "standard"})


def _memberships(backend: Backend, _: Request) -> Answer:
    account = {"id": backend.account_id, "name": "Rehearsal"}
    return Answer([{"id": "0" * 32, "status": "accepted", "account": account, "roles": []}])


_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/user/tokens/verify", _token_state),
    ("GET", "/user", _user),
    ("GET", "/accounts", _accounts),
    ("GET", "/memberships", _memberships),
    ("GET", "A", _account),
    ("GET", "A/workers/subdomain", beside.subdomain),
    ("GET", "A/workers/services/<name>", scripts.service),
    ("GET", "A/workers/workers/<name>", beside.worker),
    ("GET", "A/workers/scripts", scripts.listing),
    ("PUT", "S", scripts.put_script),
    ("GET", "S/settings", scripts.settings),
    ("PATCH", "S/settings", scripts.patch_settings),
    ("GET", "S/script-settings", beside.script_settings),
    ("PATCH", "S/script-settings", beside.patch_script_settings),
    ("GET", "S/subdomain", beside.script_subdomain),
    ("POST", "S/subdomain", beside.post_script_subdomain),
    ("GET", "S/versions", scripts.versions),
    ("POST", "S/versions", scripts.post_version),
    ("GET", "S/versions/<version_id>", scripts.version),
    ("GET", "S/deployments", scripts.deployments),
    ("POST", "S/deployments", scripts.post_deployment),
    ("GET", "S/secrets", scripts.secrets),
    ("PUT", "S/secrets", scripts.put_secret),
    ("DELETE", "S/secrets/<secret>", scripts.delete_secret),
    ("POST", "S/assets-upload-session", assets.session),
    ("POST", "A/workers/assets/upload", assets.upload),
    ("GET", "S/schedules", around.schedules),
    ("PUT", "S/schedules", around.schedules),
    ("GET", "S/routes", around.routes),
    ("PUT", "S/routes", around.routes),
    ("POST", "S/domains/changeset", around.domains),
    ("PUT", "S/domains/records", around.domains),
    ("GET", "A/queues", around.queues),
    ("POST", "A/queues", around.new_queue),
    ("PUT", "A/queues/<queue>", around.queue),
    ("GET", "A/workflows/<workflow>", around.workflow),
    ("PUT", "A/workflows/<workflow>", around.workflow),
    ("GET", "A/queues/<queue>/consumers", around.consumers),
    ("POST", "A/queues/<queue>/consumers", around.consumers),
    ("PUT", "A/queues/<queue>/consumers/<consumer>", around.consumers),
    ("DELETE", "A/queues/<queue>/consumers/<consumer>", around.consumers),
    ("GET", "A/r2/buckets/<bucket>", around.bucket),
    ("GET", "A/workers/domains", beside.all_domains),
    ("GET", "/zones", around.zones),
    ("GET", "/zones/<zone>/workers/routes", beside.zone_routes),
    ("GET", "A/storage/kv/namespaces", provisioning.no_namespaces),
    ("POST", "A/storage/kv/namespaces", provisioning.new_namespace),
    ("GET", "A/r2/buckets", provisioning.no_buckets),
    ("POST", "A/r2/buckets", provisioning.new_bucket),
    ("GET", "A/d1/database", databases.listing),
    ("POST", "A/d1/database", databases.create),
    ("GET", "Q", databases.info),
    ("POST", "Q/query", databases.query),
    ("POST", "Q/import", databases.import_file),
    ("POST", "Q/export", databases.export),
    ("GET", "Q/time_travel/bookmark", databases.bookmark),
    ("POST", "Q/time_travel/restore", databases.restore),
)
_PREFIXES = {
    "A": "/accounts/<account>",
    "S": "/accounts/<account>/workers/scripts/<name>",
    "Q": "/accounts/<account>/d1/database/<uuid>",
}


def _reads(request: Request) -> bool:
    """Whether a request changes nothing: a GET, or a query of D1 whose statements only read."""
    if request.method == "GET":
        return True
    body = request.get_json(force=True, silent=True) if request.path.endswith("/query") else None
    if not isinstance(body, dict):
        return False
    sent = [str(one.get("sql", "")) for one in (body.get("batch") or [body])]
    statements = [statement for sql in sent for statement in split(sql)]
    return all(_READING.fullmatch(sql) for sql in statements)


@cache
def _routes() -> Map:
    from werkzeug.routing import Map, Rule

    return Map(
        [Rule(ROOT + _path(short), methods=[method], endpoint=handler) for method, short, handler in _TABLE]
    )


def _path(short: str) -> str:
    """Write out the letter that a path of the table begins with."""
    head, slash, rest = short.partition("/")
    return _PREFIXES.get(head, head) + slash + rest
