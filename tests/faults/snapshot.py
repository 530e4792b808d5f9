"""What the servers hold at one moment, read past this tool: the bare repository's files, the cloud's account, D1."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.statements import Statement
from release.rehearsal.forge.bare import isolated_environment
from release.testing.double import DATABASES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.rehearsal.cloud.state import Account
    from release.testing import Double

RECORD = "refs/release/production"
SCRIPTS = ("double-mcp-production", "double-cms-production")
DATABASE = DATABASES["double-production"]
SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY type, name"
LEDGER = "SELECT name FROM d1_migrations ORDER BY id"
Answer = tuple[str, str]  # version and commit that a healthy worker named

_OWN = re.compile(r"http://127\.0\.0\.1:\d+|(?<=, plan )[0-9a-f]{7}")  # a plan starts from random version ids
_KNOWN: dict[
    tuple[str, ...], str
] = {}  # what git said of objects by their ids, which are the same in every world


@dataclass(frozen=True)
class Snapshot:
    """A moment, from the servers' side.

    `refs` are full names with their commit (tags peeled), `trees` the trees of those, `lands` the tags that the
    branch stands for: by holding their commit, or by a trailer. `shares` is what each worker serves as (mark,
    percentage), `served` every mark that ever had all of a worker's traffic, `answers` every healthy answer of
    production since the scene opened. `packages` maps a name to its versions with their integrity.
    """

    now: float
    refs: Mapping[str, str]
    trees: Mapping[str, str]
    lands: frozenset[str]
    record: Mapping[str, Any] | None
    shares: Mapping[str, tuple[tuple[str, float], ...]]
    served: Mapping[str, frozenset[str]]
    ledger: tuple[str, ...]
    schema: tuple[tuple[str, str, str], ...]
    answers: frozenset[Answer]
    releases: tuple[tuple[str, str, str], ...]
    packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dist_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_approved: bool = True
    is_tested: bool = True


@dataclass
class Reader:
    """Takes snapshots of a double. What git says of an object never changes, so it is asked once."""

    world: Double
    record: str = RECORD
    answers: set[Answer] = field(default_factory=set)

    def snapshot(self) -> Snapshot:
        """This moment."""
        forge, account = self.world.forge, self.world.cloud.account
        refs = {name: self._peeled(oid) for name, oid in _refs(forge.repository)}
        record = refs.get(self.record)
        rows, schema = self._database()
        return Snapshot(
            now=self.world.clock.now(),
            refs=refs,
            trees={
                name: self._git("rev-parse", f"{oid}^{{tree}}")
                for name, oid in refs.items()
                if name != self.record
            },
            lands=self._lands(refs),
            record=self._record(record, account) if record else None,
            shares={name: _shares(account, name) for name in SCRIPTS},
            served={name: _served(account, name) for name in SCRIPTS},
            ledger=rows,
            schema=schema,
            answers=frozenset(self.answers),
            releases=self._releases(),
            packages={
                name: {version: one["dist"]["integrity"] for version, one in of["versions"].items()}
                for name, of in self.world.registry.packages.items()
            },
            dist_tags={name: dict(of["dist-tags"]) for name, of in self.world.registry.packages.items()},
            is_approved=(self.world.folder / "approved").exists(),
            is_tested=(self.world.folder / "tested").exists(),
        )

    def _peeled(self, oid: str) -> str:
        return self._git("rev-parse", f"{oid}^{{commit}}")

    def _lands(self, refs: Mapping[str, str]) -> frozenset[str]:
        tip = refs["refs/heads/main"]
        log = self._git("log", "--format=%H %(trailers:key=Release,valueonly,separator=%x20)", tip)
        words = set(log.split())
        tags = {
            name.removeprefix("refs/tags/"): oid
            for name, oid in refs.items()
            if name.startswith("refs/tags/")
        }
        return frozenset(tag for tag, oid in tags.items() if oid in words or tag in words)

    def _record(self, oid: str, account: Account) -> dict[str, Any]:
        """The document, in which ids that are random are replaced by the marks of what they name."""
        document: dict[str, Any] = json.loads(self._git("show", f"{oid}:record.json"))
        found = {one.id: one.tag for script in account.scripts.values() for one in script.versions}
        before = {
            worker: found.get(version_id, "unknown") for worker, version_id in document["before"].items()
        }
        return {**document, "before": before}

    def _releases(self) -> tuple[tuple[str, str, str], ...]:
        """Tag, title and notes of each GitHub Release; the notes without what is this world's own."""
        found = self.world.forge._state.releases.values()
        return tuple(sorted((one.tag, one.name or "", _OWN.sub("", one.body or "")) for one in found))

    def _database(self) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
        (tables,) = self.world.runtime.d1(DATABASE, (Statement(SCHEMA),))
        schema = tuple((str(row["type"]), str(row["name"]), str(row["sql"] or "")) for row in tables.rows)
        if not any(name == "d1_migrations" for _, name, _ in schema):
            return (), schema
        (names,) = self.world.runtime.d1(DATABASE, (Statement(LEDGER),))
        return tuple(str(row["name"]) for row in names.rows), schema

    def _git(self, *words: str) -> str:
        if words not in _KNOWN:
            _KNOWN[words] = git(self.world.forge.repository, *words)
        return _KNOWN[words]


def git(repository: Path, *words: str) -> str:
    """What git says in the bare repository."""
    command = ["git", *words]
    done = subprocess.run(
        command, cwd=repository, env=isolated_environment(), check=True, capture_output=True
    )
    return done.stdout.decode().strip()


def _refs(repository: Path) -> list[tuple[str, str]]:
    """The refs as files: nothing packs them here."""
    folder = repository / "refs"
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")
    return sorted((str(file.relative_to(repository)), file.read_text().strip()) for file in files)


def _shares(account: Account, name: str) -> tuple[tuple[str, float], ...]:
    script = account.scripts.get(name)
    if script is None:
        return ()
    versions = ((script.version(share.version_id), share.percentage) for share in script.shares)
    return tuple((version.tag if version else "", percentage) for version, percentage in versions)


def _served(account: Account, name: str) -> frozenset[str]:
    script = account.scripts.get(name)
    if script is None:
        return frozenset()
    whole = (one.versions[0].version_id for one in script.deployments if len(one.versions) == 1)
    found = (script.version(version_id) for version_id in whole)
    return frozenset(version.tag for version in found if version)
