"""The order of things, in one place: nobody else decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.step import Step
from release.steps.backfill import Backfill
from release.steps.bump import Bump
from release.steps.deploy import Deploy
from release.steps.github_release import GitHubRelease
from release.steps.inspect import Inspect
from release.steps.migrate import Migrate
from release.steps.pack import Pack
from release.steps.publish import Publish
from release.steps.read_back import ReadItBack
from release.steps.record import RecordRelease
from release.steps.smoke import SmokeCheck
from release.steps.test import Test
from release.steps.verify import Verify
from release.steps.verify_package import VerifyPackage
from release.target import NpmTarget

if TYPE_CHECKING:
    from release.config import Config
    from release.target import Target

Sequence = tuple[Step, ...]
PUBLISHED = (
    "The package is published and unrecorded: lift what refused the push (branch protection, a hook, the token's "
    "rights), then run the same command again; it only records."
)
RELEASE_MISSING = "GitHub did not make the Release; the package is published and recorded."


def production(
    config: Config,
    environment: str,
    *,
    relive: bool,
    through: str | None = None,
    notes: str | None = None,
    deployment: bool = True,
) -> Sequence:
    """A release: the whole way from a commit to a verified version.

    `deployment`: GitHub is told of it; it knows already where a job of its own names the environment.
    """
    return (
        Test(tuple(" ".join(command.run) for command in config.test.commands)),
        Bump(config.app.manifest),
        *_shipping(config, environment, relive=relive, through=through),
        RecordRelease(config.branch),
        GitHubRelease(notes, pattern=config.app.tag, has_deployment=deployment),
        Verify(has_badge=config.environment(environment).badge is not None),
    )


def finishing(
    config: Config, environment: str, *, recorded: bool, notes: str | None = None, deployment: bool = True
) -> Sequence:
    """What remains of a release that is live: smoke only while its tag is not on the remote yet."""
    health = config.environment(environment).health
    return (
        *(() if recorded else (SmokeCheck(health.path, relive=False),)),
        RecordRelease(config.branch),
        GitHubRelease(notes, pattern=config.app.tag, has_deployment=deployment),
        Verify(has_badge=config.environment(environment).badge is not None),
    )


def publishing(config: Config, target: Target, *, notes: str | None = None) -> Sequence:
    """A package: from a commit to a verified version on the registry."""
    return (
        Test(tuple(" ".join(command.run) for command in config.test.commands)),
        Bump(config.app.manifest),
        Pack(target.folder),
        Inspect(target.growth, target.ships),
        Publish(),
        *recording(config, recorded=False, notes=notes),
    )


def recording(config: Config, *, recorded: bool, notes: str | None = None) -> Sequence:
    """What remains of a package that is published: it is read back only while its tag is not on the remote yet."""
    return (
        *(() if recorded else (ReadItBack(),)),
        RecordRelease(config.branch, advice=PUBLISHED),
        GitHubRelease(notes, is_latest=False, pattern=config.app.tag, meaning=RELEASE_MISSING),
        VerifyPackage(),
    )


def staging(config: Config, environment: str) -> Sequence:
    """A deployment: no number, no tag; the same database and workers in the same order."""
    return _shipping(config, environment, relive=True, through=None)


def step_names(config: Config) -> tuple[str, ...]:
    """The names of all core steps there are, in the order of a release, then of a package."""
    package = NpmTarget(name="any", folder=".", tag="{version}", test=())
    steps = (*production(config, config.production, relive=False), *publishing(config, package))
    return tuple(dict.fromkeys(step.name for step in steps))


def _shipping(config: Config, environment: str, *, relive: bool, through: str | None) -> Sequence:
    chosen = config.environment(environment)
    database: Sequence = ()
    if config.database is not None and chosen.database is not None:
        database = (Backfill(config.database.manual_backfill, through), Migrate())
    return (
        *database,
        *_deploys(config, environment),
        SmokeCheck(chosen.health.path, relive),
    )


def _deploys(config: Config, environment: str) -> Sequence:
    workers, chosen = config.workers, config.environment(environment)
    names = [worker.name for worker in workers]
    former = {1: "version", 2: "pair"}.get(len(workers), "versions")
    return tuple(
        Deploy(
            worker.name,
            worker.script_in(chosen),
            meaning=_meaning(
                names[:at], worker.name, names[at + 1 :], f"{environment} runs the previous {former}"
            ),
            advice=_advice(names[:at], worker.name, config.branch),
        )
        for at, worker in enumerate(workers)
    )


def _meaning(before: list[str], worker: str, after: list[str], untouched: str) -> str:
    others = f"{' and '.join(after)} {'was' if len(after) == 1 else 'were'} not touched; " if after else ""
    serves = (
        f"the old bundle of {worker} still serves beside the new {' and '.join(before)}"
        if before
        else untouched
    )
    return f"The build is broken, or the configuration does not match. {others}{serves}."


def _advice(before: list[str], worker: str, branch: str) -> str:
    again = f"Fix it on {branch} (or the worker's wrangler configuration), then run the same command again."
    if not before:
        return again
    return f"{again} If the new {' and '.join(before)} cannot serve the old {worker}: `inv rollback`."
