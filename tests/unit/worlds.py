"""Generated worlds: what could be read at any moment of any release, sound and unsound."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from release.config import Config, Settings
from release.config.databases import named
from release.formats.git_objects import Entry, commit_body, object_id, tree_body
from release.model import bump
from release.model.deployment import Database, Health, SchemaObject, WorkerDeployment
from release.model.record import Record, Subject
from release.model.release import Release
from release.model.repository import Base, Checkout, Commit, Folder, History, Migration, Remote
from release.model.request import Request
from release.model.unread import Unread
from release.model.world import World
from release.testing.monorepo import CONFIG, LOCKFILE, MANIFEST

CURRENT = "1.2.3"  # what the manifest of every base says
SQL = {
    "0001_pages.sql": "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL);",
    "0002_data.sql": "UPDATE pages SET title = 'x';",
    "0003_slug.sql": "ALTER TABLE pages ADD COLUMN slug TEXT;",
}
SCHEMAS = (
    (),
    (SchemaObject("table", "pages", SQL["0001_pages.sql"].rstrip(";")),),
    (
        SchemaObject(
            "table", "pages", "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL, slug TEXT)"
        ),
    ),
    (SchemaObject("table", "other", "CREATE TABLE other (id)"),),
)
VERSIONS = ("1.2.3", "1.2.4", "1.2.5", "1.3.0", "2.0.0")
NOTHING = Unread("Nobody answers.", "Try again.")


def configured(text: str = CONFIG) -> Config:
    """The configuration of the double, in no folder."""
    settings = named(msgspec.convert(tomllib.loads(text)["tool"]["release"], Settings))
    return Config(**{name: getattr(settings, name) for name in settings.__struct_fields__}, root=Path())


CONFIGURED = configured()


def base_of(name: str, version: str = CURRENT, migrations: tuple[str, ...] = tuple(SQL)) -> Base:
    """A commit called `name`, as git would hold it: one manifest, one lockfile, and the trees on the way."""
    manifest = json.dumps({"version": version}).encode()
    lock = json.dumps({"packages": {"apps/cms": {"version": version}}}).encode()
    trees: dict[str, bytes] = {}

    def tree(*entries: Entry) -> str:
        body = tree_body(entries)
        oid = object_id("tree", body)
        trees[oid] = body
        return oid

    cms = tree(Entry("100644", "package.json", object_id("blob", manifest)))
    apps = tree(Entry("40000", "cms", cms))
    root = tree(Entry("40000", "apps", apps), Entry("100644", "package-lock.json", object_id("blob", lock)))
    commit = object_id("commit", commit_body(root, (), "Ada <ada@example.com>", 1_767_000_000, name))
    files = tuple(
        Migration(one, SQL[one].encode(), sha256(SQL[one].encode()).hexdigest()) for one in migrations
    )
    return Base(
        commit, root, 1_767_000_000, {MANIFEST: manifest, LOCKFILE: lock}, trees, {"cms": Folder(files)}
    )


BASES = (base_of("one"), base_of("two"))
STRANGER = "f" * 40


def subject_of(base: Base, version: str, config: Config = CONFIGURED) -> Subject:
    """The release that this tool would make of a base."""
    tag = f"cms-v{version}"
    made = bump.bump(base, version, tag, config.app, config.identity)
    return Subject(
        app="cms",
        version=version,
        tag=tag,
        previous=CURRENT,
        previous_tag="cms-v1.2.3",
        base=base.commit,
        commit=made.commit,
    )


def release_of(subject: Subject, base: Base = BASES[0], config: Config = CONFIGURED) -> Release:
    """The same as a release in production."""
    made = bump.bump(base, subject.version, subject.tag, config.app, config.identity)
    return Release(
        "cms",
        "production",
        subject.base,
        subject.previous,
        subject.previous_tag,
        subject.version,
        subject.tag,
        subject.commit,
        made.files,
    )


SUBJECTS = st.sampled_from([subject_of(base, version) for base in BASES for version in VERSIONS[1:]])
REQUESTS = st.builds(Request, level=st.sampled_from(["patch", "minor", "major"]))


@cache  # a strategy that is made again for each world is most of the time of a property
def lives(*known: Subject) -> st.SearchStrategy[WorkerDeployment | None]:
    """What serves a script: nothing, something without a mark, one of the releases, or several versions."""
    message = st.sampled_from(
        [None, "was x base " + "a" * 40, "rollback cms-v1.2.4 -> cms-v1.2.3: bad", "by hand"]
    )
    marks = st.sampled_from([None, "cms-v1.2.3+" + "1" * 40, *(f"{one.tag}+{one.commit}" for one in known)])
    shares = st.sampled_from([(("v1", 100.0),), (("v1", 100.0),), (("v1", 50.0), ("v2", 50.0)), ()])
    live = st.builds(WorkerDeployment, st.just("script"), shares, marks, message)
    begun = [
        WorkerDeployment("script", (("v9", 100.0),), f"{one.tag}+{one.commit}", f"was x base {one.base}")
        for one in known
    ]
    return st.one_of(st.none(), live, st.sampled_from(begun))


@cache
def healths(*known: Subject) -> st.SearchStrategy[Health | Unread]:
    """What a health route says."""
    commits = st.sampled_from(
        [None, STRANGER, *(one.commit for one in known), *(one.commit[:7] for one in known)]
    )
    problem = st.sampled_from([None, None, None, "/api/health answered 500"])
    return st.builds(Health, st.sampled_from([None, *VERSIONS]), commits, problem) | st.just(NOTHING)


_OFTEN = st.sampled_from([True, True, False])
_BURNT = st.sets(st.sampled_from(VERSIONS[1:]), max_size=2)
_OUTCOMES = st.sampled_from(["running", "failed", "recorded", "released", "rolled-back"])


@st.composite
def records(draw: st.DrawFn, subject: Subject) -> Record | None:
    """No record, or one in any state; of a release, or of nothing yet."""
    if draw(st.booleans()):
        return None
    return Record(
        environment="production",
        nonce="n",
        subject=subject if draw(_OFTEN) else None,
        healthy=draw(st.booleans()),
        burnt=tuple(draw(_BURNT)),
        outcome=draw(_OUTCOMES),
    )


DATABASES = st.builds(
    Database,
    st.just("double-production"),
    st.just("uuid"),
    st.none() | st.integers(0, 3).map(lambda count: tuple(SQL)[:count]),
    st.sampled_from(SCHEMAS),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world in which every part could be read."""
    subject = draw(SUBJECTS)
    base = draw(_BASES)
    named = {version: STRANGER if draw(st.booleans()) else subject.commit for version in draw(_TAGGED)}
    tags = {f"cms-v{version}": commit for version, commit in named.items()}
    unreleased = draw(_COUNTS)
    commits = tuple(Commit(f"{number}" * 40, f"feat: {number}") for number in range(unreleased))
    return World(
        environment="production",
        checkout=Checkout(base.commit, "main", (), shallow=False, files=dict(base.files)),
        remote=Remote(base.commit, tags, None),
        record=draw(records(subject)),
        base=base,
        history=History(draw(st.booleans()), commits, is_on_branch=draw(st.booleans())),
        live={name: draw(lives(subject)) for name in ("mcp", "cms")},
        databases=draw(_DATABASES),
        health=draw(healths(subject)),
        releases=frozenset(draw(_some(*sorted(tags))) if tags else ()),
    )


_BASES = st.sampled_from(BASES)
_COUNTS = st.integers(0, 2)
_NO_DATABASE: dict[str, Database] = {}
_DATABASES = st.just(_NO_DATABASE) | DATABASES.map(lambda one: {"cms": one})
_TAGGED = st.sets(st.sampled_from(VERSIONS), max_size=3)


@cache
def _some(*names: str) -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from(names))


PARTS = ("checkout", "remote", "record", "base", "history", "database", "mcp", "cms")


def without(world: World, part: str, reason: Unread = NOTHING) -> World:
    """The world in which a part, or what serves a worker, could not be read."""
    if part == "database":
        return replace(world, databases={"cms": reason})
    if part in world.live:
        return replace(world, live={**world.live, part: reason})
    changes: dict[str, Any] = {part: reason}
    return replace(world, **changes)


SOUND = World(
    environment="production",
    checkout=Checkout(BASES[0].commit, "main", (), shallow=False, files=dict(BASES[0].files)),
    remote=Remote(BASES[0].commit, {}, None),
    record=None,
    base=BASES[0],
    history=History(contained=True, unreleased=()),
    live={"mcp": None, "cms": None},
    databases={},
    health=NOTHING,
)
