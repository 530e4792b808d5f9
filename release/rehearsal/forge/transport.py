"""An httpx transport that holds each request and answer against GitHub's own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from release.rehearsal.forge.contract import API_PREFIX, github

if TYPE_CHECKING:
    from release.rehearsal.forge.contract import Contract


class ContractTransport(httpx.BaseTransport):
    """Hands requests on to `inner`, and judges each of them and its answer."""

    def __init__(self, inner: httpx.BaseTransport | None = None, contract: Contract | None = None) -> None:
        """Wrap `inner` (by default httpx's own transport); judge by `contract` (by default the slice)."""
        self.inner = inner or httpx.HTTPTransport()
        self.contract = contract or github()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises ContractViolation before sending it, or after its answer."""
        raw_path, _, query = request.url.raw_path.decode("ascii").partition("?")
        path = raw_path.removeprefix(API_PREFIX)
        operation = self.contract.check_request(request.method, path, query, request.read())
        response = self.inner.handle_request(request)
        response.read()
        kind = response.headers.get("Content-Type", "")
        self.contract.check_answer(operation, response.status_code, kind, response.content)
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()
