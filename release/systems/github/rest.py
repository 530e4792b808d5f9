"""GitHub's REST API for one repository: one way to read, to page and to write.

Limits are waited for as GitHub tells, and a missing permission is named. A read is asked again while its failure may
pass; a write is not, except where a limit kept GitHub from looking at it.
"""

from __future__ import annotations

import re
import sys
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from release.errors import CannotReadError, DeniedError, EffectError, TokenRefusedError
from release.systems.github.permissions import needed
from release.systems.machine.clock import SystemClock
from release.systems.machine.deadline import left
from release.systems.web.http import PassingError, asked_to_wait
from release.systems.web.waiting import clock_time, length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from release.systems.machine.clock import Clock
    from release.systems.web.http import Answer, Http

T = TypeVar("T")
DEFAULT_URL = "https://api.github.com"
PAGE = 100  # the most that GitHub puts on a page
MOST_PAGES = 50
PATIENCE = 900.0  # seconds that one request may wait for a limit, all in all
UNTOLD = 60.0  # seconds to wait where GitHub names none (docs.github.com, "Rate limits for the REST API")
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 401, 403, 404, 429
_MOVED = frozenset({301, 302, 307, 308})


class Rest:
    """One repository behind one token. Paths are below /repos/OWNER/NAME.

    `purpose` completes "GitHub does not let this token ...". `clock` waits for limits, and `say` tells that it does.
    """

    def __init__(self, http: Http, environ: Mapping[str, str], repository: str) -> None:
        """Prepare; nothing is asked yet."""
        self._http = http
        self.repository = repository
        self.server = environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        self.clock: Clock = SystemClock()
        self.say: Callable[[str], None] = _to_stderr
        self._api = environ.get("GITHUB_API_URL", DEFAULT_URL).rstrip("/")
        self._url = f"{self._api}/repos/{quote(repository, safe='/')}"
        self._variable = (
            "GITHUB_TOKEN" if environ.get("GITHUB_TOKEN") or not environ.get("GH_TOKEN") else "GH_TOKEN"
        )
        token = environ.get(self._variable, "")
        self.has_token = bool(token)
        self._headers = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        self._waiting_until = 0.0
        http.know(self._api, "GitHub", "Ctrl-C stops; githubstatus.com says whether it is down")

    def read(self, path: str, into: type[T], purpose: str, **query: str | int) -> T:
        """What GitHub says of a path. Raises CannotReadError, with the permission that lacks where one does."""
        answer = self._asked("GET", self._address(path, query))
        self._refused(answer, "GET", path, purpose)
        return self._understood(answer, into)

    def find(self, path: str, into: type[T], purpose: str, **query: str | int) -> T | None:
        """The same; None where it does not exist (or is hidden from this token, which GitHub does not tell apart)."""
        answer = self._asked("GET", self._address(path, query))
        if answer.status == _NOT_FOUND and self.has_token:
            return None
        self._refused(answer, "GET", path, purpose)
        return self._understood(answer, into)

    def pages(
        self,
        path: str,
        into: type[T],
        purpose: str,
        *,
        key: str = "",
        most: int | None = None,
        **query: str | int,
    ) -> tuple[T, ...]:
        """All items of a list, page after page; `key` is the field that holds them where the answer is an object.

        `most` is enough. Raises CannotReadError as `read`, and where GitHub does not come to an end.
        """
        found: list[T] = []
        for answer in self._pages(path, purpose, query):
            found += [self._converted(item, into) for item in self._items(answer, key)]
            if most is not None and len(found) >= most:
                break
        return tuple(found[:most])

    def write(
        self, method: str, path: str, into: type[T], purpose: str, body: Mapping[str, Any] | None = None
    ) -> T:
        """Change something; what GitHub answers, which is an empty object where it answers nothing. Raises EffectError."""
        try:
            answer = self._asked(method, self._address(path, {}), body)
            self._refused(answer, method, path, purpose)
            return self._understood(answer, into) if answer.body else self._converted({}, into)
        except CannotReadError as error:
            raise EffectError(error.what, error.advice) from error

    def page(self, path: str) -> str:
        """The address at which people read something of the repository."""
        return f"{self.server}/{self.repository}{path}"

    def _address(self, path: str, query: Mapping[str, str | int]) -> str:
        return f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")

    def _pages(self, path: str, purpose: str, query: Mapping[str, str | int]) -> Iterator[Answer]:
        address = self._address(path, {"per_page": PAGE, **query})
        for _ in range(MOST_PAGES):
            answer = self._asked("GET", address)
            self._refused(answer, "GET", path, purpose)
            yield answer
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return
            address = following[1]
            if not address.startswith(f"{self._api}/"):  # the token goes nowhere else
                raise CannotReadError(
                    "GitHub names a next page that is not its own.", "Check GITHUB_API_URL."
                )
        raise CannotReadError(f"GitHub has more than {MOST_PAGES * PAGE} entries where it was to {purpose}.")

    def _asked(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One answer, after any limit that GitHub names."""
        waited = 0.0
        while True:
            answer = self._sent(method, url, body)
            wait = self._limit(answer)
            if wait is None:
                return answer
            if waited + wait > PATIENCE or wait > left(PATIENCE):
                raise CannotReadError(
                    f"GitHub's rate limit is used up for this token, and asks to wait {length(wait)}.",
                    "Wait so long, then run the same command again; or use another token.",
                )
            waited += wait
            self._tell_wait(wait)
            self.clock.sleep(wait)

    def _sent(self, method: str, url: str, body: Mapping[str, Any] | None) -> Answer:
        try:
            if method == "GET":
                return self._http.read(url, headers=self._headers, retry_limited=False)
            return self._http.send(method, url, headers=self._headers, json=body)
        except PassingError as error:
            raise CannotReadError(
                f"GitHub cannot be reached: {error}.", "Look at githubstatus.com, then run again."
            ) from error

    def _limit(self, answer: Answer) -> float | None:
        """The seconds to wait where a limit refused the request, None where none did."""
        if answer.status not in {_FORBIDDEN, _TOO_MANY}:
            return None
        asked = asked_to_wait(answer)
        if asked is not None:
            return max(1.0, asked)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(1.0, float(reset) - self._now_at(answer) + 1)
        limited = answer.status == _TOO_MANY or "rate limit" in _message(answer).lower()
        return UNTOLD if limited else None

    def _now_at(self, answer: Answer) -> float:
        """The time by GitHub's own clock, to which its limits refer; ours where it tells none."""
        try:
            return parsedate_to_datetime(answer.headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError):
            return self.clock.now()

    def _tell_wait(self, wait: float) -> None:
        """Once, also where several threads run into the same limit."""
        until = self.clock.now() + wait
        if until > self._waiting_until + 1:
            self._waiting_until = until
            self.say(
                f"GitHub's rate limit: waiting {length(wait)}, as it asks, until {clock_time(wait)}; "
                "Ctrl-C stops, and another GITHUB_TOKEN has a limit of its own"
            )

    def _refused(self, answer: Answer, method: str, path: str, purpose: str) -> None:
        """Raise CannotReadError where the answer is a refusal."""
        status, message = answer.status, _message(answer)
        if status < 300:  # noqa: PLR2004
            return
        permission = needed(method, path, answer.headers.get("x-accepted-github-permissions", ""))
        on = f"on {self.repository}"
        if not self.has_token and status in {_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND}:
            raise CannotReadError(
                f"There is no GITHUB_TOKEN, and GitHub wants one to {purpose} in {self.repository} ({status}).",
                f"Set GITHUB_TOKEN to a token with {permission} {on}.",
            )
        if status == _UNAUTHORIZED:
            raise TokenRefusedError(
                f"GitHub refused the token in {self._variable}: {message} ({status}).",
                f"Set {self._variable} to a valid token with {permission} {on}.",
            )
        if status == _FORBIDDEN:
            raise DeniedError(
                f"GitHub does not let this token {purpose} in {self.repository}: {message} ({status}).",
                f"It lacks the permission {permission} {on}: give it to GITHUB_TOKEN.",
            )
        if status == _NOT_FOUND:
            raise CannotReadError(
                f"GitHub finds nothing to {purpose} in {self.repository}: {message} ({status}).",
                f"It does not exist, or GITHUB_TOKEN lacks the permission {permission} {on}.",
            )
        moved = "The repository was renamed: set `repository` in [tool.release]." if status in _MOVED else ""
        raise CannotReadError(f"GitHub answered {status}: {message or 'nothing more'}.", moved)

    def _items(self, answer: Answer, key: str) -> list[Any]:
        if not key:
            return self._understood(answer, list[Any])
        return self._converted(self._understood(answer, dict[str, Any]).get(key), list[Any])

    def _understood(self, answer: Answer, into: type[T]) -> T:
        try:
            return self._converted(answer.json(), into)
        except ValueError:
            raise CannotReadError(
                f"GitHub answered {answer.status} with something that is not its JSON.",
                "Check GITHUB_API_URL.",
            ) from None

    def _converted(self, value: object, into: type[T]) -> T:
        try:
            return msgspec.convert(value, into)
        except msgspec.ValidationError as error:
            raise CannotReadError(
                f"GitHub answered what cannot be understood: {error}.", "Check GITHUB_API_URL."
            ) from None


def _message(answer: Answer) -> str:
    """GitHub's words of a refusal, with what is wrong in which field."""
    try:
        said = answer.json()
        errors = said.get("errors") or ()
        more = [" ".join(str(one[k]) for k in ("field", "code", "message") if k in one) for one in errors]
        return ": ".join([str(said.get("message", "")), *(["; ".join(more)] if more else [])])
    except (ValueError, AttributeError, TypeError):
        return "something that is not its JSON"


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"{text}\n")
