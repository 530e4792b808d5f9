"""Reads what belongs to a script and to none of its versions: schedules, addresses, domains, routes. Raises CannotReadError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release.errors import CannotReadError

if TYPE_CHECKING:
    from release.systems.cloudflare.api import Cloudflare


def around(cloudflare: Cloudflare, script: str, part: str) -> dict[str, Any] | None:
    """One `part` of a script: schedules, subdomain or script-settings; None without such a script."""
    found = cloudflare.get(f"/workers/scripts/{quote(script, safe='')}/{part}", missing_ok=True)
    return found if isinstance(found, dict) else None


def domains(cloudflare: Cloudflare) -> list[dict[str, Any]]:
    """The custom domains of all scripts of the account."""
    return _entries(cloudflare.get("/workers/domains", missing_ok=True))


def zone_routes(cloudflare: Cloudflare, sort: str, value: str) -> list[dict[str, Any]]:
    """The routes of a zone, which is given by its `id`, its `name`, or a `host` in it."""
    zone = value if sort == "id" else _zone(cloudflare, value, is_name=sort == "name")
    return _entries(
        cloudflare.get(f"/zones/{quote(zone, safe='')}/workers/routes", missing_ok=True, of_account=False)
    )


def _zone(cloudflare: Cloudflare, host: str, *, is_name: bool) -> str:
    """The id of a zone by its name, or of the one that a host is in."""
    parts = host.split(".")
    names = [host] if is_name else [".".join(parts[at:]) for at in range(max(len(parts) - 1, 1))]
    for name in names:
        if found := _entries(
            cloudflare.get(f"/zones?name={quote(name, safe='')}", missing_ok=True, of_account=False)
        ):
            return str(found[0]["id"])
    raise CannotReadError(f"Cloudflare has no zone of {host} that this token may read.")


def _entries(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
