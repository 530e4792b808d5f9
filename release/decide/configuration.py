"""What a deploy changes besides the code: live settings against the commit's, and the last release's (pure)."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from release.formats import worker_settings as kinds
from release.formats.worker_settings import Trait
from release.model.configuration import Compared, SettingChange, WorkerChanges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.formats.worker_settings import Doomed, Value, WorkerSettings
    from release.model.configuration import Loss, Origin

_LOST: dict[str, Loss] = {
    kinds.VAR: "variables",
    kinds.BINDING: "bindings",
    kinds.ROUTE: "routes",
    kinds.DOMAIN: "routes",
    kinds.CRON: "crons",
}
TRIGGERS = frozenset({kinds.CRON, kinds.ROUTE, kinds.DOMAIN, kinds.ADDRESS})  # which belong to no version
APPLIED = TRIGGERS | {kinds.BINDING, kinds.VAR, kinds.DATE, kinds.FLAG}
_SECRET_NAME = re.compile(
    r"(?i)secret|token|passw|passphrase|credential|private|api_?key|_key$|auth|dsn|salt|pepper"
)
_CREDENTIALS = re.compile(r"://[^/\s@]*:[^/\s@]+@")
_LONG, _DENSE = (
    20,
    3.5,
)  # characters, and bits of entropy for each, from which on a word is taken for a secret
_SHOWN = 40  # characters of a value


def changes_of(worker: str, sides: Compared) -> WorkerChanges:
    """What deploying a worker changes; nothing where it was never deployed, for there all is new."""
    live, wanted = sides.live, sides.wanted
    if live is None:
        return WorkerChanges(worker)
    found = [
        *_differences(worker, sides),
        *_shadowed(worker, live, wanted),
        *_of_classes(worker, live, wanted),
    ]
    found.sort(key=lambda one: (one.loss is None, one.trait))
    unread = {kind: why for kind, why in live.unread.items() if wanted.named(kind) or kind not in wanted.left}
    return WorkerChanges(worker, tuple(found), unread)


def unlike_planned(worker: str, sides: Compared, of: frozenset[str] = APPLIED) -> Iterator[str]:
    """Where what serves is not what was deployed, in sentences; `of` these kinds, which a deploy applies as written."""
    for one in changes_of(worker, sides).changes:
        if one.trait.kind not in of or one.mark == "!" or one.loss == "secrets":
            continue
        yield {
            "+": f"{worker} does not have {one.trait}",
            "-": f"{worker} still has {one.trait}",
            "~": f"{worker} has {one.trait} {one.before}, and not {one.after}",
        }[one.mark]


def apart(worker: str, one: Compared, other: Compared) -> WorkerChanges:
    """How what serves in two environments differs, but for what each release sets itself; nobody loses anything by that."""
    here, there = one.live, other.live
    if here is None or there is None:
        return WorkerChanges(worker)
    own = {trait for trait, value in one.wanted.traits.items() if trait.kind == kinds.VAR and not value.key}
    found = (one for one in _differences(worker, Compared(worker, here, there)) if one.trait not in own)
    plain = (
        replace(one, loss=None, why="", remedy="", mark="+" if one.mark == "!" else one.mark) for one in found
    )
    secrets = (
        SettingChange(worker, "-", Trait(kinds.SECRET, name))
        for name in sorted(here.named(kinds.SECRET) - there.named(kinds.SECRET))
    )
    return WorkerChanges(worker, (*plain, *secrets), {**here.unread, **there.unread})


def _differences(worker: str, sides: Compared) -> Iterator[SettingChange]:
    live, wanted = sides.live, sides.wanted
    assert live is not None  # noqa: S101 - asked for by changes_of
    told = live.told & wanted.told
    for trait in sorted(trait for trait in {*live.traits, *wanted.traits} if trait.kind in told):
        before, after = live.traits.get(trait), wanted.traits.get(trait)
        if (before and before.is_like(after)) or (after is None and trait.kind in wanted.left):
            continue
        if _is_shadowed(trait, live):
            continue
        origin = _origin(trait, before, after, sides.last)
        mark = "+" if before is None else "-" if after is None else "~"
        if trait.kind == kinds.SECRET:
            if before is not None:
                continue  # only the side of an environment has it, which a deploy leaves
            yield SettingChange(worker, "!", trait, why="required, and not set")
            continue
        loss = _loss(trait, mark, origin, wanted, after)
        yield SettingChange(
            worker,
            mark,
            trait,
            shortened(trait, before),
            shortened(trait, after),
            origin,
            loss,
            _why(mark, origin, loss, sides.who),
            _remedy(trait, loss),
        )


def _origin(trait: Trait, before: Value | None, after: Value | None, last: WorkerSettings | None) -> Origin:
    """Who made the difference: the release, where the last one was as what serves; somebody else, where it was as this one."""
    if last is None or trait.kind not in last.told:
        return ""
    was = last.traits.get(trait)
    if was == before or (was and was.is_like(before)):
        return "release"
    return "elsewhere" if was == after or (was and was.is_like(after)) else ""


def _loss(
    trait: Trait, mark: str, origin: Origin, wanted: WorkerSettings, after: Value | None
) -> Loss | None:
    if trait.kind == kinds.ADDRESS:
        turned_off = after is not None and after.key == "off"
        return "workers_dev" if turned_off and wanted.derives_address else None
    if origin == "release":
        return None
    if mark == "-" or (mark == "~" and trait.kind == kinds.VAR):
        return _LOST.get(trait.kind)
    return None


def _why(mark: str, origin: Origin, loss: Loss | None, who: str) -> str:
    if loss == "workers_dev":
        return "a side effect of its routes"
    if origin == "release":
        return ""
    by = f" by {who}" if who else ""
    since = f"changed since the last release{by}" if origin == "elsewhere" else "not from the last release"
    if loss:
        return f"{since}; this deploy {'deletes' if mark == '-' else 'overwrites'} it"
    return f"{since}; this deploy puts it back" if origin == "elsewhere" else ""


def _remedy(trait: Trait, loss: Loss | None) -> str:
    """The line to write so that it stays."""
    if loss is None:
        return ""
    return {
        "variables": f'Keep it: put {trait.name} into `vars`, or set "keep_vars": true',
        "bindings": f"Keep it: bind {trait.name} in this environment (bindings are not inherited)",
        "routes": f'Keep it: put "{trait.name}" into `routes`',
        "crons": f'Keep it: put "{trait.name}" into `triggers.crons`',
        "workers_dev": 'Keep the address: "workers_dev": true',
    }.get(loss, "")


def _is_shadowed(trait: Trait, live: WorkerSettings) -> bool:
    """A variable of the name of a secret is told once, as what it does to the secret."""
    return trait.kind == kinds.VAR and trait not in live.traits and trait.name in live.named(kinds.SECRET)


def _shadowed(worker: str, live: WorkerSettings, wanted: WorkerSettings) -> Iterator[SettingChange]:
    """Secrets that a variable of the same name would overwrite."""
    for name in sorted(live.named(kinds.SECRET) & wanted.named(kinds.VAR)):
        yield SettingChange(
            worker,
            "-",
            Trait(kinds.SECRET, name),
            loss="secrets",
            why="a variable of the same name in the configuration overwrites it",
            remedy=f"Keep it: take {name} out of `vars`",
        )


def _of_classes(worker: str, live: WorkerSettings, wanted: WorkerSettings) -> Iterator[SettingChange]:
    """Classes that pending migrations take away, and a live migration tag that the configuration does not know."""
    at = live.traits.get(Trait(kinds.TAG))
    if kinds.TAG not in live.told:
        return
    if at and at.shown not in wanted.tags:
        yield SettingChange(
            worker,
            "!",
            Trait(kinds.TAG),
            before=at.shown,
            loss="classes",
            why=f"{at.shown} is live and not in the configuration; wrangler would apply every migration again",
            remedy=f'Keep it: put the migration with the tag "{at.shown}" back into `migrations`',
        )
        return
    done = wanted.tags[: wanted.tags.index(at.shown) + 1] if at else ()
    for one in wanted.doomed:
        if one.tag not in done:
            yield _of_doomed(worker, one)


def _of_doomed(worker: str, one: Doomed) -> SettingChange:
    trait = Trait("class", one.name)
    if one.to:
        return SettingChange(
            worker, "~", trait, one.name, one.to, "release", "classes", "renamed, with its objects"
        )
    why = f"migration {one.tag} deletes it, with all of its objects"
    return SettingChange(worker, "-", trait, "Durable Object", "", "release", "classes", why)


def shortened(trait: Trait, value: Value | None) -> str:
    """A value for people: long ones cut, and none that its name or its randomness gives away as a secret."""
    if value is None:
        return ""
    if trait.kind != kinds.VAR:
        return value.shown
    if looks_secret(trait.name, value.shown):
        return "(hidden)"
    text = " ".join(value.shown.split())
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[: _SHOWN - 3]}..."'


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable is one that should have been a secret, by its name or because its value is random."""
    if _SECRET_NAME.search(name) or _CREDENTIALS.search(value):
        return True
    return any(_is_random(word) for word in re.split(r"[\s\"':;,=/?&@<>{}()\[\]]+", value))


def _is_random(word: str) -> bool:
    if len(word) < _LONG or not re.search(r"[0-9]", word) or not re.search(r"[A-Za-z]", word):
        return False
    counts = Counter(word)
    bits = -sum(one / len(word) * math.log2(one / len(word)) for one in counts.values())
    return bits >= _DENSE
