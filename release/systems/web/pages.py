"""What the environment itself answers: its health route and the dashboard's badge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from release.errors import CannotReadError
from release.formats.printable import plain
from release.model.deployment import Health
from release.model.health import NO_ROUTE, judged, rule_of
from release.model.readiness import PageSeen
from release.model.unread import Unread
from release.systems.web.http import PassingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.config import Badge, Environment, Page
    from release.systems.web.http import Answer, Http

MOST_HEALTH = 256 * 1024
MOST_PAGE = 4 * 1024 * 1024
LONGEST = 200  # characters of an answer that are shown
HOPS = 5  # redirections that are followed
_REFUSED = frozenset({401, 403, 407})
_LOGIN = re.compile(
    r"(^|[/._-])(log-?in|sign-?in|sso|oauth2?|authorize|cloudflareaccess)([/._-]|$)", re.IGNORECASE
)


class Web:
    """The workers' public side."""

    def __init__(self, http: Http, environ: Mapping[str, str]) -> None:
        self._http = http
        self._environ = environ

    def health(self, environment: Environment, url: str) -> Health:
        """One question to the health route of the host at `url`; what is wrong stands in the answer's `problem`."""
        rule = rule_of(environment)
        if rule.path is None:
            return NO_ROUTE
        try:
            answer = self._http.send("GET", url + rule.path, timeout=10.0, most=MOST_HEALTH)
        except PassingError as error:
            return Health(None, None, f"no answer from {rule.shown}: {error}", answered=False)
        return judged(rule, answer.status, answer.body)

    def badge(self, badge: Badge, url: str) -> str | Unread:
        """The version that the dashboard's badge shows, without a leading v; Unread with the reason."""
        try:
            answer = self._http.send(
                "GET", url + badge.path, headers=self._headers(badge), timeout=20.0, most=MOST_PAGE, cut=True
            )
        except (PassingError, CannotReadError) as error:
            return Unread(f"{badge.path} did not load: {error}")
        if answer.status != 200:  # noqa: PLR2004
            return Unread(f"{badge.path} answered {answer.status}")
        from selectolax.lexbor import LexborHTMLParser, SelectolaxError

        try:
            found = LexborHTMLParser(answer.body).css_first(badge.selector)
        except SelectolaxError:
            return Unread(f"{badge.selector} is no CSS selector")
        if found is None:
            return Unread(f"{badge.path} has no {badge.selector}")
        text = found.attributes.get(badge.attribute) if badge.attribute else found.text()
        return plain(text or "").strip().removeprefix("v")[:LONGEST]

    def page(self, page: Page, url: str) -> PageSeen:
        """What a page shows to a reader; a path is below `url`. Raises CannotReadError where nothing answers."""
        asked = urljoin(f"{url}/", page.url.lstrip("/")) if page.url.startswith("/") else page.url
        at, answer = asked, self._got(asked, self._headers(page))
        for _ in range(HOPS):
            to = answer.headers.get("location", "")
            if answer.status not in {301, 302, 303, 307, 308} or not to:
                break
            at = urljoin(at, to)
            is_near = urlsplit(at).netloc == urlsplit(asked).netloc
            answer = self._got(at, self._headers(page) if is_near else {})
        path = plain(urlsplit(at).path or "/")[:LONGEST]
        was_led = at != asked and _LOGIN.search(f"{urlsplit(at).hostname}{urlsplit(at).path}") is not None
        if answer.status != 200:  # noqa: PLR2004
            return PageSeen(answer.status, path, was_led or answer.status in _REFUSED, None)
        has_password, lacks = _rendered(answer.body, page.selector)
        return PageSeen(answer.status, path, was_led or has_password, lacks)

    def _got(self, url: str, headers: dict[str, str]) -> Answer:
        try:
            return self._http.send("GET", url, headers=headers, timeout=20.0, most=MOST_PAGE, cut=True)
        except PassingError as error:
            raise CannotReadError(f"{urlsplit(url).path or '/'} does not answer: {error}") from error

    def _headers(self, badge: Badge | Page) -> dict[str, str]:
        headers = {}
        if badge.cookie_from and badge.cookie_from in self._environ:
            headers["cookie"] = self._environ[badge.cookie_from]
        if badge.header_from and badge.header_from in self._environ:
            name, _, value = self._environ[badge.header_from].partition(":")
            headers[name.strip()] = value.strip()
        return headers


def _rendered(body: bytes, selector: str | None) -> tuple[bool, str | None]:
    """Whether a page asks for a password, and what it lacks for a reader: the selector, or else any text."""
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        tree = LexborHTMLParser(body)
        asks = tree.css_first("input[type=password]") is not None
        if selector is not None:
            return asks, None if tree.css_first(selector) is not None else selector
        return asks, None if tree.body is not None and tree.body.text().strip() else "text"
    except SelectolaxError:
        return False, f"{selector}, which is no CSS selector"
