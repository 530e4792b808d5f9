"""What was asked is what is done, or it is said: an unfinished release is never finished as another one unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from release.model.options import Options
from release.model.request import Request
from release.run import release as releasing
from release.run.approval import Person, usual
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import CONFIG
from release.views.ending import outcome_lines
from release.views.text import plan_lines
from tests.contract.record_on_remote import put_record, record_of, refs
from tests.contract.release_facts import tags, told
from tests.contract.run.test_approval import run_of
from tests.contract.run.test_unfinished_releases import healthy_and_unrecorded, refusing
from tests.turns import in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.testing import Double

    Begin = Callable[..., None]

UNATTENDED = f"{CONFIG}\n[tool.release.approval]\nunattended = true\n"
AUTO = UNATTENDED.replace('schema = "off"', 'schema = "block"')


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Double]:
    """A world where `--yes` is enough without a terminal."""
    with opened(tmp_path, overlay={"pyproject.toml": UNATTENDED}) as world:
        yield world


def inv_release(
    world: Double,
    level: str = "patch",
    *,
    root: Path | None = None,
    person: Person | None = None,
    environ: dict[str, str] | None = None,
    plan_file: Path | None = None,
    **more: Any,  # noqa: ANN401  # the fields of a request
) -> Outcome:
    """`inv release --bump LEVEL --yes`, where nobody sits."""
    request = Request(level=level, **more)  # type: ignore[arg-type]  # one of the four
    asked = Options(request if plan_file is None else Request(), plan_file=plan_file)
    gate = usual(person or Person(yes=True))
    variables = {**world.environ, **(environ or {})}
    return releasing.release(root or world.root, variables, asked, gate, Recorder(), connect=world.connect)


def half_deployed(world: Double, level: str = "patch") -> None:
    """The first worker serves the new release, the second refuses it."""
    world.cloud.before = refusing("POST", f"{world.script('cms')}/deployments")
    assert inv_release(world, level).exit_code == 3
    world.cloud.before = None


def unrecorded(world: Double, level: str = "patch") -> None:
    """The release is live and healthy, and its push was refused."""
    hook = world.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/tags/*|refs/heads/*) exit 1 ;; esac\n")
    hook.chmod(0o755)
    assert inv_release(world, level).exit_code == 3
    hook.unlink()


def tagged(world: Double, level: str = "patch") -> None:
    """The release is on the remote, and GitHub has no Release of it."""
    world.forge.before = refusing("POST", "/releases")
    assert inv_release(world, level).exit_code == 3
    world.forge.before = None


BEGUN = (half_deployed, unrecorded, tagged)
STATES = pytest.mark.parametrize("begin", BEGUN)


@pytest.mark.parametrize(
    ("begin", "pair"), in_turn(BEGUN, (("patch", "minor"), ("minor", "patch"), ("patch", "major")))
)
def test_another_bump_than_the_begun_one_ends_blocked_with_both_ways_on(
    alone: Double,
    begin: Begin,
    pair: tuple[str, str],
) -> None:
    begun, asked = pair
    begin(alone, begun)
    before = refs(alone)
    outcome = inv_release(alone, asked)
    tag = {"patch": "cms-v1.2.4", "minor": "cms-v1.3.0"}[begun]
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert f"{tag} is unfinished; it is a {begun}, and you asked for a {asked}." in told(outcome)
    assert f"Finish it: inv release --finish, or inv release --bump {begun}" in told(outcome)
    assert refs(alone) == before


@pytest.mark.parametrize(
    ("begin", "way"), in_turn(BEGUN, ({"level": "patch"}, {"level": "major", "finish": True}))
)
def test_both_ways_on_finish_what_was_begun(alone: Double, begin: Begin, way: dict[str, Any]) -> None:
    begin(alone)
    assert inv_release(alone, "minor").exit_code == 4
    outcome = inv_release(alone, root=alone.clone(), **way)
    assert (outcome.exit_code, tags(alone)) == (0, ["cms-v1.2.3", "cms-v1.2.4"]), told(outcome)


@pytest.mark.parametrize(("begin", "level"), in_turn(BEGUN, ("patch", "minor", "major")))
def test_the_very_command_that_began_it_is_never_asked(alone: Double, begin: Begin, level: str) -> None:
    begin(alone, level)
    outcome = inv_release(alone, level)
    assert outcome.exit_code == 0, told(outcome)
    assert not any(one.check == "asked" for one in outcome.warnings)


@STATES
def test_a_rerun_is_not_asked_where_main_moved_while_it_ran(alone: Double, begin: Begin) -> None:
    alone.merge({"docs/more.md": "more\n"})
    alone.ci = False
    begin(alone)
    assert inv_release(alone).exit_code == 0
    assert "cms-v1.2.4" in tags(alone)


@STATES
def test_auto_is_never_asked_about_what_auto_began(tmp_path: Path, begin: Begin) -> None:
    with opened(tmp_path, overlay={"pyproject.toml": AUTO}) as world:
        begin(world, "auto")
        assert record_of(world).asked == "auto"
        outcome = inv_release(world, "auto")
        assert (outcome.exit_code, tags(world)) == (0, ["cms-v1.2.3", "cms-v1.3.0"]), told(outcome)


@STATES
def test_another_commit_is_said_and_its_own_release_comes_after(alone: Double, begin: Begin) -> None:
    begin(alone)
    alone.commit({"docs/more.md": "more\n"}) if begin is not tagged else alone.merge({"docs/more.md": "m\n"})
    elsewhere = alone.clone()
    outcome = inv_release(alone, root=elsewhere)
    if begin is half_deployed:  # this commit takes the number: it is what was asked
        assert (outcome.decision, outcome.exit_code) == ("supersede", 0)
        return
    assert (outcome.decision, outcome.exit_code) == ("finish", 0), told(outcome)
    (said,) = [one for one in outcome.warnings if one.check == "asked"]
    assert "and HEAD is" in said.what
    assert said.advice == "This run finishes it. HEAD is next: inv release --bump patch"
    alone.git("pull", "--quiet", cwd=elsewhere)
    alone.ran_ci()
    then = inv_release(alone, root=elsewhere)
    assert then.exit_code == 0, told(then)
    assert tags(alone) == ["cms-v1.2.3", "cms-v1.2.4", "cms-v1.2.5"]


def test_a_commit_that_takes_a_begun_number_higher_than_asked_says_so(alone: Double) -> None:
    half_deployed(alone, "minor")
    alone.commit({"docs/more.md": "more\n"})
    outcome = inv_release(alone)
    assert (outcome.exit_code, outcome.decision) == (4, "supersede")
    assert "cms-v1.3.0 is unfinished; it is a minor, and you asked for a patch." in told(outcome)
    assert inv_release(alone, finish=True).as_json()["version"] == "1.3.0"


def test_a_terminal_reads_the_difference_before_the_tag_is_typed(double: Double) -> None:
    healthy_and_unrecorded(double)
    questions: list[str] = []

    def typing(question: str) -> str:
        questions.append(question)
        return "cms-v1.2.4"

    outcome = inv_release(double, "minor", person=Person(ask=typing))
    assert outcome.exit_code == 0
    assert questions[-1].startswith("cms-v1.2.4 is unfinished; it is a patch, and you asked for a minor.\n")


def test_yes_at_a_terminal_reads_nothing(double: Double) -> None:
    healthy_and_unrecorded(double)
    person = Person(yes=True, ask=lambda _: "cms-v1.2.4")
    assert inv_release(double, "minor", person=person).exit_code == 4


def test_a_plugin_that_approves_reads_nothing_either(tmp_path: Path) -> None:
    plugin = """
