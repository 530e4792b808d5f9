"""The health route of a worker, as its source tells: which path, and what it answers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.commands.init.repository import Repository
    from release.commands.init.workers import Found

DEFAULT = "/api/health"  # as the configuration has it
SOURCES = (".js", ".mjs", ".ts", ".tsx", ".jsx")
_NAMES = "health|healthz|healthcheck|health-check|livez|readyz|_health|status|ping"
_ROUTE = re.compile(rf"""["'`](?:[A-Z]+ )?(/(?:[a-z0-9_.-]+/)*(?:{_NAMES}))["'`]""")
_FILE = re.compile(
    r"(?:^|/)(?:pages|routes|app|server/api|api)/"
    r"((?:[\w.-]+/)*?(?:health|healthz|healthcheck))(?:/(?:route|index|\+server))?\.(?:get\.)?[mjt]sx?$"
)
_NEAR = 600  # characters behind the route in which its answer is looked for
COMMITS = ("commit", "commitSha", "commit_sha", "sha", "gitSha")
_FIELD = re.compile(
    rf"""["']?\b(version|{"|".join(COMMITS)}|ok|status|healthy)\b["']?\s*(?::|,|(?=\}}))\s*(["'`]?)(true|[\w.-]*)"""
)
_TEST = re.compile(r"(^|/)(tests?|__tests__)/|\.(test|spec)\.")  # a route is named there, and not answered
_PLAIN = re.compile(r"""(?:new Response|\.text)\(\s*["'`]([^"'`\n]{1,40})["'`]""")


@dataclass(frozen=True)
class HealthRoute:
    """A route, and the fields of its answer as far as the source shows them (None: not shown).

    `ok` is the field that says whether all is well with its value there; `text` is an answer that is no JSON; `status` is
    its HTTP status. `is_asked`: it answered so itself, and the source was not looked at; `was_silent`: it was asked, and did not.
    """

    path: str
    ok: tuple[str, str | bool | int] | None = None
    version: str | None = None
    commit: str | None = None
    text: str | None = None
    version_id: str | None = None
    status: int = 200
    is_asked: bool = False
    was_silent: bool = False

    @property
    def is_read(self) -> bool:
        """Whether it is known what it answers."""
        return self.is_asked or any((self.ok, self.version, self.commit, self.text))

    @property
    def settings(self) -> dict[str, Any]:
        """The table `health` of an environment, without what is the default there."""
        path: dict[str, Any] = {} if self.path == DEFAULT else {"path": self.path}
        path |= {} if self.status == 200 else {"expect_status": self.status}  # noqa: PLR2004
        if not self.is_read:
            return path
        field, value = self.ok or (False, "ok")
        if self.text is not None:
            return {**path, "text": self.text}
        return {
            **path,
            **({} if field == "status" else {"status": field}),
            **({} if value == "ok" else {"ok": value}),
            **({} if self.version == "version" else {"version": self.version or False}),
            **({"commit": self.commit} if self.commit and self.commit != "commit" else {}),
            **({"version_id": self.version_id} if self.version_id else {}),
        }


def health_route(repository: Repository, app: Found) -> HealthRoute | None:
    """The route that the worker's sources name most often, with what stands behind it there."""
    found = list(_named(repository, app))
    if not found:
        return None
    path = Counter(one for one, _ in found).most_common(1)[0][0]
    answers = [_answer(path, text) for one, text in found if one == path]
    return next((one for one in answers if one.is_read), answers[0])


def read_at(repository: Repository, app: Found, path: str) -> HealthRoute:
    """The route at a path that a person named."""
    texts = [text for one, text in _named(repository, app) if one == path]
    answers = [_answer(path, text) for text in texts]
    return next((one for one in answers if one.is_read), HealthRoute(path))


def _named(repository: Repository, app: Found) -> Iterator[tuple[str, str]]:
    """Every route with a name of health in the worker's sources, and the text behind it."""
    within = "" if app.path == "." else f"{app.path}/"
    for path in sorted(repository.files, key=lambda one: (bool(_TEST.search(one)), one)):
        if not path.startswith(within) or not path.endswith(SOURCES) or "/node_modules/" in path:
            continue
        of_file = _FILE.search(path)
        text = repository.text(path) or ""
        if of_file:
            prefix = "/api/" if "/api/" in path and not of_file[1].startswith("api/") else "/"
            yield f"{prefix}{of_file[1]}", text[:4000]
        for match in _ROUTE.finditer(text):
            yield match[1], text[match.end() : match.end() + _NEAR]


def _answer(path: str, text: str) -> HealthRoute:
    fields = {match[1]: (match[2], match[3]) for match in reversed(list(_FIELD.finditer(text)))}
    version = "version" if "version" in fields else None
    commit = next((name for name in COMMITS if name in fields), None)
    ok: tuple[str, str | bool] | None = None
    for name in ("status", "ok", "healthy"):
        quote, value = fields.get(name, ("", ""))
        if quote and value:
            ok = (name, value)
        elif value == "true":
            ok = (name, True)
        if ok:
            break
    plain = _PLAIN.search(text)
    if plain and not (version or commit or ok):
        return HealthRoute(path, text=plain[1])
    return HealthRoute(path, ok, version, commit)
