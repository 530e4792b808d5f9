"""What is kept of a script beside its versions, and asked back: its address, what is patched, domains, routes of a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from release.rehearsal.cloud.envelope import Answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend
    from release.rehearsal.cloud.state import Script

SUBDOMAIN = "rehearsal"
_UNPATCHED: dict[str, Any] = {
    "logpush": False,
    "tags": [],
    "tail_consumers": None,
    "observability": {"enabled": False},
}


def script_settings(backend: Backend, _: Request, name: str) -> Answer:
    """GET S/script-settings."""
    return Answer({**_UNPATCHED, **backend.script(name).patched})


def patch_script_settings(backend: Backend, request: Request, name: str) -> Answer:
    """PATCH S/script-settings: what is not sent stays."""
    script = backend.script(name)
    _keep(backend, msgspec.structs.replace(script, patched={**script.patched, **sent_settings(request)}))
    return Answer(script_settings(backend, request, name).result, f"settings {name}")


def worker(backend: Backend, _: Request, name: str) -> Answer:
    """GET A/workers/workers/N."""
    subdomain = {
        **_address(backend.script(name)),
        "url": backend.runtime.urls().get(name),
        "preview_url_suffix": f"-{name}.{SUBDOMAIN}.workers.dev",
    }
    return Answer({"id": name, "name": name, "tags": [], "subdomain": subdomain})


def script_subdomain(backend: Backend, _: Request, name: str) -> Answer:
    """GET S/subdomain: whether workers.dev serves the script."""
    return Answer(_address(backend.script(name)))


def post_script_subdomain(backend: Backend, request: Request, name: str) -> Answer:
    """POST S/subdomain."""
    script, sent = backend.script(name), sent_settings(request)
    _keep(backend, msgspec.structs.replace(script, has_address=bool(sent.get("enabled", script.has_address))))
    return Answer(script_subdomain(backend, request, name).result, f"subdomain {name}")


def subdomain(_: Backend, __: Request) -> Answer:
    """GET A/workers/subdomain."""
    return Answer({"subdomain": SUBDOMAIN})


def all_domains(backend: Backend, _: Request) -> Answer:
    """GET A/workers/domains: the custom domains of all scripts."""
    found = backend.store.account.domains
    return Answer(
        [
            {"id": host, "hostname": host, "service": name, "environment": "production", "zone_name": host}
            for name, hosts in found.items()
            for host in hosts
        ]
    )


def zone_routes(backend: Backend, _: Request, zone: str) -> Answer:
    """GET zones/ID/workers/routes: those of all scripts, for every zone that is asked for is the same here."""
    del zone
    found = backend.store.account.addresses
    return Answer(
        [
            {"id": f"{name} {pattern}", "pattern": pattern, "script": name}
            for name, patterns in found.items()
            for pattern in patterns
        ]
    )


def _address(script: Script) -> dict[str, Any]:
    return {"enabled": script.has_address, "previews_enabled": False}


def _keep(backend: Backend, script: Script) -> None:
    backend.store.save(backend.store.account.with_script(script))


def sent_settings(request: Request) -> dict[str, Any]:
    """What was sent; wrangler sends the settings of a script as the `settings` part of a form."""
    found = request.get_json(silent=True)
    if isinstance(found, dict):
        return found
    part = request.files.get("settings")
    text = part.stream.read() if part else (request.form.get("settings") or "{}").encode()
    try:
        sent = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return sent if isinstance(sent, dict) else {}
