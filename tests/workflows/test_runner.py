"""The runner itself does what GitHub's does, so that what it says of our workflows holds there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.rehearsal.forge import Forge
from release.rehearsal.workflows.actions import Actions
from release.rehearsal.workflows.commands import Log, pairs
from release.rehearsal.workflows.engine import EngineError, OwnEngine, Scope
from release.rehearsal.workflows.run import Settings
from release.testing.monorepo import NewCommit, import_commits
from tests.workflows.uses import use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from release.rehearsal.workflows.engine import Engine
    from release.rehearsal.workflows.run import Run
    from release.rehearsal.workflows.workflow import Step
    from tests.workflows.engine import GitHubEngine

HEAD = "name: X\non: push\npermissions: {}\njobs:\n"
SECRET = "s3cret-value"


def job(key: str, *steps: str, more: str = "") -> str:
    """A job of a workflow; each step is the words of a script, or several lines of YAML."""
    listed = "".join(
        f"      - {step if ': ' in step.partition(chr(10))[0] else f'run: {step}'}\n" for step in steps
    )
    return f"  {key}:\n    runs-on: ubuntu-24.04\n{more}    steps:\n{listed}"


@dataclass
class Bench:
    """A forge without anything else, and the Actions of its one workflow."""

    forge: Forge
    actions: Actions
    environ: dict[str, str]

    def push(self, *jobs: str) -> Run:
        """A commit whose workflow has these jobs; its run, which has not begun yet."""
        text = HEAD + "".join(jobs)
        made = NewCommit("feat: a workflow", {".github/workflows/x.yml": text, "file": "content\n"})
        (sha,) = import_commits(
            self.forge.repository, [made], environ=self.environ, at=len(self.actions.runs)
        )
        (run,) = self.actions.push(sha)
        return run


@pytest.fixture(params=["github's", "own"])
def either(request: pytest.FixtureRequest, engine: GitHubEngine) -> Engine:
    """GitHub's engine, and the stage's: one runner goes by both, and a workflow means the same to both."""
    return engine if request.param == "github's" else OwnEngine()


@pytest.fixture
def bench(tmp_path: Path, either: Engine) -> Iterator[Bench]:
    """A bench whose repository has a secret and a variable."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    settings = Settings({"": {"TOLD": SECRET}}, {"WHO": "ada"}, use)
    with Forge(tmp_path / "forge", "acme", "cms", "t0ken") as forge:
        forge.contract = True
        yield Bench(forge, Actions(forge, either, tmp_path / "runner", environ, settings), environ)
    assert forge.failures == []


@pytest.fixture
def ran(bench: Bench) -> Callable[..., Run]:
    """Runs the jobs of one workflow for a push."""

    def run(*jobs: str) -> Run:
        found = bench.push(*jobs)
        bench.actions.settle()
        return found

    return run


def test_what_a_step_puts_out_reaches_the_job_that_needs_it(ran: Callable[..., Run]) -> None:
    outputs = "    outputs: { said: '${{ steps.a.outputs.said }}' }\n"
    first = job("first", 'id: a\n        run: echo "said=yes" >> "$GITHUB_OUTPUT"', more=outputs)
    needs = "    needs: first\n    env: { SAID: '${{ needs.first.outputs.said }}' }\n"
    run = ran(first, job("second", 'echo "it said $SAID"', more=needs))
    assert (run.result, run.results["second"].log.lines) == ("success", ["it said yes"]), run.told


def test_a_job_after_one_that_failed_is_skipped_unless_it_always_runs(ran: Callable[..., Run]) -> None:
    after = "    needs: [bad]\n"
    told = "env: { HOW: '${{ needs.bad.result }}' }\n        run: echo \"$HOW\""
    always = job("always", told, more=f"{after}    if: always()\n")
    run = ran(job("bad", "exit 3", "echo not reached"), job("after", "true", more=after), always)
    assert {key: run.how(key) for key in ("bad", "after", "always")} == {
        "bad": "failure",
        "after": "skipped",
        "always": "success",
    }
    assert run.results["always"].log.lines == ["failure"]
    assert run.results["bad"].steps == {"run": "skipped"}


def test_a_skipped_job_skips_what_needs_it(ran: Callable[..., Run]) -> None:
    never = job("never", "true", more="    if: github.event_name == 'schedule'\n")
    run = ran(never, job("after", "true", more="    needs: never\n"))
    assert (run.how("never"), run.how("after"), run.result) == ("skipped", "skipped", "success")


def test_steps_hand_variables_and_folders_on(ran: Callable[..., Run]) -> None:
    run = ran(
        job(
            "a",
            'echo "WORD=kept" >> "$GITHUB_ENV"; echo /somewhere >> "$GITHUB_PATH"',
            'env: { OWN: "${{ vars.WHO }}" }\n        run: echo "$WORD $OWN $LATER ${PATH%%:*}"',
            more="    env: { LATER: of the job }\n",
        )
    )
    assert run.results["a"].log.lines == ["kept ada of the job /somewhere"], run.told


def test_a_secret_is_masked_and_no_output_may_hold_it(ran: Callable[..., Run]) -> None:
    outputs = "    outputs: { told: '${{ steps.a.outputs.told }}', fine: '${{ steps.a.outputs.fine }}' }\n"
    step = (
        "id: a\n        env: { TOLD: '${{ secrets.TOLD }}' }\n        run: |\n"
        '          echo "it is $TOLD"\n          echo "told=$TOLD" >> "$GITHUB_OUTPUT"\n'
        '          echo fine=x >> "$GITHUB_OUTPUT"'
    )
    run = ran(job("a", step, more=outputs))
    assert run.results["a"].log.lines == ["it is ***"]
    assert run.results["a"].outputs == {"fine": "x"}


