"""What wrangler would deploy besides the code, by a worker's configuration, with what an environment inherits (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.formats import worker_settings as kinds
from release.formats.worker_settings import BOUND, Doomed, Trait, Value, WorkerSettings, observed, plain
from release.formats.wrangler_config import needs_in, of_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_INHERITED = frozenset({"assets"})  # of the bindings, which are else each environment's own
_TOLD = frozenset(
    {
        kinds.BINDING, kinds.VAR, kinds.SECRET, kinds.CRON, kinds.ROUTE, kinds.DOMAIN, kinds.ADDRESS, kinds.DATE,
        kinds.FLAG, kinds.LIMIT, kinds.PLACEMENT, kinds.OBSERVABILITY, kinds.LOGPUSH, kinds.TAIL,
    }
)  # fmt: skip


def wrangler_settings(settings: dict[str, Any], environment: str, own: Iterable[str] = ()) -> WorkerSettings:
    """The settings with which wrangler deploys an environment; `own` are variables that the release tool passes by itself.

    Raises TypeError, ValueError or AttributeError where a key does not hold what wrangler takes.
    """
    chosen = of_environment(settings, environment)
    inherited = {**settings, **chosen}
    patterns = list(_patterns(inherited))
    routes = {Trait(kind, name): Value("on", "") for kind, name in patterns}
    crons = (inherited.get("triggers") or {}).get("crons")
    traits = {
        **{
            Trait(kinds.BINDING, name): Value()
            for name in needs_in(settings, environment).bindings - {*chosen.get("vars", ())}
        },
        **dict(_bindings(chosen, inherited)),
        **{Trait(kinds.VAR, name): plain(value) for name, value in (chosen.get("vars") or {}).items()},
        **{Trait(kinds.VAR, name): Value() for name in own},
        **{
            Trait(kinds.SECRET, name): Value() for name in (chosen.get("secrets") or {}).get("required") or ()
        },
        **{Trait(kinds.CRON, cron): Value("on", "") for cron in crons or ()},
        **routes,
        **dict(_script(inherited)),
        **{Trait(kinds.TAIL, one["service"]): Value("on", "") for one in chosen.get("tail_consumers") or ()},
    }
    address = inherited.get("workers_dev")
    is_on = address if isinstance(address, bool) else not patterns
    traits[Trait(kinds.ADDRESS)] = Value("on", "on") if is_on else Value("off", "off")
    migrations = tuple(inherited.get("migrations") or ())
    return WorkerSettings(
        traits,
        _TOLD,
        _left(inherited, crons, {kind for kind, _ in patterns}),
        tags=tuple(str(one["tag"]) for one in migrations),
        doomed=tuple(_doomed(migrations)),
        derives_address=not isinstance(address, bool),
    )


def _bindings(chosen: Mapping[str, Any], inherited: Mapping[str, Any]) -> Iterator[tuple[Trait, Value]]:
    for kind in BOUND:
        for name, entry in kind.entries(inherited if kind.key in _INHERITED else chosen):
            yield Trait(kinds.BINDING, name), kind.value(entry, kind.target)


def _patterns(inherited: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of each route: a custom domain is one that is marked so."""
    single = inherited.get("route")
    for one in [*(inherited.get("routes") or ()), *([single] if single else ())]:
        if isinstance(one, str):
            yield kinds.ROUTE, one
        else:
            yield kinds.DOMAIN if one.get("custom_domain") else kinds.ROUTE, str(one["pattern"])


def _script(inherited: Mapping[str, Any]) -> Iterator[tuple[Trait, Value]]:
    """What is of the script as a whole."""
    if date := inherited.get("compatibility_date"):
        yield Trait(kinds.DATE), plain(str(date))
    for flag in inherited.get("compatibility_flags") or ():
        yield Trait(kinds.FLAG, flag), Value("on", "")
    for name, value in (inherited.get("limits") or {}).items():
        yield Trait(kinds.LIMIT, name), plain(value)
    placement = inherited.get("placement") or {}
    if mode := placement.get("mode"):
        yield Trait(kinds.PLACEMENT), plain(mode)
    yield Trait(kinds.OBSERVABILITY), observed(inherited.get("observability") or {})
    yield Trait(kinds.LOGPUSH), plain(bool(inherited.get("logpush")))


def _left(inherited: Mapping[str, Any], crons: object, patterned: set[str]) -> frozenset[str]:
    """The kinds that wrangler leaves as they are: it asks for no routes, domains or crons where it knows of none."""
    left = {kinds.SECRET} | ({kinds.ROUTE, kinds.DOMAIN} - patterned)
    if crons is None:
        left.add(kinds.CRON)
    if not inherited.get("compatibility_date"):
        left.add(kinds.DATE)
    if inherited.get("keep_vars"):
        left.add(kinds.VAR)
    return frozenset(left)


def _doomed(migrations: Iterable[Mapping[str, Any]]) -> Iterator[Doomed]:
    for one in migrations:
        for name in one.get("deleted_classes") or ():
            yield Doomed(str(one["tag"]), str(name))
        for renamed in one.get("renamed_classes") or ():
            yield Doomed(str(one["tag"]), str(renamed["from"]), str(renamed["to"]))
        for moved in one.get("transferred_classes") or ():
            yield Doomed(str(one["tag"]), str(moved["from"]), str(moved["to"]))


def zones_in(settings: dict[str, Any], environment: str) -> frozenset[tuple[str, str]]:
    """The zones of an environment's routes: ("id", ID), ("name", NAME), or ("host", HOST) where only the pattern tells."""
    inherited = {**settings, **of_environment(settings, environment)}
    single = inherited.get("route")
    found: set[tuple[str, str]] = set()
    for one in [*(inherited.get("routes") or ()), *([single] if single else ())]:
        entry = {"pattern": one} if isinstance(one, str) else one
        if entry.get("custom_domain"):
            continue
        if entry.get("zone_id"):
            found.add(("id", str(entry["zone_id"])))
        elif entry.get("zone_name"):
            found.add(("name", str(entry["zone_name"])))
        else:
            host = str(entry["pattern"]).partition("://")[2] or str(entry["pattern"])
            found.add(("host", host.partition("/")[0].lstrip("*.")))
    return frozenset(found)