from release.hookspecs import hookimpl
from release.model.record import Approval

@hookimpl
def release_approve(release, plan_hash):
    return Approval(who="robot", plan=plan_hash, at=1.0, how="plugin")
"""
    settings = UNATTENDED.replace("[tool.release]\n", '[tool.release]\nplugins = ["robot.py"]\n', 1)
    with opened(tmp_path, overlay={"robot.py": plugin, "pyproject.toml": settings}) as world:
        unrecorded(world)
        assert inv_release(world, "minor").exit_code == 4
        assert inv_release(world).exit_code == 0


def test_the_plan_says_it(double: Double) -> None:
    healthy_and_unrecorded(double)
    heard = Recorder()
    outcome = double.plan("minor", listener=heard)
    text = "\n".join(line.text for line in plan_lines(heard.preview)) if heard.preview else ""
    assert outcome.exit_code == 0
    assert "cms-v1.2.4 is unfinished; it is a patch, and you asked for a minor." in text
    assert [one["check"] for one in outcome.as_json()["warnings"]][:1] == ["asked"]


def test_in_a_workflow_the_plan_stops_before_anybody_is_asked(double: Double) -> None:
    healthy_and_unrecorded(double)
    job = {**double.environ, "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": str(run_of(double).id)}
    outcome = double.plan("minor", environ=job)
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "inv release --finish" in told(outcome)
    assert double.plan(environ=job).exit_code == 0
    assert double.plan(request=Request(level="minor", finish=True), environ=job).exit_code == 0


def test_a_plan_that_was_approved_is_released_wherever_head_is(double: Double, tmp_path: Path) -> None:
    healthy_and_unrecorded(double)
    plan = tmp_path / "plan.json"
    double.plan(output=plan)
    double.commit({"docs/more.md": "more\n"})
    person = Person(ask=lambda _: "cms-v1.2.4")
    outcome = inv_release(double, person=person, plan_file=plan)
    assert (outcome.decision, outcome.exit_code) == ("finish", 0), told(outcome)


def test_a_record_of_an_older_version_is_understood(alone: Double) -> None:
    unrecorded(alone, "minor")
    old = msgspec.json.decode(msgspec.json.encode(record_of(alone)))
    del old["asked"]
    put_record(alone, **{**{k: getattr(record_of(alone), k) for k in old if k != "nonce"}, "asked": ""})
    assert inv_release(alone).exit_code == 4
    assert inv_release(alone, "minor").exit_code == 0


def test_where_nothing_is_unfinished_there_is_nothing_to_finish(alone: Double) -> None:
    outcome = inv_release(alone, finish=True)
    assert (outcome.outcome, outcome.exit_code, outcome.why) == ("nothing", 5, "no release is unfinished")
    assert inv_release(alone).exit_code == 0


def test_the_ending_of_a_release_that_was_live_already_says_so(double: Double) -> None:
    healthy_and_unrecorded(double)
    lines = "\n".join(line.text for line in outcome_lines(double.release()))
    assert "1.2.4 (already live)" in lines
