"""Cloudflare's answer around every result, and the refusals by their codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


class ApiError(Exception):
    """A refusal: the HTTP status, Cloudflare's code, and its text."""

    def __init__(self, status: int, code: int, message: str) -> None:
        """Keep the three; `message` is what wrangler prints."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Answer:
    """What a handler returns. `write` says in a few words what changed; nothing when nothing did."""

    result: Any
    write: str = ""


@dataclass(frozen=True)
class Write:
    """A request that changed the account: `path` starts behind the account, as in `/workers/scripts/cms`."""

    method: str
    path: str
    summary: str


def accepted(result: Any) -> Response:  # noqa: ANN401  # whatever JSON the route answers
    """Return the envelope of a success; a list gets the page information that wrangler insists on."""
    body = {"success": True, "errors": [], "messages": [], "result": result}
    if isinstance(result, list):
        count = len(result)
        body["result_info"] = {
            "page": 1,
            "per_page": max(count, 20),
            "count": count,
            "total_count": count,
            "total_pages": 1,
        }
    return _json(body, 200)


def refused(error: ApiError) -> Response:
    """Return the envelope of a refusal."""
    errors = [{"code": error.code, "message": error.message}]
    return _json({"success": False, "errors": errors, "messages": [], "result": None}, error.status)


def _json(body: dict[str, Any], status: int) -> Response:
    from werkzeug.wrappers import Response

    return Response(json.dumps(body), status, content_type="application/json")
