"""The verdict over all evidence: the least bump, and what stands in the way of a lower one (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.formats.wrangler_migrations import LEDGER
from release.model.evidence import LEVELS, Verdict
from release.model.problem import Problem
from release.model.repository import Base, Folder, History
from release.model.stores import labels, stores
from release.policy.words import rows_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.config import Config
    from release.model.evidence import Baseline, Evidence
    from release.model.problem import Severity
    from release.model.release import Release
    from release.model.request import Level, Request
    from release.model.stores import Store
    from release.model.world import World
    from release.policy.migrations import Case, Grading

LONG = 100_000  # rows that a statement goes through without a word
SECONDS = 30  # that D1 gives a query (its official limits)
_UNDERBUMP = 'or keep this bump and record why: --underbump "why"'


def judge(
    world: World,
    past: Baseline,
    config: Config,
    more: Sequence[Evidence] = (),
    grade: Grading | None = None,
) -> Verdict:
    """What the last release and this commit prove; `more` is the evidence of plugins, `grade` as `migrations.weigh` has it."""
    policy, window = config.policy, None
    evidence: list[Evidence] = []
    if config.databases and isinstance(world.base, Base) and policy.schema != "off":
        from release.policy import migrations

        found, window = migrations.weigh(past.tag, tuple(_cases(world.base, world, past, config)), grade)
        evidence.append(found)
    if policy.api != "off":
        from release.policy import api

        evidence.append(api.weigh(past.surfaces, past.tag))
    if isinstance(world.history, History) and policy.commits != "off":
        from release.policy import commits

        evidence.append(commits.weigh(world.history.unreleased))
    evidence += [one for one in more if policy.of(one.source) != "off"]
    return Verdict(tuple(evidence), window)


def _cases(base: Base, world: World, past: Baseline, config: Config) -> Iterator[Case]:
    """What is weighed of each database."""
    from release.policy.migrations import Case

    names = [one.name for one in config.databases]
    ledgers = {one.name: one for one in stores(world)}
    for one, label in zip(config.databases, labels(names), strict=True):
        folder, store = base.folders.get(one.name, Folder()), ledgers.get(one.name)
        yield Case(
            past.migrations.get(one.name, ()),
            folder.migrations,
            one.migrations,
            _unapplied(store) if store else (),
            folder.rules.table if folder.rules else LEDGER,
            one.name,
            label,
            bool(one.contract),
        )


def _unapplied(store: Store) -> tuple[str, ...]:
    """The migrations that a ledger with rows does not list; an empty one says nothing of what was applied."""
    return tuple(one.name for one in store.pending) if store.applied else ()


def level_of(verdict: Verdict, request: Request) -> Request:
    """The request with `auto` settled: the least that is demanded, patch where nothing is."""
    return replace(request, level=verdict.least or "patch") if request.level == "auto" else request


def problems(verdict: Verdict, release: Release, request: Request, config: Config) -> Iterator[Problem]:
    """What blocks or is warned of: errors block always, the rest unless `--underbump` says why or the source only warns."""
    bump = raised(release)
    for one in verdict.evidence:
        level: Severity = "warn" if config.policy.of(one.source) == "warn" else "block"
        for fault in one.errors:
            advice = "Put it back as it was released, and write a new migration."
            yield Problem(f"policy {one.source}", f"{fault.what}.", advice, fault.file, fault.line)
        for fault in one.warnings:
            advice = "Look at it before you approve; nothing else is asked of the release."
            yield Problem(f"policy {one.source}", f"{fault.what}.", advice, fault.file, fault.line, "warn")
        yield from _long(one)
        if request.underbump:
            continue
        for fault in one.cannot_tell:
            what = f"Cannot tell which bump this needs, because {fault.what}."
            advice = f"Repair it; {_UNDERBUMP}"
            yield Problem(f"policy {one.source}", what, advice, fault.file, fault.line, level)
        if bump is not None and one.least is not None and LEVELS.index(bump) < LEVELS.index(one.least):
            why = f" {one.because[0]}." if one.because else ""
            what = f"{release.version} is a {bump} bump, and {_demanding(one)}.{why}"
            remedy = f"; or {one.remedy}" if one.remedy else ""
            advice = f"inv release --bump {verdict.least}{remedy}; {_UNDERBUMP}"
            yield Problem(f"policy {one.source}", what, advice, level=level)


def _long(one: Evidence) -> Iterator[Problem]:
    """A warning for each statement that goes through so many rows that D1 may stop it."""
    for each in one.passes:
        if each.rows is not None and each.rows > LONG:
            what = f"{each.said}, which has {rows_words(each)}: D1 stops a query after {SECONDS} seconds."
            advice = "Try it on a copy of that size, or change the rows in parts (several UPDATEs by a range of the key)."
            yield Problem(f"policy {one.source}", what, advice, level="warn")


def overruled(verdict: Verdict, release: Release, config: Config) -> str:
    """What `--underbump` overrules, in words; nothing where it overrules nothing."""
    bump = raised(release)
    said = [
        _demanding(one)
        for one in verdict.evidence
        if bump is not None and one.least is not None and LEVELS.index(bump) < LEVELS.index(one.least)
        if config.policy.of(one.source) != "off"
    ]
    said += [f"{one.source} cannot tell" for one in verdict.evidence if one.cannot_tell]
    return f"{bump} {release.version}, although {', '.join(said)}" if said else ""


def _demanding(one: Evidence) -> str:
    return f"{one.source} {'demand' if one.source.endswith('s') else 'demands'} {one.least}"


def raised(release: Release) -> Level | None:
    """By how much the number is raised; None where nothing was released before, or no number is raised."""
    if release.previous is None or release.commit == release.base:
        return None
    before, after = release.previous.split("."), release.version.split(".")
    if before[0] != after[0]:
        return "major"
    return "minor" if before[1] != after[1] else "patch"
