"""The colleague with the dashboard, on a stage: sets variables, crons and routes of a script past every release.

The requests are those that Cloudflare's dashboard makes. Raises StageError.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from release.rehearsal.checkout import StageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx


class Dashboard:
    """One script of a stage, by the stage's environment."""

    def __init__(self, stage: Mapping[str, str], script: str) -> None:
        """Prepare; nothing is asked yet."""
        self._script = script
        account = f"{stage['CLOUDFLARE_API_BASE_URL']}/accounts/{stage['CLOUDFLARE_ACCOUNT_ID']}"
        self._url = f"{account}/workers/scripts/{script}"
        self._token = stage["CLOUDFLARE_API_TOKEN"]

    def set_variables(self, variables: Mapping[str, str | None]) -> None:
        """Give variables these values, and take away those without one: a new version, deployed at once."""
        kept = [
            {"type": "inherit", "name": one["name"]}
            for one in self._ask("GET", "/settings")["bindings"]
            if one["name"] not in variables
        ]
        new = [
            {"type": "plain_text", "name": name, "text": text}
            for name, text in variables.items()
            if text is not None
        ]
        settings = json.dumps({"bindings": [*kept, *new]}).encode()
        self._ask("PATCH", "/settings", files={"settings": (None, settings, "application/json")})

    def set_crons(self, crons: Sequence[str]) -> None:
        """Replace the crons."""
        self._ask("PUT", "/schedules", json=[{"cron": cron} for cron in crons])

    def set_routes(self, patterns: Sequence[str]) -> None:
        """Replace the routes."""
        self._ask("PUT", "/routes", json=[{"pattern": pattern} for pattern in patterns])

    def _ask(self, method: str, path: str, **sent: Any) -> Any:  # noqa: ANN401 - what httpx takes, any JSON
        import httpx

        with self._client() as client:
            try:
                answer = client.request(method, self._url + path, **sent).json()
            except (httpx.HTTPError, ValueError) as error:
                raise StageError(f"The stage's Cloudflare did not answer: {error}.") from error
        if not answer.get("success"):
            said = "; ".join(str(one.get("message")) for one in answer.get("errors") or ())
            raise StageError(f"The stage's Cloudflare refused it: {said}.")
        return answer["result"]

    def _client(self) -> httpx.Client:
        import httpx

        headers = {"authorization": f"Bearer {self._token}"}
        return httpx.Client(headers=headers, verify=False, trust_env=False, timeout=30)  # noqa: S501 - loopback
