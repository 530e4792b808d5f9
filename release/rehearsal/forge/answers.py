"""What a REST handler gets and gives: a call, an answer, or GitHub's way of saying no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from release.rehearsal.forge.completion import completed
from release.rehearsal.forge.contract import github

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Request

    from release.rehearsal.forge.contract import Json, Operation

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


@dataclass(frozen=True)
class Answer:
    """A successful answer: an object, a list, or nothing.

    Where GitHub's description knows pages, the one that was asked for is cut out of the list; with `total` the list
    is that page already, of so many items. What the description requires besides is filled in.
    """

    body: Json | list[Json] | None = None
    total: int | None = None

    def response(self, call: Call, operation: Operation) -> Response:
        """The HTTP response, with GitHub's Link header when there are more pages."""
        body: Any = self.body
        status, schema = github().success(operation, has_body=body is not None)
        headers: dict[str, str] = {}
        if isinstance(body, list) and "per_page" in github().queries(operation):
            page, size = page_of(call)
            total = len(body) if self.total is None else self.total
            headers = _links(call, page, -(-total // size))
            body = body if self.total is not None else body[(page - 1) * size : page * size]
            names = schema.get("properties", {}).keys() - {"total_count"}
            body = {"total_count": total, **dict.fromkeys(names, body)} if names else body
        return _response(status, completed(github(), schema, body), headers)


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


def check_body(operation: Operation, body: Json) -> None:
    """Raise Refusal 422 for a body in which GitHub's description misses a field, or finds one that is wrong."""
    faults = github().body_faults(operation, body)
    if faults:
        _, schema = github().success(operation, has_body=True)
        resource = schema.get("$ref", "").rpartition("/")[2].title().replace("-", "")
        errors = [{"resource": resource, "field": name, "code": code} for name, code in faults]
        raise Refusal(422, "Validation Failed", errors)


def _links(call: Call, page: int, last: int) -> dict[str, str]:
    from urllib.parse import urlencode

    targets = {"prev": page - 1, "next": page + 1, "last": max(1, last), "first": 1}
    wanted = (["prev", "first"] if page > 1 else []) + (["next", "last"] if page < last else [])
    pages = {name: urlencode({**call.query, "page": targets[name]}) for name in wanted}
    link = ", ".join(f'<{call.url}?{query}>; rel="{name}"' for name, query in pages.items())
    return {"Link": link} if link else {}


def _response(status: int, body: object, headers: Mapping[str, str]) -> Response:
    if body is None:
        return Response(status=status, headers=headers)
    return Response(json.dumps(body), status, headers, content_type="application/json; charset=utf-8")
