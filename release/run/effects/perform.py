"""Does effects: for each kind the one function that carries it out. The only door through which anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from release.errors import CannotReadError, DeniedError, EffectError
from release.model import effects, migrating, packaging
from release.model.deployment import WorkerDeployment
from release.model.repository import Remote
from release.model.unread import read
from release.run.effects import building, landing, packing, smoke
from release.run.effects.package_notes import package_notes
from release.systems.cloudflare.time_travel import counted_tables
from release.systems.machine.deadline import LateError, within
from release.systems.npm import monorepo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.model.world import World
    from release.systems.ops import Ops, Tell


def perform(ops: Ops, effect: effects.Effect, world: World, tell: Tell) -> World:
    """Carry out an effect; the answer is the world plus what doing it taught. Raises EffectError."""
    return _PERFORMERS[type(effect)](ops, effect, world, tell)


def _run_tests(ops: Ops, effect: effects.RunTests, world: World, tell: Tell) -> World:
    monorepo.run_tests(ops.config, ops.environ, ops.mask, tell)
    return effect.expect(world)


def _place_files(ops: Ops, effect: effects.PlaceFiles, world: World, tell: Tell) -> World:
    del tell
    write_files(ops.root, effect.files)
    return effect.expect(world)


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files into the work tree, each whole or not at all."""
    for name, content in files.items():
        path = root / name
        fresh = path.with_name(f".{path.name}.release")
        try:
            fresh.write_bytes(content)
            fresh.chmod(path.stat().st_mode)
            fresh.replace(path)
        except OSError as error:
            raise EffectError(f"{name} cannot be written: {error.strerror}.") from None


def _insert_ledger(ops: Ops, effect: migrating.InsertLedger, world: World, tell: Tell) -> World:
    tell(f"noting {', '.join(effect.names)}")
    ops.cloudflare.insert_ledger(effect.database, effect.names)
    return world


def _apply_migrations(ops: Ops, effect: migrating.ApplyMigrations, world: World, tell: Tell) -> World:
    name = migrating.name_of(world, effect.database)
    if name is None:
        raise EffectError(f"{effect.database.name} is none of the databases of {ops.name}.")
    folder = ops.config.worker(ops.config.database_of(name).worker).path
    try:
        ops.wrangler.migrate(folder, ops.environment.wrangler, effect, tell)
    except EffectError as error:
        if len(world.databases) == 1:
            raise
        raise EffectError(f"{name}: {error.what}", error.advice) from error
    return world


def _deploy_worker(ops: Ops, effect: effects.DeployWorker, world: World, tell: Tell) -> World:
    worker = ops.config.placed(effect.worker, ops.name)
    live = world.live.get(effect.worker)
    was = live.version_id if isinstance(live, WorkerDeployment) else None
    message = f"was {was or 'nothing'} base {effect.release.base}"
    if not building.is_built(ops.config, worker, world):
        ops.wrangler.build(worker, ops.environment.wrangler, tell)
    bound = building.bound(ops, worker.name, world)
    version_id = ops.wrangler.deploy(worker, ops.environment.wrangler, effect.release, message, tell, bound)
    tell(f"version {version_id}")
    return world


def _watch_health(ops: Ops, effect: effects.WatchHealth, world: World, tell: Tell) -> World:
    found, health = smoke.watch(ops, effect, tell)
    return replace(world, smoke=found, health=health)


def _push_release(ops: Ops, effect: effects.PushRelease, world: World, tell: Tell) -> World:
    landing.push(ops, effect, world.remote.tip if isinstance(world.remote, Remote) else None, tell)
    return world


def _read_badge(ops: Ops, effect: effects.ReadBadge, world: World, tell: Tell) -> World:
    del effect, tell
    badge = ops.environment.badge
    return replace(world, badge=ops.web.badge(badge, ops.url) if badge else None)


def _create_release(ops: Ops, effect: effects.CreateRelease, world: World, tell: Tell) -> World:
    del tell
    release = effect.release
    title = f"{release.app} {release.version}"
    ops.github.create_release(
        release.tag,
        release.commit,
        title,
        release.previous_tag,
        package_notes(ops, release, world) if effect.notes is None else effect.notes,
        effect.footer,
        is_latest=effect.is_latest,
        is_prerelease="-" in release.version.partition("+")[0],
    )
    return world


def _note_deployment(ops: Ops, effect: effects.NoteDeployment, world: World, tell: Tell) -> World:
    try:
        ops.github.note_deployment(effect.release, ops.url, _run_page(ops))
    except EffectError as error:
        if not isinstance(error.__cause__, DeniedError):
            raise
        tell(f"GitHub was not told what {ops.name} runs: {error.what} {error.advice}")
        return world.with_done(effect.refused)
    return effect.expect(world)


def _run_page(ops: Ops) -> str | None:
    """The CI run's address, where this is one."""
    run = ops.environ.get("GITHUB_RUN_ID")
    return ops.github.page(f"/actions/runs/{run}") if run else None


def _call(ops: Ops, effect: effects.Call, world: World, tell: Tell) -> World:
    del ops, tell
    try:
        within(effect.deadline, lambda: effect.run(effect.release))
    except LateError:
        raise EffectError(f"{effect.name} had not ended after {effect.deadline:g} s.") from None
    except EffectError:
        raise
    except Exception as error:
        raise EffectError(f"{effect.name} raised {type(error).__name__}: {error}") from error
    return effect.expect(world)


def _keep_bookmark(ops: Ops, effect: migrating.KeepBookmark, world: World, tell: Tell) -> World:
    name = effect.database.name
    world = replace(world, before={**world.before, effect.key: effect.database})
    if effect.moment and _has_bookmark(world, name):
        return world
    try:
        bookmark = ops.cloudflare.bookmark(effect.database)
        rows = {**world.rows, name: counted_tables(ops.cloudflare, effect.database)}
        return replace(world, bookmarks={**world.bookmarks, name: bookmark}, rows=rows)
    except (CannotReadError, KeyError, TypeError):
        tell(f"no Time Travel bookmark of {name} could be read; going on without one")
        return world


def _has_bookmark(world: World, name: str) -> bool:
    """Whether a bookmark from before the first migration of this release is noted."""
    record = read(world.record)
    noted = (
        record is not None
        and record.unfinished is not None
        and bool(record.bookmark or name in record.bookmarks)
    )
    return name in world.bookmarks or noted


_PERFORMERS: dict[type, Callable[[Ops, Any, World, Tell], World]] = {
    effects.RunTests: _run_tests,
    effects.BuildWorker: building.build,
    effects.PlaceFiles: _place_files,
    migrating.InsertLedger: _insert_ledger,
    migrating.KeepBookmark: _keep_bookmark,
    migrating.ApplyMigrations: _apply_migrations,
    effects.DeployWorker: _deploy_worker,
    effects.WatchHealth: _watch_health,
    effects.ReadBadge: _read_badge,
    effects.PushRelease: _push_release,
    effects.CreateRelease: _create_release,
    effects.NoteDeployment: _note_deployment,
    effects.Call: _call,
    packaging.PackPackage: packing.pack,
    packaging.PublishPackage: packing.publish,
    packaging.ReadBack: packing.read_back,
}
