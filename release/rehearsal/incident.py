"""A red production on a stage: a bundle that answers 500 to everything, deployed past this tool as the last worker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from release.rehearsal.checkout import StageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.config import Config

_BUNDLE = 'export default { fetch: () => new Response("incident of the rehearsal", { status: 500 }) };\n'


def break_production(config: Config, stage: Mapping[str, str]) -> str:
    """Break production of a stage; the name of the worker that answers 500 now. Raises StageError where that fails."""
    worker = config.workers[-1]
    script = config.placed(worker.name, config.production).script
    path = f"{stage['CLOUDFLARE_API_BASE_URL']}/accounts/{stage['CLOUDFLARE_ACCOUNT_ID']}/workers/scripts/{script}"
    headers = {"Authorization": f"Bearer {stage['CLOUDFLARE_API_TOKEN']}"}
    try:
        form = _form(_bindings(path, headers))
        with httpx.Client(headers=headers, trust_env=False, timeout=60, verify=False) as client:  # noqa: S501 - loopback
            made = client.post(f"{path}/versions", files=form).raise_for_status().json()["result"]["id"]
            shares = [{"version_id": made, "percentage": 100}]
            body = {"strategy": "percentage", "versions": shares}
            client.post(f"{path}/deployments", json=body).raise_for_status()
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise StageError(f"The stage's {worker.name} cannot be broken: {error}") from error
    return worker.name


def _form(bindings: list[dict[str, Any]]) -> dict[str, Any]:
    """The upload of the bad bundle, as wrangler makes one."""
    metadata = {
        "main_module": "index.js",
        "compatibility_date": "2026-01-01",
        "bindings": bindings,
        "annotations": {"workers/message": "deployed by hand: the incident of this rehearsal"},
    }
    return {
        "metadata": (None, json.dumps(metadata).encode(), "application/json"),
        "index.js": ("index.js", _BUNDLE.encode(), "application/javascript+module"),
    }


def _bindings(path: str, headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the worker is bound to now: a bad bundle is no bad configuration."""
    with httpx.Client(headers=headers, trust_env=False, timeout=60, verify=False) as client:  # noqa: S501 - loopback
        found = client.get(f"{path}/settings").json()["result"]["bindings"]
    return [
        {"type": "inherit", "name": one["name"]} if one["type"] == "secret_text" else one for one in found
    ]
