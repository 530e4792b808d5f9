"""Hundreds of interleavings of people, machines and accidents, thousands in `inv test --all`, on a model of what is outside."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from release.testing.tools import put_node
from tests.faults.interleaving_machines import quick
from tests.faults.interleaving_moves import Interleaving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARES, ALL_SHARES = 2, 4  # tests, of `inv test` and of `inv test --all`
EXAMPLES = 100  # a batch; one more is run while a rule has not fired
BATCHES = 5  # of each share of `inv test --all`, and no more than twice as many until every rule has fired
MOVES = 10
RULES = {
    "release",
    "release that breaks",
    "rerun",
    "rerun that finished",
    "plan",
    "deploy to staging",
    "rollback",
    "rollback twice",
    "rollback to a tag",
    "rollback meanwhile",
    "push by others",
    "push of a bad bundle",
    "push of a migration",
    "push beside the version",
    "hotfix",
    "main moves during the push",
    "secret by hand",
    "takeover",
    "unlock",
    "health breaks",
    "health is repaired",
    "outage of cloudflare",
    "outage of remote",
    "outage of github",
    "outage of health",
    "outages end",
    "pull request opened",
    "pull request merged",
    "pull request squashed",
    "pull request closed",
    "main is protected",
    "main is open again",
    "time passes",
    "new checkout",
    *(f"fault {name}" for name in ("refused", "dropped", "lied", "killed", "killed after", "orphaned")),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As many shares as are asked for."""
    if "share" in metafunc.fixturenames:
        metafunc.parametrize("share", range(ALL_SHARES if metafunc.config.getoption("--whole") else SHARES))


@pytest.mark.timeout(600)  # half a minute on a quiet machine
def test_any_interleaving_keeps_the_invariants_and_converges(
    share: int, tmp_path: Path, record_property: Callable[[str, Any], None], *, is_whole: bool
) -> None:
    fired, ended = Counter[str](), Counter[str]()
    environ = {"PATH": f"{put_node(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"}
    told = {"folder": tmp_path, "environ": environ, "fired": fired, "ended": ended}
    batch = 0
    while batch < (BATCHES if is_whole else 1) or (not set(fired) >= RULES and batch < 2 * BATCHES):
        run_batch(seed(share + ALL_SHARES * batch)(type("Share", (Interleaving,), told)))
        batch += 1
    record_property("figure: interleavings run", fired.pop("interleavings"))
    record_property("figure: interleavings converged", fired.pop("converged"))
    for name, count in sorted(fired.items()):
        record_property(f"figure: rule {name}", count)
    assert set(fired) >= RULES, f"never fired: {RULES - set(fired)}"


def run_batch(machine: type[Interleaving]) -> None:
    """Some interleavings, each from its start to where it converges."""
    with quick():
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=MOVES,
                phases=(Phase.generate, Phase.shrink),
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
