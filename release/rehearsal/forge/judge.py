"""Holds what the forge is asked, and what it answers, against GitHub's own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.forge.contract import ContractViolation, github

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

_NOT_FOUND = 404


def request(asked: Request, path: str) -> None:
    """Raise ContractViolation for a request that GitHub would not understand; `path` is as it was on the wire."""
    query = asked.query_string.decode("ascii", "replace")
    github().check_request(asked.method, path, query, asked.get_data())


def answer(method: str, path: str, response: Response) -> None:
    """Raise ContractViolation for an answer that GitHub would not give."""
    try:
        operation = github().operation(method, path)
    except ContractViolation:
        if response.status_code == _NOT_FOUND:
            return  # what the forge does not serve need not be in the slice
        raise
    kind = response.content_type or ""
    github().check_answer(operation, response.status_code, kind, response.get_data())
