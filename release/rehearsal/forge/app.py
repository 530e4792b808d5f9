"""The forge: one port that serves git and REST over one bare repository, kept in one folder."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from release.rehearsal.forge import access, githttp, routes
from release.rehearsal.forge.answers import Call, Refusal, check_body, json_object, not_found
from release.rehearsal.forge.contract import API_PREFIX, github
from release.rehearsal.forge.events import Events
from release.rehearsal.forge.repository import Repository, Shapes
from release.rehearsal.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.forge.githttp import RefUpdate

_SHOWN = 120


@dataclass(frozen=True)
class Write:
    """One write that reached the forge: over REST, or a push with its ref updates; status is HTTP's."""

    method: str
    path: str
    summary: str
    status: int
    updates: tuple[RefUpdate, ...] = ()


class Forge(Events, Loopback):
    """A GitHub of one repository on 127.0.0.1, for rehearsals and tests.

    `tokens` maps each accepted token to a login; requests without one are refused with 401. A token with an entry
    in `permissions` may do only that, in the words of a workflow's `permissions:`. `before` and
    `after` see every request (see Loopback). With `contract` each REST answer is held against GitHub's own
    description, with `strict` each request too; one that differs becomes a 500, and is kept in `failures`.
    `ci` names a check that is green on each commit that is pushed to the default branch; nothing runs for it.
    `page` gives the text of a page below the repository's, such as that of a run.
    """

    def __init__(self, directory: Path, owner: str, name: str, token: str, *, port: int = 0) -> None:
        """Open the forge whose state is in `directory`, or make it; nothing listens yet."""
        Events.__init__(self, directory)
        Loopback.__init__(self, self._serve, port=port)
        self.owner, self.name, self.token = owner, name, token
        self.tokens: dict[str, str] = {token: "releaser"}
        self.permissions: dict[str, Mapping[str, str]] = {}
        self.log: list[Write] = []
        self.rate_limit = access.RateLimit()
        self.contract = self.strict = False
        self.ci: str | None = None
        self.page: Callable[[str], str | None] = lambda _: None

    @property
    def server_url(self) -> str:
        """What GITHUB_SERVER_URL is to be."""
        return self.url

    @property
    def api_url(self) -> str:
        """What GITHUB_API_URL is to be."""
        return f"{self.url}{API_PREFIX}"

    @property
    def clone_url(self) -> str:
        """The remote's address, without a token in it."""
        return f"{self.url}/{self.owner}/{self.name}.git"

    def git_environment(self, token: str | None = None) -> dict[str, str]:
        """Variables that make git send the token to this forge alone; it is in no argument and no URL."""
        credentials = base64.b64encode(f"x-access-token:{token or self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server_url}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {credentials}",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def _serve(self, request: Request) -> Response:
        raw_path = str(request.environ["RAW_URI"]).partition("?")[0]
        token = access.token_of(request, self.tokens)
        page = f"/{self.owner}/{self.name}"  # GitHub's git answers below it, with .git and without
        if (said := self.page(raw_path.removeprefix(page))) is not None:
            return Response(said, 200, content_type="text/plain; charset=utf-8")
        if raw_path.startswith((f"{page}.git/", f"{page}/")):
            return self._serve_git(request, raw_path.removeprefix(page).removeprefix(".git"), token)
        if not raw_path.startswith(f"{API_PREFIX}/"):
            return Response("Not Found", 404)
        response = self._serve_rest(request, raw_path.removeprefix(API_PREFIX), token)
        response.headers.update(self.rate_limit.headers())
        return response

    def _serve_git(self, request: Request, path: str, token: str) -> Response:
        if not token:
            challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
            return Response("Invalid username or token.\n", 401, challenge)
        login = self.tokens[token]
        is_push = "git-receive-pack" in (path.removeprefix("/"), request.args.get("service", ""))
        if not access.may(self.permissions.get(token), "contents", write=is_push):
            return Response(f"Permission to {self.owner}/{self.name}.git denied to {login}.\n", 403)

        def pushed(updates: tuple[RefUpdate, ...]) -> None:
            summary = ", ".join(f"{u.name} {'ok' if u.accepted else 'refused'}" for u in updates)
            self.log.append(Write(request.method, request.path, summary, 200, updates))
            for update in updates if self.ci else ():
                if update.accepted and update.name == f"refs/heads/{self.bare.default_branch}":
                    self.add_check_run(update.new, self.ci or "")

        return githttp.serve(self.bare, request, path, login, pushed)

    def _serve_rest(self, request: Request, path: str, token: str) -> Response:
        if self.strict:
            query = request.query_string.decode("ascii", "replace")
            github().check_request(request.method, path, query, request.get_data())
        found = routes.find(request.method, path)
        with self._changing() if request.method not in access.READS else self._guard:
            try:
                response = self._handled(request, path, token, found)
            except Refusal as refusal:
                response = refusal.response()
            if request.method not in access.READS:
                summary = request.get_data(as_text=True)[:_SHOWN]
                self.log.append(Write(request.method, path, summary, response.status_code))
        if self.contract and found:
            kind = response.content_type or ""
            github().check_answer(found.operation, response.status_code, kind, response.get_data())
        return response

    def _handled(self, request: Request, path: str, token: str, found: routes.Found | None) -> Response:
        if not token:
            sent = "Authorization" in request.headers
            raise Refusal(401, "Bad credentials" if sent else "Requires authentication")
        if path != "/rate_limit":  # which is free
            self.rate_limit.take()
        if found is None:
            raise not_found()
        access.check(self.permissions.get(token), found.permission, request.method)
        variables = found.variables
        if (variables.get("owner", self.owner), variables.get("repo", self.name)) != (self.owner, self.name):
            raise not_found()
        body = json_object(request)
        check_body(found.operation, body)
        call = Call(f"{self.api_url}{path}", variables, request.args.to_dict(), body, self.tokens[token])
        shapes = Shapes(self.server_url, self.api_url, self.owner, self.name, self.bare.default_branch)
        repository = Repository(self.bare, self._state, shapes, self.rate_limit)
        return found.handler(repository, call).response(call, found.operation)
