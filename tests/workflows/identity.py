"""Trusted publishing: GitHub tells whose job a process is, and the registry gives that job a token.

The requests are those of npm's own client (its lib/utils/oidc.js): a GET at ACTIONS_ID_TOKEN_REQUEST_URL, then a POST at
the registry's `/-/npm/v1/oidc/token/exchange/package/NAME`.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import unquote

from werkzeug.wrappers import Response

from release.rehearsal.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request

    from release.rehearsal.registry.memory import MemoryRegistry

EXCHANGE = "/-/npm/v1/oidc/token/exchange/package/"
Claims = dict[str, str]


class Issuer(Loopback):
    """GitHub's issuer of identities. A job gets one with the token that only a job with `id-token: write` has."""

    def __init__(self) -> None:
        super().__init__(self._identity)
        self._jobs: dict[str, Claims] = {}
        self._identities: dict[str, Claims] = {}

    def variables(self, claims: Claims) -> dict[str, str]:
        """What a job is given that may ask who it is."""
        token = secrets.token_hex(16)
        self._jobs[token] = claims
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
        }

    def claims(self, identity: str) -> Claims | None:
        """Whose identity this is; None for one that was not issued here."""
        return self._identities.get(identity)

    def _identity(self, request: Request) -> Response:
        claims = self._jobs.get(_bearer(request))
        if claims is None:
            return Response("{}", 401)
        identity = secrets.token_hex(32)
        self._identities[identity] = {**claims, "audience": request.args.get("audience", "")}
        return _json({"value": identity})


def trusting(
    registry: MemoryRegistry, issuer: Issuer, publishers: Mapping[str, Claims]
) -> Callable[[Request], Response | None]:
    """A registry's `before` hook: a token for the job that is a package's trusted publisher, and for no other."""

    def exchange(request: Request) -> Response | None:
        if not request.path.startswith(EXCHANGE):
            return None
        package = unquote(request.path.removeprefix(EXCHANGE))
        wanted, claims = publishers.get(package), issuer.claims(_bearer(request))
        if wanted is None or claims is None or not wanted.items() <= claims.items():
            return Response("{}", 401)
        return _json({"token": registry.token})

    return exchange


def _bearer(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _json(value: object) -> Response:
    return Response(json.dumps(value), content_type="application/json")
