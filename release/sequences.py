"""The order of the steps, in one table.

A row is a step: what it does, and the sequences that have it. A sequence is the table, read from the top.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from release.config import Config
    from release.model.step import Step

Sequence = tuple["Step", ...]
PUBLISHED = (
    "The package is published and unrecorded: remove what refused the push (branch protection, a hook, the token's "
    "rights), then run the same command again; it only records."
)
RELEASE_MISSING = "GitHub did not create the Release; the package is published and recorded."


class Kind(Flag):
    """A sequence: a whole release or deployment, or what remains of a release that is live.

    UNRECORDED is live and healthy, and its tag is not on the remote yet; RECORDED lacks what comes after the tag.
    """

    RELEASE = auto()
    UNRECORDED = auto()
    RECORDED = auto()
    STAGING = auto()
    PACKAGE = auto()
    PACKAGE_UNRECORDED = auto()
    PACKAGE_RECORDED = auto()


OF_PACKAGE = Kind.PACKAGE | Kind.PACKAGE_UNRECORDED | Kind.PACKAGE_RECORDED
BUILT = Kind.RELEASE | Kind.PACKAGE
DEPLOYED = Kind.RELEASE | Kind.STAGING
NUMBERED = Kind.RELEASE | Kind.UNRECORDED | Kind.RECORDED | OF_PACKAGE


@dataclass(frozen=True)
class Setting:
    """What steps are made for: a sequence, an environment of a configuration, and what only this run knows.

    `number_was_live`: the number was live before, so a smoke check needs more than the number. `through` decides an
    ambiguous backfill; `notes` replace the generated ones; `has_deployment`: GitHub is told of the deployment, which it
    knows already where a job of its own names the environment. `settle`: seconds until a change answers everywhere.
    `contracts`: a pending migration may wait for the new version.
    """

    kind: Kind
    config: Config
    environment: str
    number_was_live: bool = False
    through: str | None = None
    notes: str | None = None
    has_deployment: bool = True
    settle: float = 60
    contracts: bool = True

    @property
    def contracting(self) -> frozenset[str]:
        """The databases of which every breaking migration waits for the new version."""
        return frozenset(one.name for one in self.config.databases if one.contract)


@dataclass(frozen=True)
class Row:
    """A step: its name, what it does in a few words, the sequences that have it, and what makes it.

    `make` gives no step where the configuration has none for it, and several where there are several workers.
    """

    name: str
    does: str
    kinds: Kind
    make: Callable[[Setting], Iterable[Step]]


def _test(setting: Setting) -> Iterator[Step]:
    from release.steps.test import Test

    yield Test(tuple(" ".join(command.run) for command in setting.config.test.commands))


def _bump(setting: Setting) -> Iterator[Step]:
    from release.steps.bump import Bump

    yield Bump(setting.config.app.manifest)


def _build(setting: Setting) -> Iterator[Step]:
    from release.steps.build import Build

    commands = tuple((one.name, " ".join(one.build)) for one in setting.config.workers if one.build)
    if commands:
        yield Build(commands)


def _backfill(setting: Setting) -> Iterator[Step]:
    from release.steps.backfill import Backfill

    databases = setting.config.databases
    if databases:
        manuals = {one.name: one.manual_backfill for one in databases}
        yield Backfill(databases[0].manual_backfill, setting.through, manuals)


def _migrate(setting: Setting) -> Iterator[Step]:
    from release.steps.migrate import Migrate

    if setting.config.databases:
        yield Migrate(setting.contracting)


def _contract(setting: Setting) -> Iterator[Step]:
    from release.steps.contract import Contract

    if setting.config.databases and setting.contracts:
        yield Contract(setting.contracting)


def _deploy(setting: Setting) -> Iterator[Step]:
    from release.steps.deploy import Deploy

    workers = setting.config.workers
    names = [worker.name for worker in workers]
    former = {1: "version", 2: "pair"}.get(len(workers), "versions")
    untouched = f"{setting.environment} runs the previous {former}"
    for at, worker in enumerate(workers):
        yield Deploy(
            worker.name,
            setting.config.placed(worker.name, setting.environment).script,
            meaning=_meaning(names[:at], worker.name, names[at + 1 :], untouched),
            advice=_advice(names[:at], worker.name, setting.config.branch),
        )


def _smoke(setting: Setting) -> Iterator[Step]:
    from release.model.health import rule_of
    from release.steps.smoke import SmokeCheck

    rule = rule_of(setting.config.environment(setting.environment))
    yield SmokeCheck(rule, setting.number_was_live, setting.settle)


def _pack(setting: Setting) -> Iterator[Step]:
    from release.steps.pack import Pack

    if setting.config.target:
        yield Pack(setting.config.target.folder)


def _inspect(setting: Setting) -> Iterator[Step]:
    from release.steps.inspect import Inspect

    if target := setting.config.target:
        yield Inspect(target.growth, target.ships)


def _publish(_: Setting) -> Iterator[Step]:
    from release.steps.publish import Publish

    yield Publish()


def _read_back(_: Setting) -> Iterator[Step]:
    from release.steps.read_back import ReadItBack

    yield ReadItBack()


def _record(setting: Setting) -> Iterator[Step]:
    from release.steps.record import RecordRelease

    branch = setting.config.branch
    yield RecordRelease(branch, advice=PUBLISHED) if setting.kind in OF_PACKAGE else RecordRelease(branch)


def _github_release(setting: Setting) -> Iterator[Step]:
    from release.steps.github_release import GitHubRelease

    pattern = setting.config.app.tag
    if setting.kind in OF_PACKAGE:
        yield GitHubRelease(setting.notes, is_latest=False, pattern=pattern, meaning=RELEASE_MISSING)
    else:
        yield GitHubRelease(setting.notes, pattern=pattern, has_deployment=setting.has_deployment)


def _verify(setting: Setting) -> Iterator[Step]:
    if setting.kind in OF_PACKAGE:
        from release.steps.verify_package import VerifyPackage

        yield VerifyPackage()
    else:
        from release.steps.verify import Verify

        yield Verify.of(setting.config.environment(setting.environment))


TABLE = (
    Row("test", "run the configured build, test and lint commands", BUILT, _test),
    Row("bump", "put the bump commit's files into the work tree", BUILT, _bump),
    Row("build", "build the workers that have a build of their own", DEPLOYED, _build),
    Row("backfill", "fill the migration ledger from the live schema", DEPLOYED, _backfill),
    Row("migrate", "apply the pending D1 migrations", DEPLOYED, _migrate),
    Row("deploy", "deploy the {worker} worker", DEPLOYED, _deploy),
    Row("smoke", "poll the health route until it shows this release", DEPLOYED | Kind.UNRECORDED, _smoke),
    Row(
        "contract",
        "apply the migrations that wait for the new version",
        DEPLOYED | Kind.UNRECORDED,
        _contract,
    ),
    Row("pack", "pack the package's tarball", Kind.PACKAGE, _pack),
    Row("inspect", "check what the tarball contains", Kind.PACKAGE, _inspect),
    Row("publish", "publish the tarball to the registry", Kind.PACKAGE, _publish),
    Row("read-back", "check what the registry serves", Kind.PACKAGE | Kind.PACKAGE_UNRECORDED, _read_back),
    Row("record", "push the branch, the tag and the record", NUMBERED, _record),
    Row("github-release", "create the GitHub Release", NUMBERED, _github_release),
    Row("verify", "check that every place showing the version agrees", NUMBERED, _verify),
)


def sequence(setting: Setting) -> Sequence:
    """The steps of a sequence, in order."""
    return tuple(step for row in TABLE if setting.kind in row.kinds for step in row.make(setting))


def step_names(config: Config) -> tuple[str, ...]:
    """The names of all core steps there are: those of a release, then those that only a package has."""
    steps = sequence(Setting(Kind.RELEASE, config, config.production))
    names = (row.name for row in TABLE if Kind.PACKAGE in row.kinds)
    return tuple(dict.fromkeys((*(step.name for step in steps), *names)))


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
