"""Observe: every read of the outside world, side by side, into one frozen World."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from release.formats.version import TagPattern, highest, in_line
from release.model.deployment import ReleasePages
from release.model.registry import Package
from release.model.repository import Checkout, History, Remote
from release.model.unread import Unread, read
from release.model.world import LiveOf, World
from release.observe.configuration import ask_watched, compared, settings_again
from release.observe.databases import databases_again
from release.observe.history import is_on_branch, read_history
from release.observe.migrations import agreed_rules, unlisted
from release.observe.packages import read_package
from release.observe.readiness import answer, answers, ask, ask_about, ask_database, reviewers_of
from release.systems.git.content import fetched_record, read_base
from release.systems.git.folders import changing, have, same_folder
from release.systems.github.deployments import latest, state
from release.systems.machine.deadline import Lanes
from release.systems.npm.node import node, wrangler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from release.model.deployment import Health, WorkerDeployment
    from release.model.readiness import Readiness
    from release.model.record import Record
    from release.model.release import Release
    from release.model.repository import Base
    from release.model.world import Part
    from release.observe.readiness import Asked
    from release.systems.ops import Ops

LANES = 16


def observe(ops: Ops) -> World:
    """Read everything once. What cannot be read is `Unread` with the reason; nothing is raised."""
    with Lanes(LANES) as lanes:
        asked = _ask_cloud(ops, lanes)
        ready = ask(ops, lanes) if ops.name == ops.config.production and not ops.config.target else None
        status = lanes.submit(answer, ops.git.status)
        remote = answer(lambda: _remote(ops))
        missing = lanes.submit(_missing, ops)
        reviewers = lanes.submit(answer, lambda: reviewers_of(ops))
        package = lanes.submit(answer, lambda: read_package(ops))
        releases = lanes.submit(_releases, ops, _interesting(ops, remote))
        checkout = _checkout(ops, status.result())
        if ready is not None and (here := read(checkout)):
            ask_about(ops, ready, here.head)
        record: Record | Unread | None = Unread("the remote was not read", follows=True)
        base: Base | Unread = Unread("the checkout was not read", follows=True)
        history: History | Unread = Unread("the checkout was not read", follows=True)
        if not isinstance(remote, Unread) and not isinstance(checkout, Unread):
            history = answer(lambda: _history(ops, checkout, remote))
            base = answer(lambda: _base(ops, checkout.head))
            record = answer(lambda: _record(ops, remote.record))
        settings = ask_watched(ops, lanes, read(checkout), read(remote))
        live = {worker.name: asked[worker.name].result() for worker in ops.config.workers}
        if (
            ops.name != ops.config.production
            and isinstance(history, History)
            and isinstance(checkout, Checkout)
        ):
            history = replace(history, overtaken=_overtaking(ops, checkout.head, history, live))
        return World(
            environment=ops.name,
            checkout=checkout,
            remote=remote,
            record=record,
            base=base,
            history=history,
            live=live,
            databases={one.name: asked[f"database {one.name}"].result() for one in ops.config.databases},
            health=asked["health"].result(),
            releases=releases.result(),
            missing=missing.result(),
            reviewers=reviewers.result(),
            package=package.result(),
            readiness=_ready(ops, ready, checkout, remote, history),
            settings=compared(ops, settings, live) if settings else {},
        )


def look_again(ops: Ops, world: World, parts: tuple[Part, ...], release: Release | None = None) -> World:
    """Read some parts again; what this run has learned by doing stays."""
    for part in parts:
        if isinstance(part, LiveOf):
            seen = answer(partial(ops.cloudflare.live, ops.script(part.worker)))
            world = replace(world, live={**world.live, part.worker: seen})
        else:
            world = _AGAIN[part](ops, world, release)
    return world


def _ask_cloud(ops: Ops, lanes: Lanes) -> dict[str, Future[Any]]:
    asked: dict[str, Future[Any]] = {}
    for worker in ops.config.workers:
        asked[worker.name] = lanes.submit(answer, partial(ops.cloudflare.live, ops.script(worker.name)))
    for one in ops.config.databases:
        asked[f"database {one.name}"] = ask_database(ops, lanes, one)
    asked["health"] = lanes.submit(answer, lambda: _health(ops))
    return asked


def _health(ops: Ops) -> Health | None:
    """What the health route says; None where nothing is served."""
    return ops.web.health(ops.environment, ops.health_url) if ops.config.workers else None


def _ready(
    ops: Ops,
    asked: Asked | None,
    checkout: Checkout | Unread,
    remote: Remote | Unread,
    history: History | Unread,
) -> Readiness | None:
    here, there, lies = read(checkout), read(remote), read(history)
    if asked is None or here is None:
        return None
    return answers(ops, asked, here.head, there.tip if there and lies and lies.contained else None)


def _base(ops: Ops, commit: str) -> Base:
    rules = agreed_rules(ops, commit)
    base = read_base(ops.git, commit, ops.config, rules)
    return replace(base, unlisted=unlisted(ops, commit, rules))


def _remote(ops: Ops) -> Remote:
    branch, prefix = f"refs/heads/{ops.config.branch}", "refs/tags/"
    pattern = TagPattern(ops.config.app.tag)
    refs = ops.git.remote_refs(branch, prefix + ops.config.app.tag.format(version="*"), ops.record_ref)
    names = [ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix) and not ref.endswith("^{}")]
    tags = {
        name: refs.get(f"{prefix}{name}^{{}}", refs[prefix + name])
        for name in names
        if in_line(pattern.version(name), ops.config.line)
    }
    return Remote(refs.get(branch), tags, refs.get(ops.record_ref))


def _history(ops: Ops, checkout: Checkout, remote: Remote) -> History:
    """The history as the release sees it: a package counts only the commits that change something in its folder."""
    history = read_history(ops, checkout, remote)
    last = _last(ops, remote)
    if ops.config.target is None or last is None or not history.unreleased:
        return history
    folder, released = ops.config.target.folder, remote.tags[last[1]]
    have(ops.git, last[1], released)
    if same_folder(ops.git, folder, checkout.head, released):
        return replace(history, unreleased=())
    return replace(
        history, unreleased=changing(ops.git, folder, history.unreleased, released) or history.unreleased
    )


def _last(ops: Ops, remote: Remote) -> tuple[str, str] | None:
    return highest(remote.tags, TagPattern(ops.config.app.tag))


def _checkout(ops: Ops, status: tuple[str, str | None, tuple[str, ...]] | Unread) -> Checkout | Unread:
    if isinstance(status, Unread):
        return status
    paths = [ops.config.app.manifest, *(entry.file for entry in ops.config.app.bump_also)]
    files = {path: _bytes(ops, path) for path in paths}
    return Checkout(status[0], status[1], status[2], ops.git.shallow, files)


def _bytes(ops: Ops, path: str) -> bytes | None:
    try:
        return (ops.root / path).read_bytes()
    except OSError:
        return None


def _missing(ops: Ops) -> tuple[Unread, ...]:
    """Node and wrangler, where a worker is deployed with them."""
    asked: list[Callable[[], object]] = [partial(node, ops.environ)]
    asked += [partial(wrangler, ops.root / worker.path) for worker in ops.config.workers if not worker.deploy]
    asked += [ops.npm.check] if ops.config.target else []
    found = {one for one in map(answer, asked) if isinstance(one, Unread)}
    return tuple(sorted(found, key=lambda one: one.because))


def _interesting(ops: Ops, remote: Remote | Unread) -> tuple[str, ...]:
    """Only the last tag's Release can be missing from a release that was begun."""
    seen = read(remote)
    last = _last(ops, seen) if seen else None
    return (last[1],) if last else ()


