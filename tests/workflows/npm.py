"""npm without Node, which proves to the registry whose job it is, as npm does where it has no token."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from release.testing.npm import HttpNpm
from tests.workflows.identity import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TrustedNpm(HttpNpm):
    """A double's npm, with trusted publishing."""

    def publish(
        self,
        tarball: Path,
        package: str,
        registry: str,
        words: tuple[str, ...],
        deadline: float,
        tell: Callable[[str], None],
    ) -> None:
        """Publish with the token that the registry gives this job."""
        if not self._headers and (token := self._exchanged(package, registry)):
            self._headers = {"authorization": f"Bearer {token}"}
        super().publish(tarball, package, registry, words, deadline, tell)

    def _exchanged(self, package: str, registry: str) -> str:
        with httpx.Client(verify=False, trust_env=False) as client:
            asked = f"{self._environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=npm:registry"
            ours = {"Authorization": f"Bearer {self._environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
            identity = client.get(asked, headers=ours).json().get("value", "")
            told = {"Authorization": f"Bearer {identity}"}
            answer = client.post(f"{registry}{EXCHANGE}{quote(package, safe='')}", headers=told)
        return str(answer.json().get("token", ""))
