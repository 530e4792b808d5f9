"""How many git processes and requests a plan and a record step take: a gate without noise, whatever the repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import floor
from release.rehearsal.cloud.memory_runtime import well_behaved
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import NewCommit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

MOST_FOR_A_PLAN = 6
MOST_FOR_THE_RECORD = 7
PLUGIN = """
from release.hookspecs import hookimpl

@hookimpl
def release_checks(config, environment):
    return ()
"""


class Processes:
    """The git processes of a release, as git itself tells them (GIT_TRACE2_EVENT: one file a process)."""

    def __init__(self, folder: Path, double: Double) -> None:
        folder.mkdir()
        self.folder = folder
        self.environ = {**double.environ, "GIT_TRACE2_EVENT": str(folder)}

    def seen(self) -> list[list[str]]:
        """The words of each process that was asked for so far, oldest first; git's own children are left out."""
        starts = []
        for file in self.folder.iterdir():
            events = map(json.loads, file.read_text("utf-8").splitlines())
            starts += [one for one in events if one["event"] == "start" and "/" not in one["sid"]]
        return [one["argv"][1:] for one in sorted(starts, key=lambda one: str(one["time"]))]


class Watched(Recorder):
    """Notes which git processes ran between the beginning and the end of the step `record`."""

    def __init__(self, processes: Processes, before: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.record: list[list[str]] = []
        self._processes = processes
        self._before = before
        self._already = 0

    def started(self, step: str) -> None:
        """A step starts."""
        if step == "record":
            self._before()
            self._already = len(self._processes.seen())

    def finished(self, result: object) -> None:
        """A step ended."""
        if getattr(result, "name", "") == "record":
            self.record = self._processes.seen()[self._already :]


@pytest.fixture
def processes(tmp_path: Path, double: Double) -> Processes:
    return Processes(tmp_path / "trace", double)


def many_commits_and_tags(double: Double) -> None:
    empty: dict[str, bytes | str | None] = {}
    double.commits([NewCommit(f"fix: {number}", empty, tag=f"other-v{number}.0.0") for number in range(60)])
    double.merge({"more.txt": "more"}, count=300)
    double.git("pull", "--quiet", "--ff-only", "origin", "main")


def moved_main(double: Double) -> None:
    double.merge({"theirs.txt": "theirs"}, count=20)


def plugins_and_packages(double: Double) -> None:
    config = (double.root / "pyproject.toml").read_text("utf-8")
    config = config.replace("[tool.release]\n", '[tool.release]\nplugins = ["one.py", "two.py"]\n')
    packages = {f"packages/p{number}/package.json": "{}\n" for number in range(30)}
    double.commit({"pyproject.toml": config, "one.py": PLUGIN, "two.py": PLUGIN, **packages}, "feat: plugins")


def a_record_that_this_clone_has_not(double: Double) -> None:
    assert double.release().exit_code == 0
    double.git("update-ref", "-d", "refs/remotes/origin/main")
    double.commit({"next.txt": "next"}, "feat: next")


def a_clean_world(double: Double) -> None:
    assert double.root.is_dir()


WORLDS = (
    a_clean_world,
    many_commits_and_tags,
    moved_main,
    plugins_and_packages,
    a_record_that_this_clone_has_not,
)


@pytest.mark.parametrize("clone", ["full", "--depth=1"])
@pytest.mark.parametrize("prepare", WORLDS)
def test_a_plan_takes_at_most_six_git_processes(
    double: Double, processes: Processes, prepare: Callable[[Double], None], clone: str
) -> None:
    prepare(double)
    root = double.root if clone == "full" else double.clone("shallow", clone)

    outcome = double.plan(root=root, environ=processes.environ)

    assert outcome.outcome == "planned", outcome.problems
    assert 0 < len(processes.seen()) <= MOST_FOR_A_PLAN, processes.seen()


def test_a_plan_without_the_repositorys_name_in_the_environment_stays_within_six(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, remote="http") as world:
        processes = Processes(tmp_path / "trace", world)
        moved_main(world)
        del processes.environ["GITHUB_REPOSITORY"]

        assert world.plan(environ=processes.environ).outcome == "planned"
        assert len(processes.seen()) <= MOST_FOR_A_PLAN, processes.seen()


def test_a_plan_for_staging_stays_within_six(double: Double, processes: Processes) -> None:
    moved_main(double)
    double.plan(environment="staging", deploying=True, environ=processes.environ)

    assert len(processes.seen()) <= MOST_FOR_A_PLAN, processes.seen()


@pytest.mark.parametrize("clone", ["full", "--depth=1"])
@pytest.mark.parametrize("commits", [0, 1, 20])
def test_the_record_takes_at_most_seven_git_processes_and_one_push(
    double: Double, processes: Processes, clone: str, commits: int
) -> None:
    root = double.root if clone == "full" else double.clone("shallow", clone)
    watched = Watched(processes, lambda: commits and double.merge({"theirs.txt": "theirs"}, count=commits))

    outcome = double.release(root=root, environ=processes.environ, listener=watched)

    assert outcome.exit_code == 0, outcome.failure
    assert 0 < len(watched.record) <= MOST_FOR_THE_RECORD, watched.record
    assert [words[0] for words in watched.record].count("push") == 1


def test_a_plan_sends_the_very_requests_of_the_floor(double: Double) -> None:
    seen: list[tuple[str, str]] = []

    def note(request: Request) -> None:
        if ".git/" not in request.path:
            seen.append((request.method, request.full_path.rstrip("?")))

    double.cloud.before = double.forge.before = note

    def noting(loaded: LoadedVersion, request: Request) -> Response:
        note(request)
        return well_behaved(loaded, request)

    for environment in ("production", "staging"):
        double.runtime.behaviour[double.script("cms", environment)] = noting
    double.plan()
    planned, seen[:] = sorted(seen), []
    count = floor.ask_http(double.environ, *floor.ask_git(double.environ, str(double.root)))

    assert planned == sorted(seen)
    assert len(planned) == count


def test_a_plan_asks_git_no_more_often_than_the_floor(double: Double, processes: Processes) -> None:
    double.plan(environ=processes.environ)
    planned = len(processes.seen())
    floor.ask_git(processes.environ, str(double.root))

    assert planned <= len(processes.seen()) - planned
