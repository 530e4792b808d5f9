"""The course of one interleaving: the world it plays in, what is true of each move, and where it must end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from release.errors import BlockedError
from release.testing import Recorder
from tests.faults.interleaving_clients import BUNDLE
from tests.faults.interleaving_git import read
from tests.faults.interleaving_invariants import Chronicle, record_of, unconverged
from tests.faults.interleaving_outside import Killed
from tests.faults.interleaving_scene import opened

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.model.outcome import Outcome
    from tests.faults.interleaving_machines import Machine
    from tests.faults.interleaving_outside import Actor


class Suspended(Recorder):
    """A run that stands still when its n-th step starts, while `meanwhile` happens."""

    def __init__(self, at: int, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.at, self.meanwhile = at, meanwhile

    def started(self, step: str) -> None:
        """Stand still once."""
        super().started(step)
        if len(self.steps) == self.at:
            self.meanwhile()


class Course(RuleBasedStateMachine):
    """Production at 1.2.3 and three machines; `fired` and `ended` count rules and outcomes of all interleavings."""

    folder: ClassVar[Path]
    environ: ClassVar[Mapping[str, str]]
    fired: ClassVar[Counter[str]]
    ended: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.scene = opened(self.folder, self.environ)
        self.outside = self.scene.outside
        self.chronicle = Chronicle(self.outside)
        self.outside.watch = self.chronicle.watch
        self.fired["interleavings"] += 1

    # -- the end ----------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """4: whatever happened, on a healed world the same command ends in the state of an unbroken release."""
        self.heal()
        commit = self.scene.merge({BUNDLE: b"export default {}; // the last one\n"}, "feat: the last one")
        said = []
        for _ in range(4):
            outcome = self.run(self.at("ci"), self.outside.actor("ci"), "patch")
            assert outcome is not None
            said.append(outcome)
            if [one.check for one in outcome.problems] == ["manifest"]:
                self.follow_the_advice()
            elif outcome.decision != "finish":  # what was unfinished came first
                break
        assert said[-1].exit_code == 0, said
        assert not [*unconverged(self.outside, commit)]
        self.fired["converged"] += 1

    def follow_the_advice(self) -> None:
        """A tag whose pull request was closed, or left open, was rolled back: its number is brought to main by hand."""
        assert not self.scene.is_on_branch
        self.scene.merge(self.scene.raised(self.scene.highest.removeprefix("cms-v")), "chore: the number")
        self.counted("advice followed")

    def heal(self) -> None:
        """Nothing is wrong any more, and time has passed."""
        self.outside.bury()
        self.outside.down.clear()
        self.outside.sick = self.outside.remote.protected = False
        self.outside.clock.advance(2000)

    # -- what the rules are made of ---------------------------------------------------------------------

    def counted(self, *names: str) -> None:
        """A rule did what it is there for; every invariant must have held."""
        self.fired.update(name for name in names if name)
        assert not self.chronicle.broken, self.chronicle.broken[0]

    def at(self, name: str, *, pull: bool = True) -> Machine:
        """A machine; CI clones each time, a person pulls."""
        machine = self.scene.machine(name, fresh=name == "ci")
        if pull:
            machine.pull()
        return machine

    def is_well(self, at: Machine) -> bool:
        """Whether nothing is in the way of a release from this checkout."""
        outside, record = self.outside, record_of(self.outside)
        good = b"throw" not in (read(at.objects, at.head[0], BUNDLE) or b"")
        locked = record is not None and record.holder is not None
        return (
            self.scene.is_on_branch
            and good
            and not locked
            and not (outside.down or outside.sick or outside.remote.protected)
        )

    def run(self, at: Machine, actor: Actor, level: str, **how: Any) -> Outcome | None:  # noqa: ANN401
        """One release and what must be true of it; None when it was killed."""
        was_dirty, head = at.dirty, at.head[0]
        try:
            outcome = at.release(actor, level, **how)
        except Killed:
            assert actor.dead
            return None
        self.ended[f"{outcome.outcome} ({outcome.decision})"] += 1
        if outcome.outcome == "blocked" and outcome.problems:
            assert not actor.writes, "5: a write although a check found a problem"
        if outcome.exit_code != 0:
            assert at.head[0] == head or outcome.exit_code == 3, outcome
            assert was_dirty or not at.dirty, f"9: the work tree was left changed: {outcome}"
        return outcome

    def run_again(self, at: Machine, level: str) -> Outcome:
        """The same command again, where nothing is wrong any more: it ends well, perhaps after the pull that it asks for."""
        outcome = self.run(at, self.outside.actor(at.name), level)
        if outcome and any("git pull" in problem.advice for problem in outcome.problems):
            at.pull()  # a release from another commit was finished here: main went on without this checkout
            outcome = self.run(at, self.outside.actor(at.name), level)
        assert outcome is not None
        assert outcome.exit_code in {0, 5}, outcome
        return outcome

    def back(self, name: str, tag: str | None = None) -> Outcome | None:
        """One rollback; None when it refused."""
        self.outside.bury()
        at, actor = self.scene.machine(name), self.outside.actor(name)
        self.chronicle.restless.add(actor.number)
        before = self.serving()
        try:
            outcome = at.rollback(actor, tag)
        except BlockedError:
            assert not actor.writes
            return None
        finally:
            left = before - self.serving()
            if actor.writes:
                self.chronicle.closed |= left
        assert not [write for write in actor.writes if "double-" in write and "put back" not in write], "D1"
        return outcome

    def serving(self) -> set[str]:
        """The marks that serve in production."""
        scripts = (self.outside.script(f"double-{worker}-production").serving for worker in ("mcp", "cms"))
        return {one.tag for one in scripts if one and one.tag}
