"""The scene that a double opens with: the last release is live, and there is work to release."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from release.config import load
from release.model.migrating import ApplyMigrations
from release.model.release import Release
from release.observe.migrations import rules_at
from release.systems.git.content import read_migrations
from release.testing.double import DATABASES, Double
from release.testing.kept import Kept, find, keep
from release.testing.monorepo import RELEASED, NewCommit, files, work
from release.testing.tools import put_wrangler
from release.testing.wrangler import ApiWrangler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def double(
    folder: Path,
    *,
    released: str | None = RELEASED,
    overlay: Mapping[str, bytes | str] | None = None,
    remote: Literal["file", "http"] = "file",
) -> Iterator[Double]:
    """A running Double in `folder`, stopped in the end.

    Production serves `released`, with its tag on the remote and its two migrations applied; main is one commit
    ahead, with a third migration, green, and staging serves that. `released=None`: nothing was ever released, and
    production is empty. `overlay` are files that differ from `monorepo.files()`, from the first commit on. `remote` says
    how git gets to the forge, see Double.
    """
    import stamina

    first = {**files(released or RELEASED), **(overlay or {})}
    scene = (released, tuple(sorted(first.items())))
    kept = None if (folder / "forge").exists() else find(scene)
    if kept is not None:
        kept.lay(folder)
    world = Double(folder, remote=remote)
    with stamina.set_testing(
        testing=True, attempts=4
    ):  # what fails is asked again as ever, without the waits
        try:
            if kept is not None:
                world.start(made=kept.made)
                kept.enter(world)
            else:
                world.start()
                _open(world, released, first)
                keep(scene, Kept.of(world))
            yield world
        finally:
            world.stop()
    broken = [*world.forge.failures, *world.cloud.failures, *world.registry.failures]
    if broken:
        raise AssertionError(broken[0])


def _open(world: Double, released: str | None, first: Mapping[str, bytes | str]) -> None:
    tag = f"cms-v{released}" if released else None
    message = f"chore(release): cms {released}" if released else "feat: a cms"
    (old,) = world.commits([NewCommit(message, first, tag)])
    repository = str(world.forge.repository)
    world.git("clone", "--quiet", "--no-tags", repository, str(world.root), cwd=world.folder)
    world.git("remote", "set-url", "origin", world.remote_url)
    put_wrangler(world.root)
    if released:
        _put_live(world, "production", released, old)
    new = world.commit(work(), "feat: pages have a slug")
    _put_live(world, "staging", released or RELEASED, new)


def _put_live(world: Double, environment: str, version: str, commit: str) -> None:
    """Migrate and deploy what lies in the checkout."""
    config = load(world.root)
    place = config.environments[environment]
    with world.ops(environment) as ops:
        for one in config.databases:
            rules = rules_at(ops, commit, one)
            database = ops.cloudflare.database(rules.database, rules.table)
            effect = ApplyMigrations(database, read_migrations(ops.git, commit, rules), rules)
            ops.wrangler.migrate(config.worker(one.worker).path, place.wrangler, effect, _unheard)
    wrangler = ApiWrangler(config, world.environ, DATABASES)
    release = Release("cms", environment, commit, None, None, version, f"cms-v{version}", commit)
    for worker in config.workers:
        placed = config.placed(worker.name, environment)
        wrangler.put_live(placed, place.wrangler, release, f"was nothing base {commit}")


def _unheard(_: str) -> None:
    """Nothing listens."""
