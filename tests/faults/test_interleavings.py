"""Thousands of interleavings of what people, machines and accidents do, on a model of the outside in memory."""

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

SHARES = 4
EXAMPLES, ALL_EXAMPLES = 80, 505  # a share, of `inv test` and of `inv test --all`
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


@pytest.mark.timeout(600)  # half a minute on a quiet machine
@pytest.mark.parametrize("share", range(SHARES))
def test_any_interleaving_keeps_the_invariants_and_converges(
    share: int, tmp_path: Path, record_property: Callable[[str, Any], None], *, is_whole: bool
) -> None:
    fired, ended = Counter[str](), Counter[str]()
    environ = {"PATH": f"{put_node(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"}
    told = {"folder": tmp_path, "environ": environ, "fired": fired, "ended": ended}
    machine = seed(share)(type("Share", (Interleaving,), told))
    with quick():
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=ALL_EXAMPLES if is_whole else EXAMPLES,
                stateful_step_count=MOVES,
                phases=(Phase.generate, Phase.shrink),
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    record_property("figure: interleavings run", fired.pop("interleavings"))
    record_property("figure: interleavings converged", fired.pop("converged"))
    for name, count in sorted(fired.items()):
        record_property(f"figure: rule {name}", count)
    assert set(fired) >= RULES, f"never fired: {RULES - set(fired)}"
