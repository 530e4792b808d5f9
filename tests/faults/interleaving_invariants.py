"""What must hold at every moment of an interleaving (the design's section 8), as functions of what can be seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.formats.manifest import value_at
from release.formats.version import precedes
from release.model.record import decode
from tests.faults.interleaving_clients import MANIFEST
from tests.faults.interleaving_git import MAIN, history, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.record import Record
    from tests.faults.interleaving_outside import Outside, Written

RECORD = "refs/release/{}"


@dataclass
class Chronicle:
    """What was seen of production since the scene opened; `broken` lists the invariants that a moment violated.

    `served`: marks that both workers had at the same time. `proven`: commits of a number that a record called
    healthy or a tag names. `closed`: marks that a rollback took away. `keeper`: environment -> the run that wrote
    its record last; `restless`: runs that hold no lock by design (rollbacks).
    """

    outside: Outside
    broken: list[str] = field(default_factory=list)
    served: set[str] = field(default_factory=set)
    proven: dict[str, set[str]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    keeper: dict[str, int] = field(default_factory=dict)
    restless: set[int] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    main: str = ""

    def __post_init__(self) -> None:
        self.tags, self.main = self.outside.remote.tags, self.outside.remote.refs[MAIN]

    def watch(self, written: Written) -> None:
        """Look after one write."""
        self.broken += [f"{fault} (after {written})" for fault in self._faults(written)]

    def _faults(self, written: Written) -> Iterator[str]:
        if written.system == "remote":
            yield from self._git(written)
        else:
            yield from self._fenced(written)
        if written.what.startswith(("deploy", "put back")):
            yield from self._deployed(written)

    def _git(self, written: Written) -> Iterator[str]:
        remote = self.outside.remote
        if MAIN in written.what:
            yield from self._fenced(written)
        for environment in ("production", "staging"):
            if RECORD.format(environment) in written.what:
                self.keeper[environment] = written.number
        record = record_of(self.outside)
        if record and record.healthy and record.subject:
            self.proven.setdefault(record.subject.version, set()).add(record.subject.commit)
        fresh = {tag: commit for tag, commit in remote.tags.items() if self.tags.get(tag) != commit}
        for tag, commit in fresh.items():
            yield from self._tagged(tag, commit)
        for tag in self.tags.keys() - remote.tags.keys():
            yield f"2: {tag} vanished"
        if MAIN in written.what:
            yield from _lowered(self.outside, self.main)
        for version, commits in self.proven.items():
            if len(commits) > 1:
                yield f"2: {version} names {sorted(commits)}, and each was healthy"
        self.tags, self.main = remote.tags, remote.refs[MAIN]

    def _tagged(self, tag: str, commit: str) -> Iterator[str]:
        version = tag.removeprefix("cms-v")
        self.proven.setdefault(version, set()).add(commit)
        if tag in self.tags:
            yield f"2: {tag} moved from {self.tags[tag]} to {commit}"
        if f"{tag}+{commit}" not in self.served:
            yield f"1: {tag} is on the remote, and Cloudflare never served {commit}"
        if (version, commit) not in self.outside.witnessed:
            yield f"1: {tag} is on the remote, and health never answered as {commit}"
        if not is_on_branch(self.outside, tag, commit) and not self.outside.remote.protected:
            yield f"3: {tag} is on the remote without its bump on main"
        if value_at(read(self.outside.remote.objects, commit, MANIFEST) or b"", ("version",), "") != version:
            yield f"2: {tag} names {commit}, which holds another version"

    def _deployed(self, written: Written) -> Iterator[str]:
        marks = [self.outside.script(f"double-{worker}-production").serving for worker in ("mcp", "cms")]
        tags = {one.tag for one in marks if one}
        if len(tags) == 1:
            self.served |= {tag for tag in tags if tag}
        words = written.what.split()
        if words[0] == "deploy" and words[2] == "production" and words[3] in self.closed:
            yield f"closed: {words[3]} was rolled back, and is deployed again"

    def _fenced(self, written: Written) -> Iterator[str]:
        """8: whoever writes is the run that wrote the record last."""
        environment = "staging" if "staging" in written.what else "production"
        keeper = self.keeper.get(environment)
        if written.number not in self.restless and keeper != written.number:
            yield f"8: run {written.number} writes while run {keeper} has the record"


def record_of(outside: Outside, environment: str = "production") -> Record | None:
    """The record on the remote."""
    oid = outside.remote.refs.get(RECORD.format(environment))
    return decode(read(outside.remote.objects, oid, "record.json") or b"") if oid else None


def version_on(outside: Outside, commit: str) -> str:
    """The version in a commit's manifest."""
    return value_at(read(outside.remote.objects, commit, MANIFEST) or b"", ("version",), MANIFEST)


def is_on_branch(outside: Outside, tag: str, commit: str) -> bool:
    """Whether main holds a commit, or one that stands for it."""
    held = history(outside.remote.objects, [outside.remote.refs[MAIN]])
    return commit in held or any(f"Release: {tag}" in one.message for one in held.values())


def _lowered(outside: Outside, before: str) -> Iterator[str]:
    tip = outside.remote.refs[MAIN]
    if precedes(version_on(outside, tip), version_on(outside, before)):
        yield f"main's version was lowered from {version_on(outside, before)} to {version_on(outside, tip)}"
    if before not in history(outside.remote.objects, [tip]):
        yield "main lost commits"


def unconverged(outside: Outside, commit: str) -> Iterator[str]:
    """How the outside differs from the end of an unbroken release of `commit`; nothing when it does not."""
    remote = outside.remote
    tag = max(remote.tags, key=lambda name: tuple(map(int, name.removeprefix("cms-v").split("."))))
    bump = remote.tags[tag]
    if commit not in history(remote.objects, [bump]):
        yield f"the highest tag {tag} is of {bump}, which does not hold {commit}"
    serving = {name: outside.script(f"double-{name}-production").serving for name in ("mcp", "cms")}
    for name, one in serving.items():
        if one is None or one.tag != f"{tag}+{bump}" or one.number != tag.removeprefix("cms-v"):
            yield f"{name} serves {one}"
    if tag not in outside.releases:
        yield f"GitHub has no Release {tag}"
    if version_on(outside, remote.refs[MAIN]) != tag.removeprefix("cms-v"):
        yield f"main says {version_on(outside, remote.refs[MAIN])}"
    record = record_of(outside)
    if record is None or record.holder is not None or record.outcome != "released":
        yield f"the record says {record and record.outcome}, held by {record and record.holder}"
