"""What the messages of deployments tell: from which commit each was made, and what was rolled back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from release.model.record import Rollback

LONGEST_MESSAGE = 100
UNREASONED = "no reason given"
_DEPLOYED = re.compile(r"was \S+ base (?P<base>\S+)")
_ROLLBACK = re.compile(r"rollback (?P<left>\S+) -> (?P<to>[^:]+?)(?:: (?P<why>.*))?$", re.DOTALL)


def closed(deployments: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """The releases that were rolled back, by the messages of the deployments (newest first): tag and base commit.

    Of several rollbacks in a row only the first one left what was deployed before them.
    """
    bases: dict[str, str] = {}
    shipped, found = "", []
    for message in reversed(messages(deployments)):
        said = _ROLLBACK.match(message)
        if said is None:
            shipped = base_of(message) or shipped
            continue
        base, shipped = bases.setdefault(said["left"], shipped), ""
        found.append((said["left"], base))
    return tuple(reversed(found))


def rollbacks(deployments: list[dict[str, Any]]) -> tuple[Rollback, ...]:
    """The rollbacks since a release was deployed last, newest first, as the deployments tell them."""
    found = []
    for one, message in zip(deployments, messages(deployments), strict=True):
        if _DEPLOYED.match(message):
            break
        if said := _ROLLBACK.match(message):
            why = (said["why"] or "").removeprefix(UNREASONED)
            who = str(one.get("author_email") or "")
            at = seconds(one.get("created_on"))
            found.append(Rollback(left=said["left"], to=said["to"], who=who, at=at, why=why))
    return tuple(found)


def seconds(moment: object) -> float:
    """Seconds since 1970; 0.0 where it is no moment."""
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except ValueError:
        return 0.0


def messages(deployments: list[dict[str, Any]]) -> list[str]:
    """The message of each deployment, newest first; empty where it has none."""
    return [str((one.get("annotations") or {}).get("workers/message") or "") for one in deployments]


def base_of(message: str) -> str:
    """The commit of which a deployment's message says that it was deployed: "was ID base COMMIT"."""
    said = _DEPLOYED.match(message)
    return said["base"] if said else ""


def kept(message: str) -> str:
    """As much of a deployment's message as Cloudflare keeps: 100 bytes."""
    return message.encode()[:LONGEST_MESSAGE].decode(errors="ignore")
