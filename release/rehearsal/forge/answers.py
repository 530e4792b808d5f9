"""What a REST handler gets and gives: a call, an answer, or GitHub's way of saying no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Request

Json = dict[str, Any]

DOCUMENTATION = "https://docs.github.com/rest"
_PER_PAGE, _MOST_PER_PAGE = 30, 100


class Refusal(Exception):  # noqa: N818  # an answer, not an error of ours
    """GitHub's error answer: `{"message", "errors"?, "documentation_url", "status"}` with that status."""

    def __init__(self, status: int, message: str, errors: Sequence[Json | str] = (), **headers: str) -> None:
        """A refusal with an HTTP status, GitHub's message and, for 422, what is wrong with which field."""
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(self) -> Response:
        """The HTTP response of this refusal."""
        body: Json = {"message": self.message, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        if self.errors:
            body["errors"] = list(self.errors)
        return _response(self.status, body, self.headers)


def not_found(message: str = "Not Found") -> Refusal:
    """404, the answer for what does not exist and for what one may not see."""
    return Refusal(404, message)


def invalid(resource: str, field_name: str, code: str = "invalid", message: str = "") -> Refusal:
    """422 Validation Failed about one field.

    `code` is GitHub's word: invalid, missing_field, already_exists or custom.
    """
    problem = {"resource": resource, "field": field_name, "code": code}
    return Refusal(422, "Validation Failed", [problem | {"message": message} if message else problem])


@dataclass(frozen=True)
class Call:
    """One REST request: the path's variables and the query as text, the JSON body, and who asks."""

    method: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    login: str

    def number(self, name: str) -> int:
        """A numeric path variable. Raises Refusal 404 when it is none."""
        if not self.path[name].isdecimal():
            raise not_found()
        return int(self.path[name])

    def required(self, resource: str, name: str) -> Any:  # noqa: ANN401  # any JSON value
        """A field of the body. Raises Refusal 422 when it is missing."""
        if name not in self.body:
            raise invalid(resource, name, "missing_field")
        return self.body[name]


@dataclass(frozen=True)
class Answer:
    """A successful answer: one of `body`, or a list.

    `items` is a whole list of which the page asked for is sent; `page_items` is that page already, of
    `total`; `everything` is a list that GitHub does not page. `key` names the list within an object that has
    its total_count.
    """

    body: Json | None = None
    status: int = 200
    items: Sequence[Json] | None = None
    page_items: Sequence[Json] | None = None
    everything: Sequence[Json] | None = None
    total: int = 0
    key: str = ""

    def response(self, call: Call) -> Response:
        """The HTTP response, with GitHub's Link header when there are more pages."""
        if self.everything is not None:
            return _response(self.status, list(self.everything), {})
        if self.items is None and self.page_items is None:
            return _response(self.status, self.body, {})
        page, size = page_of(call)
        total, shown = self.total, list(self.page_items or ())
        if self.items is not None:
            total, shown = len(self.items), list(self.items[(page - 1) * size : page * size])
        body = {"total_count": total, self.key: shown} if self.key else shown
        return _response(self.status, body, _links(call, page, size, total))


def page_of(call: Call) -> tuple[int, int]:
    """Page (from 1) and page size that a request asks for; GitHub silently caps the size at 100."""
    page, size = (
        int(text) if (text := call.query.get(name, "")).isdecimal() and int(text) else default
        for name, default in (("page", 1), ("per_page", _PER_PAGE))
    )
    return page, min(size, _MOST_PER_PAGE)


def json_object(request: Request) -> dict[str, Any]:
    """The body as an object; GitHub answers anything else with 400."""
    text = request.get_data()
    if not text:
        return {}
    try:
        body = json.loads(text)
    except ValueError as error:
        raise Refusal(400, "Problems parsing JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "Body should be a JSON object")
    return body


def _links(call: Call, page: int, size: int, total: int) -> dict[str, str]:
    last = max(1, -(-total // size))
    targets = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    wanted = (["prev", "first"] if page > 1 else []) + (["next", "last"] if page < last else [])
    link = ", ".join(f'<{_page_url(call, targets[name])}>; rel="{name}"' for name in wanted)
    return {"Link": link} if link else {}


def _page_url(call: Call, page: int) -> str:
    from urllib.parse import urlencode

    return f"{call.url}?{urlencode({**call.query, 'page': page})}"


def _response(status: int, body: object, headers: Mapping[str, str]) -> Response:
    if body is None:
        return Response(status=status, headers=headers)
    text = json.dumps(body)
    return Response(text, status, headers, content_type="application/json; charset=utf-8")
