"""The forge: one port that serves git and REST over one bare repository, kept in one folder."""

from __future__ import annotations

import base64
import hmac
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from werkzeug.wrappers import Response

from release.rehearsal.forge import githttp, judge, permissions, routes, store
from release.rehearsal.forge.account import RateLimit
from release.rehearsal.forge.answers import Call, Refusal, json_object, not_found
from release.rehearsal.forge.bare import Bare
from release.rehearsal.forge.contract import API_PREFIX
from release.rehearsal.forge.events import Events
from release.rehearsal.forge.repository import Repository
from release.rehearsal.forge.shapes import Shapes
from release.rehearsal.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.forge.githttp import RefUpdate

_READS = ("GET", "HEAD")
_SHOWN = 120


@dataclass(frozen=True)
class Write:
    """One write that reached the forge: over REST, or a push with its ref updates; status is HTTP's."""

    method: str
    path: str
    summary: str
    status: int
    updates: tuple[RefUpdate, ...] = ()


class Forge(Events):
    """A GitHub of one repository on 127.0.0.1, for rehearsals and tests.

    `tokens` maps each accepted token to a login; requests without one are refused with 401. A token with an entry
    in `permissions` may do only that, in the words of a workflow's `permissions:`. `before` and
    `after` see every request (see Loopback). With `contract` each REST answer is held against GitHub's own
    description, with `strict` each request too; one that differs becomes a 500, and is kept in `failures`.
    `ci` names a check that is green on each commit that is pushed to the default branch; nothing runs for it.
    """

    def __init__(self, directory: Path, owner: str, name: str, token: str, *, port: int = 0) -> None:
        """Open the forge whose state is in `directory`, or make it; nothing listens yet."""
        directory.mkdir(parents=True, exist_ok=True)
        self.owner, self.name, self.token = owner, name, token
        self.tokens: dict[str, str] = {token: "releaser"}
        self.permissions: dict[str, Mapping[str, str]] = {}
        self.bare = Bare((directory / "repository.git").absolute())
        self.log: list[Write] = []
        self.rate_limit = RateLimit()
        self.contract = self.strict = False
        self.ci: str | None = None
        self.loopback = Loopback(self._serve, port=port)
        self._file = directory / "state.json"
        self._state = store.load(self._file)
        self._guard = threading.RLock()

    @property
    def repository(self) -> Path:
        """The bare repository's folder; its `hooks` work as on any server."""
        return self.bare.folder

    @property
    def server_url(self) -> str:
        """What GITHUB_SERVER_URL is to be."""
        return self.loopback.url

    @property
    def api_url(self) -> str:
        """What GITHUB_API_URL is to be."""
        return f"{self.loopback.url}{API_PREFIX}"

    @property
    def clone_url(self) -> str:
        """The remote's address, without a token in it."""
        return f"{self.loopback.url}/{self.owner}/{self.name}.git"

    @property
    def before(self) -> Callable[[Request], Response | None] | None:
        """Called with each request; a Response that it returns is sent instead."""
        return self.loopback.before

    @before.setter
    def before(self, hook: Callable[[Request], Response | None] | None) -> None:
        self.loopback.before = hook

    @property
    def after(self) -> Callable[[Request, Response], Response] | None:
        """Called with each request and its answer, which it may exchange."""
        return self.loopback.after

    @after.setter
    def after(self, hook: Callable[[Request, Response], Response] | None) -> None:
        self.loopback.after = hook

    @property
    def failures(self) -> list[str]:
        """Tracebacks of what the forge could not answer: a bug of it, or a breach of the contract."""
        return self.loopback.failures

    def git_environment(self, token: str | None = None) -> dict[str, str]:
        """Variables that make git send the token to this forge alone; it is in no argument and no URL."""
        credentials = base64.b64encode(f"x-access-token:{token or self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server_url}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {credentials}",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def start(self) -> Self:
        """Listen; on return the forge answers. Raises OSError when a given port is taken."""
        self.loopback.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection; the state is on disk already."""
        self.loopback.stop()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _save(self) -> None:
        store.save(self._state, self._file)

    def _serve(self, request: Request) -> Response:
        raw_path = str(request.environ["RAW_URI"]).partition("?")[0]
        token = self._token(request)
        login = self.tokens.get(token, "")
        page = f"/{self.owner}/{self.name}"  # GitHub's git answers below it, with .git and without
        if raw_path.startswith((f"{page}.git/", f"{page}/")):
            return self._serve_git(request, raw_path.removeprefix(page).removeprefix(".git"), login)
        if not raw_path.startswith(f"{API_PREFIX}/"):
            return Response("Not Found", 404)
        response = self._serve_rest(request, raw_path.removeprefix(API_PREFIX), login)
        response.headers.update(self.rate_limit.headers())
        return response

    def _token(self, request: Request) -> str:
        """The token that the request carries; empty when none that is known."""
        sent = request.authorization
        if sent is None:
            # GitHub's own word for a bearer token
            token = request.headers.get("Authorization", "").removeprefix("token ")
        else:
            token = (sent.password if sent.type == "basic" else sent.token) or ""
        return next((known for known in self.tokens if hmac.compare_digest(known, token)), "")

    def _serve_git(self, request: Request, path: str, login: str) -> Response:
        if not login:
            challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
            return Response("Invalid username or token.\n", 401, challenge)
        is_push = "git-receive-pack" in (path.removeprefix("/"), request.args.get("service", ""))
        granted = self.permissions.get(self._token(request))
        if not permissions.may(granted, "contents", write=is_push):
            return Response(f"Permission to {self.owner}/{self.name}.git denied to {login}.\n", 403)

        def pushed(updates: tuple[RefUpdate, ...]) -> None:
            summary = ", ".join(f"{u.name} {'ok' if u.accepted else 'refused'}" for u in updates)
            self.log.append(Write(request.method, request.path, summary, 200, updates))
            for update in updates if self.ci else ():
                if update.accepted and update.name == f"refs/heads/{self.bare.default_branch}":
                    self.add_check_run(update.new, self.ci or "")

        return githttp.serve(self.bare, request, path, login, pushed)

    def _serve_rest(self, request: Request, path: str, login: str) -> Response:
        if self.strict:
            judge.request(request, path)
        with self._guard:
            try:
                response = self._answer(request, path, login)
            except Refusal as refusal:
                response = refusal.response()
            if request.method not in _READS:
                self._save()
                summary = request.get_data(as_text=True)[:_SHOWN]
                self.log.append(Write(request.method, path, summary, response.status_code))
        if self.contract:
            judge.answer(request.method, path, response)
        return response

    def _answer(self, request: Request, path: str, login: str) -> Response:
        if not login:
            sent = "Authorization" in request.headers
            raise Refusal(401, "Bad credentials" if sent else "Requires authentication")
        if path == "/rate_limit":
            return self.rate_limit.overview().response(Call(request.method, "", {}, {}, {}, login))
        self.rate_limit.take()
        permissions.check_rest(self.permissions.get(self._token(request)), request.method, path)
        found = routes.find(request.method, path)
        if found is None:
            raise not_found()
        handler, variables = found
        if (variables.get("owner", self.owner), variables.get("repo", self.name)) != (self.owner, self.name):
            raise not_found()
        body = json_object(request)
        call = Call(request.method, f"{self.api_url}{path}", variables, request.args.to_dict(), body, login)
        shapes = Shapes(self.server_url, self.api_url, self.owner, self.name, self.bare.default_branch)
        return handler(Repository(self.bare, self._state, shapes), call).response(call)
