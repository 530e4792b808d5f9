"""Deployments to staging that come at once: they wait for each other, and the newer commit stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.testing import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.plan.preview import Preview
    from release.testing import Double


class Forestalled(Recorder):
    """Between its first look and its lock another checkout deploys."""

    def __init__(self, double: Double, other: Path) -> None:
        super().__init__()
        self._double, self._other = double, other
        self.others: list[Outcome] = []

    def planned(self, preview: Preview) -> None:
        """The other one is quicker, once."""
        super().planned(preview)
        if not self.others:
            self.others.append(self._double.deploy(root=self._other))


def test_an_older_commit_that_is_forestalled_leaves_the_newer_one_there(double: Double) -> None:
    double.ci = False  # which would have staged it already
    double.commit({"apps/cms/older.js": "// 1\n"})
    newest = double.merge({"apps/cms/newer.js": "// 2\n"})
    listener = Forestalled(double, double.clone("newer"))
    outcome = double.deploy(listener=listener)
    assert [one.outcome for one in (*listener.others, outcome)] == ["deployed", "nothing"]
    assert (outcome.exit_code, outcome.why.partition(" is live")[0]) == (0, f"superseded: {newest[:7]}")
    assert "Another deployment was quicker. Looking again." in listener.lines


def test_a_newer_commit_that_is_forestalled_is_deployed_after_the_older_one(double: Double) -> None:
    double.ci = False
    double.commit({"apps/cms/older.js": "// 1\n"})
    older = double.clone("older")
    newest = double.commit({"apps/cms/newer.js": "// 2\n"})
    listener = Forestalled(double, older)
    outcome = double.deploy(listener=listener)
    assert [one.outcome for one in (*listener.others, outcome)] == ["deployed", "deployed"]
    assert outcome.release is not None
    assert outcome.release.base == newest
    assert "Another deployment was quicker. Looking again." in listener.lines
