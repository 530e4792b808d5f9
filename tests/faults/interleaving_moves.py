"""The moves of an interleaving: what each machine, each colleague and each accident can do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from release.errors import BlockedError
from release.run.lock import LONGEST_WRITE
from tests.faults.interleaving_clients import BUNDLE, MANIFEST, MIGRATIONS
from tests.faults.interleaving_course import Course, Suspended
from tests.faults.interleaving_git import MAIN, read
from tests.faults.interleaving_outside import FAULTS

if TYPE_CHECKING:
    from tests.faults.interleaving_outside import Fault

MACHINES = st.sampled_from(["ada", "bob", "ci"])
LEVELS = st.sampled_from(["patch", "patch", "minor", "major"])
PARTS = st.sampled_from(["cloudflare", "remote", "github", "health"])
WRITES = st.integers(1, 12)
STEPS = st.integers(1, 10)


class Interleaving(Course):
    """Any of these moves, in any order."""

    # -- releases ---------------------------------------------------------------------------------------

    @rule(machine=MACHINES, level=LEVELS, pull=st.booleans())
    def release(self, machine: str, level: str, pull: bool) -> None:  # noqa: FBT001
        """`inv release`, which ends well where nothing is wrong."""
        at = self.at(machine, pull=pull)
        is_well = pull and self.is_well(at)
        outcome = self.run(at, self.outside.actor(machine), level)
        assert not is_well or (outcome is not None and outcome.exit_code in {0, 5}), outcome
        self.counted("release")

    @rule(machine=MACHINES, level=LEVELS, fault=st.sampled_from(FAULTS), write=WRITES)
    def release_that_breaks(self, machine: str, level: str, fault: Fault, write: int) -> None:
        """The same, with one fault at one write; there is something to release."""
        self.push_by_others(1, bad=False)
        actor = self.outside.actor(machine, fault, write)
        self.run(self.at(machine), actor, level)
        self.counted("release that breaks", f"fault {fault}" if actor.asked >= write else "")

    @rule(machine=st.sampled_from(["ada", "bob"]), level=LEVELS, fault=st.sampled_from(FAULTS), write=WRITES)
    def rerun(self, machine: str, level: str, fault: Fault, write: int) -> None:
        """4: a release that breaks, then the same command again in the same checkout."""
        self.push_by_others(1, bad=False)
        at = self.at(machine)
        is_well, base = self.is_well(at), at.head[0]
        self.run(at, self.outside.actor(machine, fault, write), level)
        if is_well:
            again = self.run_again(at, level)
            self.run_again(at, level)
            if again.exit_code == 0 and at.head[0] != base:
                self.counted("rerun that finished")
        self.counted("rerun")

    @rule(machine=MACHINES, level=LEVELS)
    def release_to_a_protected_main(self, machine: str, level: str) -> None:
        """Main takes only pull requests, and one is opened."""
        self.push_by_others(1, bad=False)
        open_before, protected = len(self.outside.pulls), self.outside.remote.protected
        self.outside.remote.protected = True
        self.run(self.at(machine), self.outside.actor(machine), level)
        self.outside.remote.protected = protected
        self.counted("pull request opened" if len(self.outside.pulls) > open_before else "")

    @rule(machine=MACHINES, level=LEVELS)
    def plan(self, machine: str, level: str) -> None:
        """6: a dry run writes nothing, and names the writes of the release that follows."""
        at, actor = self.at(machine), self.outside.actor(machine)
        preview = at.survey(actor, level)
        assert not actor.writes
        if preview.plan is None or preview.problems or not self.is_well(at):
            return
        outcome = self.run(at, self.outside.actor(machine), level)
        assert outcome is not None
        made = [str(write) for step in outcome.steps for write in step.writes]
        planned = [str(write) for one in preview.forecasts for write in one.writes]
        assert outcome.exit_code != 0 or made == planned, (made, planned)
        self.counted("plan")

    @rule(machine=MACHINES, behind=st.booleans())
    def deploy_to_staging(self, machine: str, behind: bool) -> None:  # noqa: FBT001
        """`inv deploy --env staging`, which another commit may have overtaken."""
        at = self.at(machine, pull=not behind)
        self.run(at, self.outside.actor(machine), "patch", environment="staging")
        self.counted("deploy to staging")

    # -- rollbacks --------------------------------------------------------------------------------------

    @rule(machine=MACHINES)
    def rollback(self, machine: str) -> None:
        """`inv rollback`, and once more: the second one does nothing."""
        ended = self.back(machine)
        if ended is not None and ended.outcome == "rolled-back":
            writes = len(self.outside.log)
            again = self.back(machine)
            assert again is not None
            assert again.outcome == "nothing", again
            assert len(self.outside.log) == writes
            self.counted("rollback twice")
        self.counted("rollback")

    @rule(machine=MACHINES, number=st.integers(0, 5))
    def rollback_to(self, machine: str, number: int) -> None:
        """`inv rollback TAG`."""
        tags = sorted(self.outside.remote.tags)
        self.back(machine, tags[number % len(tags)])
        self.counted("rollback to a tag")

    # -- other people -----------------------------------------------------------------------------------

    @rule(count=st.integers(1, 3), bad=st.booleans())
    def push_by_others(self, count: int, bad: bool) -> None:  # noqa: FBT001
        """Main moves, sometimes to a commit whose bundle is sick."""
        for _ in range(count):
            text = f"export default {{}}; // {self.scene.commits}{' throw' if bad else ''}\n"
            self.scene.merge({BUNDLE: text.encode()}, "feat: more")
        self.counted("push by others", "push of a bad bundle" if bad else "")

    @rule()
    def push_of_a_migration(self) -> None:
        """Main moves, with a migration."""
        number = self.scene.commits + 10
        sql = f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY);\n".encode()
        self.scene.merge({f"{MIGRATIONS}/{number:04d}_t{number}.sql": sql}, "feat: a table")
        self.counted("push of a migration")

    @rule()
    def push_beside_the_version(self) -> None:
        """Main moves, and edits the line beside the version."""
        remote = self.outside.remote
        text = read(remote.objects, remote.refs[MAIN], MANIFEST) or b""
        is_private = b'"private": true' in text
        old, new = (b"true", b"false") if is_private else (b"false", b"true")
        self.scene.merge(
            {MANIFEST: text.replace(b'"private": ' + old, b'"private": ' + new)}, "chore: manifest"
        )
        self.counted("push beside the version")

    @rule()
    def hotfix(self) -> None:
        """A commit from the last tag, merged into main."""
        self.scene.hotfix(self.scene.commits)
        self.counted("hotfix")

    @rule(machine=MACHINES, level=LEVELS)
    def main_moves_during_the_push(self, machine: str, level: str) -> None:
        """Somebody's push arrives just before this release's own."""
        at = self.at(machine)
        fired = []

        def meanwhile() -> None:
            self.push_beside_the_version()
            fired.append("main moves during the push")

        self.outside.interrupt = meanwhile
        self.run(at, self.outside.actor(machine), level)
        self.outside.interrupt = None
        self.counted(*fired)

    @rule(worker=st.sampled_from(["mcp", "cms"]))
    def secret(self, worker: str) -> None:
        """`wrangler secret put` by hand: a version that no release made."""
        self.scene.secret(worker)
        self.counted("secret by hand")

    @rule(machine=MACHINES, other=MACHINES, at=STEPS, level=LEVELS)
    def takeover(self, machine: str, other: str, at: int, level: str) -> None:
        """8: a release stands still for so long that another machine's takes over; then it wakes."""
        if machine == other:
            return
        mine, fired = self.at(machine), []

        def meanwhile() -> None:
            self.outside.clock.advance(mine.config.lease + LONGEST_WRITE + 1)
            self.run(self.at(other), self.outside.actor(other), level)
            fired.append("takeover")

        self.run(mine, self.outside.actor(machine), level, listener=Suspended(at, meanwhile))
        self.counted(*fired)

    @rule(machine=MACHINES, other=MACHINES, at=STEPS)
    def rollback_meanwhile(self, machine: str, other: str, at: int) -> None:
        """A colleague rolls back a release whose machine stands still; then it wakes."""
        if machine == other:
            return
        mine, fired = self.at(machine), []

        def meanwhile() -> None:
            self.outside.clock.advance(mine.config.lease + 1)
            self.back(other)
            fired.append("rollback meanwhile")

        self.run(mine, self.outside.actor(machine), "patch", listener=Suspended(at, meanwhile))
        self.counted(*fired)

    @rule(machine=MACHINES)
    def unlock(self, machine: str) -> None:
        """`inv unlock`, once it is sure that the holder is dead."""
        self.outside.bury()
        actor = self.outside.actor(machine)
        try:
            self.at(machine).unlock(actor)
        except BlockedError:
            assert self.outside.down
        self.counted("unlock")

    # -- accidents --------------------------------------------------------------------------------------

    @rule()
    def health_breaks_or_heals(self) -> None:
        """A binding or the database is bad; or somebody repairs it."""
        self.outside.sick = not self.outside.sick
        self.counted("health breaks" if self.outside.sick else "health is repaired")

    @rule(part=PARTS)
    def outage(self, part: str) -> None:
        """A system stops answering."""
        self.outside.down.add(part)
        self.counted(f"outage of {part}")

    @precondition(lambda self: self.outside.down)
    @rule()
    def all_answer_again(self) -> None:
        """The outages end."""
        self.outside.down.clear()
        self.counted("outages end")

    @rule()
    def protection_changes(self) -> None:
        """Main refuses pushes; or takes them again."""
        self.outside.remote.protected = not self.outside.remote.protected
        self.counted("main is protected" if self.outside.remote.protected else "main is open again")

    @rule(machine=MACHINES, how=st.sampled_from(["merged", "squashed", "closed"]))
    def pull_request_ends(self, machine: str, how: str) -> None:
        """Somebody merges, squashes or closes the pull request that a release opened."""
        if not self.outside.pulls:
            self.release_to_a_protected_main(machine, "patch")
        if not self.outside.pulls:
            return
        if how == "closed":
            self.outside.pulls.pop()
        else:
            self.scene.land_pull(squash=how == "squashed")
        self.counted(f"pull request {how}")

    @rule(seconds=st.sampled_from([10, 100, 500]))
    def time_passes(self, seconds: int) -> None:
        """Leases end, orphans write what they had begun."""
        self.outside.clock.advance(seconds)
        self.counted("time passes")

    @rule(machine=MACHINES)
    def new_checkout(self, machine: str) -> None:
        """A machine loses all that it had."""
        self.scene.machine(machine, fresh=True)
        self.counted("new checkout")
