"""What a step can do to the outside, as values: each names its writes, what the world is then, and what of it was written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from release.frozen import Frozen
from release.model.deployment import Health, Smoke, WorkerDeployment
from release.model.release import Write
from release.model.repository import Remote
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.model.record import Record
    from release.model.release import Release
    from release.model.world import World


class Effect(Protocol):
    """Something to be done. `ops.perform` does it; a dry run takes `expect`'s word instead.

    `is_brief` is false for what may take longer than a lease of the record.
    """

    is_brief: ClassVar[bool]

    def writes(self, step: str) -> tuple[Write, ...]:
        """The external writes that this makes, in order; none for what stays on this machine."""
        ...

    def expect(self, world: World) -> World:
        """The world after it succeeded, without doing it."""
        ...

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """Those of `writes` that can be seen in `world`."""
        ...


class Local(Frozen, frozen=True):
    """An effect that writes nothing outside this machine."""

    is_brief: ClassVar[bool] = True

    def writes(self, step: str) -> tuple[Write, ...]:
        """Nothing."""
        del step
        return ()

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """Nothing."""
        del world, step
        return ()


class RunTests(Local, frozen=True):
    """Run the configured build, test and lint commands."""

    is_brief: ClassVar[bool] = False

    name: ClassVar[str] = "test"

    def expect(self, world: World) -> World:
        """The test step is done."""
        return world.with_done(self.name)


class BuildWorker(Local, frozen=True):
    """Run one worker's own build, and compare what it made with the plan."""

    is_brief: ClassVar[bool] = False

    worker: str

    @staticmethod
    def name_of(worker: str) -> str:
        """What `World.done` holds once a worker is built in this run."""
        return f"build {worker}"

    def expect(self, world: World) -> World:
        """The worker is built."""
        return world.with_done(self.name_of(self.worker))


class PlaceFiles(Local, frozen=True):
    """Put the files of the bump commit into the work tree."""

    files: Mapping[str, bytes]

    def expect(self, world: World) -> World:
        """The work tree holds them."""
        checkout = read(world.checkout)
        if checkout is None:
            return world
        return replace(world, checkout=replace(checkout, files={**checkout.files, **self.files}))


class WatchHealth(Local, frozen=True):
    """Poll the health route to the deadline; `left_version` is true when the number was live before already."""

    is_brief: ClassVar[bool] = False

    release: Release
    left_version: bool

    def expect(self, world: World) -> World:
        """The environment is healthy with this release."""
        lives = {name: read(part) for name, part in world.live.items()}
        ids = {name: live.version_id or "" for name, live in lives.items() if live}
        health = Health(self.release.version, self.release.commit, None)
        return replace(world, health=health, smoke=Smoke(healthy=True, detail="", version_ids=ids))


class ReadBadge(Local, frozen=True):
    """Read the version that the dashboard shows."""

    release: Release

    def expect(self, world: World) -> World:
        """The badge shows this release."""
        return replace(world, badge=self.release.version)


class DeployWorker(Frozen, frozen=True):
    """Upload one worker's bundle and give it all the traffic."""

    is_brief: ClassVar[bool] = False

    worker: str
    script: str
    release: Release

    def writes(self, step: str) -> tuple[Write, ...]:
        """One deployment."""
        return (Write(step, "cloudflare", self.script, f"deploy {self.release.annotation}"),)

    def expect(self, world: World) -> World:
        """Cloudflare serves this release."""
        live = WorkerDeployment(self.script, (("a new version", 100.0),), self.release.annotation, None)
        settings = {
            name: replace(one, live=None) if name == self.worker and not isinstance(one, Unread) else one
            for name, one in world.settings.items()
        }
        return replace(world, live={**world.live, self.worker: live}, settings=settings)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The deployment, if it serves."""
        live = read(world.live.get(self.worker))
        return self.writes(step) if live and live.tag == self.release.annotation else ()


class PushRelease(Frozen, frozen=True):
    """Push tag, branch and record in one atomic push; `held` is the record's object that must still be there."""

    is_brief: ClassVar[bool] = True

    release: Release
    branch: str
    record: Record
    held: str
    message: str = ""
    is_tagged: bool = False

    def writes(self, step: str) -> tuple[Write, ...]:
        """The tag, unless it is there, and the branch."""
        short = self.release.commit[:7]
        tag = Write(step, "git", self.release.tag, f"tag {short}")
        branch = Write(step, "git", self.branch, f"push the bump {short}")
        return (branch,) if self.is_tagged else (tag, branch)

    def expect(self, world: World) -> World:
        """The tag is on the remote and the branch holds the bump."""
        remote, history = read(world.remote), read(world.history)
        if remote is None or history is None:
            return world
        tags = {**remote.tags, self.release.tag: self.release.commit}
        remote = Remote(self.release.commit, tags, remote.record)
        return replace(world, remote=remote, history=replace(history, is_on_branch=True))

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The tag, and the branch when it holds the bump."""
        remote, history = read(world.remote), read(world.history)
        if remote is None or history is None:
            return ()
        *tag, branch = self.writes(step)
        has_tag = remote.tags.get(self.release.tag) == self.release.commit
        return (*(tag if has_tag else ()), *((branch,) if history.is_on_branch else ()))


class CreateRelease(Frozen, frozen=True):
    """Make the GitHub Release of the tag, with notes since the previous tag of the same app; `footer` follows them.

    `is_latest`: it becomes the repository's "latest"; a package's never does.
    """

    is_brief: ClassVar[bool] = True

    release: Release
    notes: str | None = None
    footer: str = ""
    is_latest: bool = True

    def writes(self, step: str) -> tuple[Write, ...]:
        """One Release."""
        return (Write(step, "github", self.release.tag, "make the Release"),)

    def expect(self, world: World) -> World:
        """The Release exists."""
        seen = read(world.releases)
        return world if seen is None else replace(world, releases=seen | {self.release.tag})

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The Release, if it exists."""
        return self.writes(step) if self.release.tag in (read(world.releases) or ()) else ()


class NoteDeployment(Frozen, frozen=True):
    """Have GitHub show the release as what its environment runs. Where the token may not, that is told, and nothing more."""

    is_brief: ClassVar[bool] = True

    name: ClassVar[str] = "deployment"
    refused: ClassVar[str] = "deployment refused"
    TRIED: ClassVar[frozenset[str]] = frozenset({name, refused})

    release: Release

    def writes(self, step: str) -> tuple[Write, ...]:
        """One deployment with its status."""
        return (Write(step, "github", self.release.environment, f"show {self.release.tag} as deployed"),)

    def expect(self, world: World) -> World:
        """It is noted in this run."""
        return world.with_done(self.name)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The deployment, where this run noted it."""
        return self.writes(step) if self.name in world.done else ()


class Call(Frozen, frozen=True):
    """Whatever a plugin's step does: its own function, called with the release; its writes are named by it.

    `deadline` is in seconds. A function that is late counts as failed, and goes on by itself until the process ends:
    its own requests need shorter time limits.
    """

    is_brief: ClassVar[bool] = False

    name: str
    run: Callable[[Release], None]
    release: Release
    external: tuple[Write, ...] = ()
    deadline: float = 120.0

    def writes(self, step: str) -> tuple[Write, ...]:
        """What the plugin says."""
        return tuple(replace(write, step=step) for write in self.external)

    def expect(self, world: World) -> World:
        """It is done in this run."""
        return world.with_done(self.name)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """What the plugin says, once it is done."""
        return self.writes(step) if self.name in world.done else ()
