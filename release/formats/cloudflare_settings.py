"""What Cloudflare says that a worker has besides its code: of a version, and of what belongs to no version (pure).

A kind of which an answer says nothing is not told, and so compared with nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.formats import worker_settings as kinds
from release.formats.worker_settings import BOUND, Trait, Value, WorkerSettings, observed, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_BY_TYPE = {kind.type: kind for kind in BOUND}
_SECRETS = frozenset({"secret_text", "secret_key"})


def version_settings(version: Mapping[str, Any]) -> WorkerSettings:
    """What belongs to a version, by the answer of GET S/versions/ID."""
    resources = version.get("resources") or {}
    bindings, runtime = resources.get("bindings"), resources.get("script_runtime")
    traits: dict[Trait, Value] = {}
    told: set[str] = set()
    if bindings is not None:
        traits |= dict(map(_binding, bindings))
        told |= {kinds.BINDING, kinds.VAR, kinds.SECRET}
    if runtime is not None:
        traits |= dict(_runtime(runtime))
        told |= {kinds.DATE, kinds.FLAG}
        told |= {kinds.LIMIT} if "limits" in runtime else set()
        if "migration_tag" in runtime:
            told.add(kinds.TAG)
    return WorkerSettings(traits, frozenset(told))


def _binding(entry: Mapping[str, Any]) -> tuple[Trait, Value]:
    name, sort = str(entry["name"]), str(entry["type"])
    if sort in _SECRETS:
        return Trait(kinds.SECRET, name), Value()
    if sort in {"plain_text", "json"}:
        return Trait(kinds.VAR, name), plain(entry["text"] if sort == "plain_text" else entry["json"])
    if sort not in _BY_TYPE:
        return Trait(kinds.BINDING, name), Value("", sort)
    kind = _BY_TYPE[sort]
    return Trait(kinds.BINDING, name), kind.value(entry, kind.answered)


def _runtime(runtime: Mapping[str, Any]) -> Iterator[tuple[Trait, Value]]:
    if date := runtime.get("compatibility_date"):
        yield Trait(kinds.DATE), plain(str(date))
    for flag in runtime.get("compatibility_flags") or ():
        yield Trait(kinds.FLAG, str(flag)), Value("on", "")
    for name, value in (runtime.get("limits") or {}).items():
        yield Trait(kinds.LIMIT, str(name)), plain(value)
    if tag := runtime.get("migration_tag"):
        yield Trait(kinds.TAG), plain(str(tag))


def schedules(answer: Mapping[str, Any]) -> WorkerSettings:
    """Crons, by GET S/schedules."""
    crons = (str(one["cron"]) for one in answer.get("schedules") or ())
    return WorkerSettings({Trait(kinds.CRON, one): Value("on", "") for one in crons}, frozenset({kinds.CRON}))


def address(answer: Mapping[str, Any]) -> WorkerSettings:
    """Whether workers.dev serves it, by GET S/subdomain."""
    word = "on" if answer.get("enabled") else "off"
    return WorkerSettings({Trait(kinds.ADDRESS): Value(word, word)}, frozenset({kinds.ADDRESS}))


def script(answer: Mapping[str, Any]) -> WorkerSettings:
    """What is patched beside the versions, by GET S/script-settings."""
    traits = {
        Trait(kinds.TAIL, str(one["service"])): Value("on", "") for one in answer.get("tail_consumers") or ()
    }
    told = {kinds.TAIL} if "tail_consumers" in answer else set()
    if "logpush" in answer:
        traits[Trait(kinds.LOGPUSH)] = plain(bool(answer["logpush"]))
        told.add(kinds.LOGPUSH)
    if "observability" in answer:
        traits[Trait(kinds.OBSERVABILITY)] = observed(answer["observability"] or {})
        told.add(kinds.OBSERVABILITY)
    return WorkerSettings(traits, frozenset(told))


def domains(answer: Iterable[Mapping[str, Any]], name: str) -> WorkerSettings:
    """The custom domains of a script, by GET A/workers/domains."""
    hosts = (str(one["hostname"]) for one in answer if one.get("service") == name)
    return WorkerSettings(
        {Trait(kinds.DOMAIN, one): Value("on", "") for one in hosts}, frozenset({kinds.DOMAIN})
    )


def routes(answer: Iterable[Mapping[str, Any]], name: str) -> WorkerSettings:
    """The routes of a script, by GET zones/ID/workers/routes of all zones that are known."""
    patterns = (str(one["pattern"]) for one in answer if one.get("script") == name)
    return WorkerSettings(
        {Trait(kinds.ROUTE, one): Value("on", "") for one in patterns}, frozenset({kinds.ROUTE})
    )


def unreadable(kind: str, why: str) -> WorkerSettings:
    """A kind of which Cloudflare does not let this token know."""
    return WorkerSettings(unread={kind: why})
