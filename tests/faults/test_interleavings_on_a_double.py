"""A sample of interleavings on a double: real git, real HTTP, real SQLite, each from a seed that its name shows."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from release.commands.rollback.course import RollbackOptions, rollback
from release.commands.unlock.course import unlock
from release.errors import BlockedError
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import MANIFEST
from tests.contract.record_on_remote import At, record_of, refs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from werkzeug.wrappers import Request

    from release.testing import Double

INTERLEAVINGS, ALL_INTERLEAVINGS, MOVES = 5, 10, 3  # of `inv test`, and of `inv test --all`
FAULTS = {
    "mcp": ("POST", "mcp-production/deployments"),
    "cms": ("POST", "cms-production/deployments"),
    "d1": ("POST", "/query"),
}


class Played:
    """One interleaving: a double, two checkouts, and what happened so far."""

    def __init__(self, world: Double, chance: random.Random) -> None:
        self.world, self.chance, self.count, self.said = world, chance, 0, list[str]()
        self.roots = {"ada": world.root, "bob": world.clone("bob")}
        self.moves: list[Callable[[], object]] = [
            self.release,
            self.release,
            self.breaks,
            self.breaks,
            self.rollback,
            self.push,
            self.deploy,
            self.sick,
            self.taken_over,
            self.unlock,
        ]

    def play(self) -> None:
        """Some moves, and after each that what is tagged was served and is on main."""
        for _ in range(MOVES):
            move = self.chance.choice(self.moves)
            self.said.append(f"{move.__name__}: {move()}")
            self.check()

    def root(self) -> Path:
        """One of the checkouts, pulled."""
        root = self.roots[self.chance.choice(sorted(self.roots))]
        self.world.ran_ci()
        self.world.git("fetch", "--quiet", "--tags", "origin", cwd=root)
        self.world.git("reset", "--quiet", "--hard", "origin/main", cwd=root)
        return root

    def release(self, root: Path | None = None) -> str:
        return self.world.release(root=root or self.root()).outcome

    def breaks(self) -> str:
        method, ending = FAULTS[self.chance.choice(sorted(FAULTS))]
        is_lost = self.chance.random() < 0.5

        def before(request: Request) -> Response | None:
            is_it = request.method == method and request.path.endswith(ending)
            return Response("{}", 403) if is_it and not is_lost else None

        def after(request: Request, response: Response) -> Response:
            is_it = request.method == method and request.path.endswith(ending)
            return Response("{}", 502) if is_it and is_lost else response

        self.push()
        root = self.root()
        self.world.cloud.before, self.world.cloud.after = before, after
        try:
            return self.release(root)
        finally:
            self.world.cloud.before = self.world.cloud.after = None

    def rollback(self) -> str:
        wanted = RollbackOptions("production", despite_migrations=True)
        root, world = self.root(), self.world
        try:
            return rollback(
                root, world.environ, wanted, lambda *_: None, Recorder(), connect=world.connect
            ).outcome
        except BlockedError as error:
            return error.what

    def push(self) -> str:
        self.count += 1
        return self.world.merge({"docs/more.md": f"{self.count}\n"})

    def deploy(self) -> str:
        return self.world.deploy(root=self.root()).outcome

    def sick(self) -> str:
        script = self.world.script("cms")
        if self.world.runtime.behaviour.pop(script, None) is None:
            self.world.runtime.behaviour[script] = lambda *_: Response("down", 500)
        return script

    def taken_over(self) -> str:
        """A run stands still for long, and another machine releases meanwhile."""
        self.push()
        step, mine, others = self.chance.choice(["deploy mcp", "deploy cms", "smoke", "record"]), *self.both()

        def meanwhile() -> None:
            self.world.clock.advance(3600)
            self.release(others)

        return self.world.release(root=mine, listener=At(step, meanwhile)).outcome

    def both(self) -> tuple[Path, Path]:
        self.world.ran_ci()
        for root in self.roots.values():
            self.world.git("fetch", "--quiet", "--tags", "origin", cwd=root)
            self.world.git("reset", "--quiet", "--hard", "origin/main", cwd=root)
        return self.roots["ada"], self.roots["bob"]

    def unlock(self) -> str:
        world = self.world
        return unlock(
            self.root(), world.environ, "production", lambda *_: None, Recorder(), connect=world.connect
        ).outcome

    def check(self) -> None:
        """Each tag names a commit that both workers had, whose version main has too."""
        now, bare = refs(self.world), self.world.forge.repository
        served = {
            version.annotations.get("workers/tag")
            for name in ("mcp", "cms")
            for version in self.world.cloud.account.scripts[self.world.script(name)].versions
        }
        for ref, commit in now.items():
            tag = ref.removeprefix("refs/tags/")
            if ref.startswith("refs/tags/"):
                assert f"{tag}+{commit}" in served, self.said
                self.world.git("merge-base", "--is-ancestor", commit, now["refs/heads/main"], cwd=bare)

    def end(self) -> None:
        """The world heals; the same command ends where an unbroken release does."""
        self.world.runtime.behaviour.clear()
        self.world.clock.advance(3600)
        self.push()
        outcome = self.world.release(root=self.root())
        while outcome.decision == "finish":
            outcome = self.world.release(root=self.root())
        assert outcome.exit_code == 0, (self.said, outcome)
        assert outcome.release is not None
        now = refs(self.world)
        assert now[f"refs/tags/{outcome.release.tag}"] == outcome.release.commit
        tip = self.world.git("show", f"{now['refs/heads/main']}:{MANIFEST}", cwd=self.world.forge.repository)
        assert f'"version": "{outcome.release.version}"' in tip
        assert (record_of(self.world).outcome, record_of(self.world).holder) == ("released", None)
        assert self.world.release(root=self.root()).exit_code in {0, 5}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As many as are asked for."""
    is_whole = metafunc.config.getoption("--whole")
    metafunc.parametrize("seed", range(ALL_INTERLEAVINGS if is_whole else INTERLEAVINGS))


def test_an_interleaving_on_a_double_keeps_the_invariants_and_converges(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with opened(tmp_path) as world:
        played = Played(world, random.Random(seed))
        played.play()
        played.end()
    record_property("figure: interleavings on a double", 1)
