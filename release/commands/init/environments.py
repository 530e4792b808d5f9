"""Which of wrangler's environments a release goes to, and which workers it takes along."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from release.commands.init import packages
from release.commands.init.questions import Question
from release.commands.init.workers import TOP, calls, joined
from release.errors import UsageError
from release.formats.version import TagPattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from release.commands.init.questions import Ask
    from release.commands.init.repository import Repository
    from release.commands.init.workers import Found

PRODUCTION = ("production", "prod", "live")
STAGING = ("staging", "stage", "stg")
TRIED = ("preview", "preprod", "qa", "uat", "test", "calibration", "beta")
LOCAL = ("dev", "development", "local", "test", "testing", "e2e", "ci", *STAGING, *TRIED)  # never production
TOP_LEVEL = "top level"  # how a person says it
NONE = "none"


def environments(every: Sequence[Found], ask: Ask) -> dict[str, str]:
    """The environments to release to -> what wrangler calls them ("": its top level); production comes first."""
    likely = [one for one in every if not one.is_unlikely] or list(every)
    production = _production(likely, ask)
    released = [one for one in likely if production in one.places]
    shared = [
        name for name in _known(likely) if name != production and all(name in one.places for one in released)
    ]
    staging = next((name for name in STAGING if name in shared), None)
    if staging is not None:
        return {"production": production, "staging": staging}
    others = tuple(name for name in shared if name not in {"dev", "development", "local"})
    if not others:
        return {"production": production}
    guess = next((name for name in TRIED if name in others), NONE)
    asked = Question(
        "staging",
        f"Which environment is a commit tried in before production ({', '.join(others)}, {NONE})?",
        guess,
        (*others, NONE),
    )
    said = ask(asked)
    return {"production": production, **({} if said == NONE else {said: said})}


def together(chosen: list[Found], offered: Sequence[Found], ask: Ask) -> list[Found]:
    """The workers of one release, in the order of their deploys; those that no binding joins may be another's."""
    likely = [one for one in chosen if not one.is_unlikely] or chosen
    names = {one.name: one for one in (*chosen, *offered)}
    if joined(likely) and len(likely) == len(names):
        return likely
    asked = Question(
        "workers",
        "Which workers are released together, in which order, the one that people see last?",
        ",".join(one.name for one in likely),
        is_offered=joined(likely),
    )
    said = [name.strip() for name in ask(asked).split(",")]
    unknown = [name for name in said if name not in names]
    if unknown or len(set(said)) != len(said):
        raise UsageError(
            f'"{", ".join(unknown or said)}" names no workers.',
            f"Say some of: {','.join(names)}, each once, with commas.",
        )
    return [names[name] for name in said]


def app_last(repository: Repository, chosen: Sequence[Found], environment: str) -> list[Found]:
    """The workers with the one that people see as the last, where no binding wants another order."""
    points = {one.name: _points(repository, one, chosen, environment) for one in chosen}
    best = max(chosen, key=lambda one: (points[one.name], list(chosen).index(one)))
    rest = [one for one in chosen if one is not best]
    return list(chosen) if any(calls(one, [best]) for one in rest) else [*rest, best]


def _points(repository: Repository, one: Found, chosen: Sequence[Found], environment: str) -> int:
    """How much speaks for a worker as the app: tags of its name, a version, an address, a database; no caller."""
    pattern = TagPattern(f"{one.name}-v{{version}}")
    place = one.places[environment]
    own = packages.manifest(repository, packages.beside(one.path, "package.json"))
    return sum(
        (
            8 * any(pattern.version(tag) for tag in repository.tags),
            3 * isinstance(own.get("version"), str),
            2 * place.is_routed,
            1 * bool(place.databases),
            -4 * any(calls(other, [one]) for other in chosen if other is not one),
        )
    )


def _known(every: Sequence[Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in every for name in one.places if name != TOP))


def _production(likely: Sequence[Found], ask: Ask) -> str:
    known = _known(likely)
    has = Counter(name for one in likely for name in one.places)
    named = next((name for name in PRODUCTION if name in known), None)
    if named is not None and has[named] * 2 >= len(likely):
        return named
    candidates = tuple(name for name in known if name not in LOCAL)
    if not candidates and has[TOP]:
        return TOP
    choices = (*known, *((TOP_LEVEL,) if has[TOP] else ()))
    guess = named or (TOP_LEVEL if has[TOP] else choices[0] if len(choices) == 1 else None)
    asked = Question(
        "production",
        f"Which of wrangler's environments is production ({', '.join(choices)})?",
        guess,
        choices,
    )
    said = ask(asked)
    return TOP if said == TOP_LEVEL else said


def words(names: Mapping[str, str]) -> str:
    """The places of a release, as a person says them."""
    return " and ".join(name or "a name at its top level" for name in names.values())
