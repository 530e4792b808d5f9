"""What wrangler uploads of its configuration beside the code, for a wrangler without Node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from release.formats import worker_settings as kinds
from release.formats.worker_settings import BOUND, Trait
from release.formats.wrangler_config import needs_in, of_environment
from release.formats.wrangler_settings import wrangler_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATE = "2026-01-01"  # where no file says one


@dataclass(frozen=True)
class Written:
    """Bindings in the form of the API, compatibility date and flags, and triggers; `crons` None where the file names none."""

    bindings: list[dict[str, Any]] = field(default_factory=list)
    date: str = DATE
    flags: list[str] = field(default_factory=list)
    crons: tuple[str, ...] | None = None
    routes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    has_address: bool = True


def written(settings: dict[str, Any], environment: str, databases: Mapping[str, str]) -> Written:
    """What a configuration says of an environment; `databases` maps D1's names to their uuids."""
    chosen = of_environment(settings, environment)
    top = {**settings, **chosen}
    bindings = [*_variables(chosen), *_bindings(chosen, databases)]
    known = {one["name"] for one in bindings}
    others = sorted(needs_in(settings, environment).bindings - known)
    bindings += [{"type": "inherit_unknown", "name": name} for name in others]
    resolved = wrangler_settings(settings, environment)
    return Written(
        bindings,
        top.get("compatibility_date") or DATE,
        list(top.get("compatibility_flags") or ()),
        None if kinds.CRON in resolved.left else tuple(sorted(resolved.named(kinds.CRON))),
        tuple(sorted(resolved.named(kinds.ROUTE))),
        tuple(sorted(resolved.named(kinds.DOMAIN))),
        resolved.traits[Trait(kinds.ADDRESS)].key == "on",
    )


def _variables(chosen: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in (chosen.get("vars") or {}).items():
        is_text = isinstance(value, str)
        yield (
            {"type": "plain_text", "name": name, "text": value}
            if is_text
            else {"type": "json", "name": name, "json": value}
        )


def _bindings(chosen: Mapping[str, Any], databases: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for kind in BOUND:
        for name, entry in kind.entries(chosen):
            made = {"type": kind.type, "name": name}
            if kind.type == "d1":
                made["id"] = entry.get("database_id") or databases.get(str(entry.get("database_name")), "")
            elif kind.target and entry.get(kind.target[0]):
                made[kind.answered[0]] = str(entry[kind.target[0]])
            yield made