def test_a_failure_that_a_step_may_have_is_seen_by_the_next(ran: Callable[..., Run]) -> None:
    first = "id: a\n        continue-on-error: true\n        run: exit 1"
    second = "if: steps.a.outcome == 'failure'\n        run: echo seen"
    run = ran(job("a", first, second, "if: failure()\n        run: echo never"))
    assert (run.result, run.results["a"].log.lines) == ("success", ["seen"])


def test_of_several_that_wait_for_a_lane_only_the_newest_goes(bench: Bench) -> None:
    lane = "    concurrency: { group: staging, cancel-in-progress: false }\n"
    words = job("deploy", "true", more=lane)
    first = bench.push(words)
    others: list[Run] = []

    def overtaken(run: Run, _: Step) -> None:
        if run is first:
            others.extend(bench.push(words) for _ in range(2))
            bench.actions.settle()
            assert others[1].waiting == {"deploy": "staging"}

    bench.actions.before_step = overtaken
    bench.actions.settle()
    assert [run.result for run in (first, *others)] == ["success", "cancelled", "success"]


def test_an_older_run_that_comes_last_to_a_lane_drops_the_newer_one_that_waits(bench: Bench) -> None:
    lane = "    concurrency: { group: staging, cancel-in-progress: false }\n"
    words = job("deploy", "true", more=lane)
    first, older = bench.push(words), bench.push(words)
    bench.actions.hold(older)
    newer: list[Run] = []

    def overtaken(run: Run, _: Step) -> None:
        if run is first:
            newer.append(bench.push(words))
            bench.actions.settle()
            bench.actions.let_go(older)
            bench.actions.settle()

    bench.actions.before_step = overtaken
    bench.actions.settle()
    assert [run.result for run in (first, older, *newer)] == ["success", "success", "cancelled"]


def test_an_action_that_is_not_known_fails_its_job(ran: Callable[..., Run]) -> None:
    run = ran(job("a", f"uses: somebody/else@{'0' * 40}"))
    assert run.result == "failure"
    assert "this runner has no somebody/else" in run.told


def test_a_checkout_that_would_keep_the_token_is_refused(ran: Callable[..., Run]) -> None:
    run = ran(job("a", f"uses: actions/checkout@{'0' * 40}"))
    assert "would keep the token in .git/config" in run.told


def test_a_checkout_needs_the_permission_to_read(ran: Callable[..., Run]) -> None:
    step = f"uses: actions/checkout@{'0' * 40}\n        with: {{ persist-credentials: false }}"
    assert "403" in ran(job("a", step)).told


def test_a_checkout_has_the_commit_on_its_branch_and_no_token(ran: Callable[..., Run]) -> None:
    step = f"uses: actions/checkout@{'0' * 40}\n        with: {{ persist-credentials: false }}"
    seen = 'git rev-parse --abbrev-ref HEAD; cat file; grep -ci "authorization\\|ghs_" .git/config || true'
    run = ran(job("a", step, seen, more="    permissions: { contents: read }\n"))
    assert run.results["a"].log.lines[-3:] == ["main", "content", "0"], run.told


def test_what_this_runner_does_not_know_is_no_silent_success(ran: Callable[..., Run]) -> None:
    with pytest.raises(ValueError, match=r"does not know \['strategy'\] of a job"):
        ran(job("a", "true", more="    strategy: { matrix: { x: [1, 2] } }\n"))


def test_a_workflow_that_github_would_refuse_is_refused(ran: Callable[..., Run]) -> None:
    with pytest.raises((EngineError, ValueError), match="stepz"):
        ran("  a:\n    runs-on: x\n    stepz: []\n")


def test_annotations_and_groups_are_commands_and_no_lines() -> None:
    log = Log()
    for line in (
        "::group::deploy mcp",
        "::error file=apps/cms/a.js,title=No%2C not so::two%0Alines",
        "::warning::w",
        "a line::",
    ):
        log.take(line)
    (error, warning) = log.annotations
    assert (error.file, error.title, error.message) == ("apps/cms/a.js", "No, not so", "two\nlines")
    assert (warning.kind, log.groups, log.lines) == ("warning", ["deploy mcp"], ["a line::"])


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text("ab=<\n ", max_size=20)))
def test_an_output_of_several_lines_comes_back_as_it_was(wanted: dict[str, str]) -> None:
    written = "".join(f"{name}<<END\n{value}\nEND\n" for name, value in wanted.items())
    assert pairs(written) == wanted


def test_a_line_that_is_no_output_is_an_error() -> None:
    with pytest.raises(ValueError, match="Invalid format 'what'"):
        pairs("what\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.nothing", None),
        ("format('a {0}', 'b') == 'a b' && 'yes' || 'no'", "yes"),
        ("contains(fromJSON('[1, 2]'), 2)", True),
        ("join(needs.*.result, ' ')", "success failure"),
        ("hashFiles('no-such-file')", ""),
        ("'A' == 'a' && 1 == '1' && null == 0", True),
        ("github.nothing || 'other'", "other"),
        ("!github.nothing && 1 < 2", True),
        ("startsWith('Abc', 'aB') && endsWith('abc', 'C')", True),
        ("needs['a'].result != needs.B.result", True),
        ("contains(needs.*.result, 'failure')", True),
        ("format('{{{0}}} it''s', 1)", "{1} it's"),
        ("(false || true) && !(1 >= 2)", True),
    ],
)
def test_expressions_are_githubs_own(either: Engine, text: str, value: object) -> None:
    needs = {"a": {"result": "success"}, "b": {"result": "failure"}}
    assert either.evaluate(text, Scope({"github": {}, "needs": needs})) == value