def _releases(ops: Ops, tags: tuple[str, ...]) -> frozenset[str] | Unread:
    if ops.name != ops.config.production:
        return frozenset()
    return answer(lambda: frozenset(tag for tag in tags if ops.github.has_release(tag)))


def _overtaking(
    ops: Ops, head: str, history: History, live: Mapping[str, WorkerDeployment | Unread | None]
) -> str | None:
    """The commit that every worker serves, where it is a descendant of HEAD."""
    lives = [read(one) for one in live.values()]
    commits = {one.release[1] if one and one.release else None for one in lives}
    commit = commits.pop() if len(commits) == 1 else None
    if commit is None or commit == head or ops.git.object(commit) is None or ops.git.object(head) is None:
        return None
    if any(commit == one.sha or commit in one.parents for one in history.unreleased):
        return None  # HEAD holds it: the usual case needs no process
    return commit if ops.git.contains(head, commit) else None


def _again_checkout(ops: Ops, world: World, _: Release | None) -> World:
    checkout = read(world.checkout)
    if checkout is None:
        return world
    files = {path: _bytes(ops, path) for path in checkout.files}
    return replace(world, checkout=replace(checkout, files=files))


def _again_remote(ops: Ops, world: World, release: Release | None) -> World:
    remote = answer(lambda: _remote(ops))
    world = replace(world, remote=remote)
    if isinstance(remote, Unread) or isinstance(world.history, Unread) or release is None:
        return world
    landed = answer(lambda: is_on_branch(ops, remote, release))
    if isinstance(landed, Unread):
        return replace(world, history=landed)
    return replace(world, history=replace(world.history, is_on_branch=landed))


def _again_record(ops: Ops, world: World, _: Release | None) -> World:
    remote = world.remote
    if isinstance(remote, Unread):
        return replace(world, record=Unread(remote.because, remote.advice))
    return replace(world, record=answer(lambda: _record(ops, remote.record)))


def _record(ops: Ops, oid: str | None) -> Record | None:
    return fetched_record(ops.git, ops.record_ref, oid) if oid else None


def _again_live(ops: Ops, world: World, _: Release | None) -> World:
    live = {w.name: answer(partial(ops.cloudflare.live, ops.script(w.name))) for w in ops.config.workers}
    return replace(world, live=live)


def _again_health(ops: Ops, world: World, _: Release | None) -> World:
    return replace(world, health=answer(lambda: _health(ops)))


def _again_package(ops: Ops, world: World, _: Release | None) -> World:
    """The registry alone: what the package needs was read once."""
    old = world.package
    if not isinstance(old, Package):
        return replace(world, package=answer(lambda: read_package(ops)))
    fresh = answer(lambda: ops.registry.package(old.registry, old.name))
    if isinstance(fresh, Package):
        fresh = replace(fresh, needs=old.needs, refusal=old.refusal, is_attested=old.is_attested)
    return replace(world, package=fresh)


def _again_releases(ops: Ops, world: World, release: Release | None) -> World:
    return replace(world, releases=_releases(ops, (release.tag,) if release else ()))


def _again_published(ops: Ops, world: World, release: Release | None) -> World:
    def seen() -> ReleasePages | None:
        return ReleasePages(latest(ops.github), state(ops.github, release)) if release else None

    return replace(world, published=answer(seen))


_AGAIN: dict[Part, Callable[[Ops, World, Release | None], World]] = {
    "checkout": _again_checkout,
    "remote": _again_remote,
    "record": _again_record,
    "live": _again_live,
    "database": databases_again,
    "health": _again_health,
    "releases": _again_releases,
    "package": _again_package,
    "published": _again_published,
    "settings": settings_again,
}
