"""The record as it lies on a double's remote: read by a test, put there by somebody else, or torn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from release.model.record import Holder, Record, encode
from release.systems.git.content import read_record
from release.testing import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.model.record import Subject
    from release.testing import Double

REF = "refs/release/production"


class At(Recorder):
    """Calls `meanwhile` once, when a step starts or a line is said that begins so."""

    def __init__(self, when: str, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.when, self.meanwhile, self.is_over = when, meanwhile, False

    def started(self, step: str) -> None:
        """A step."""
        super().started(step)
        self._meet(step)

    def line(self, text: str) -> None:
        """A line."""
        super().line(text)
        self._meet(text)

    def _meet(self, text: str) -> None:
        if text.startswith(self.when) and not self.is_over:
            self.is_over = True
            self.meanwhile()


def refs(world: Double) -> dict[str, str]:
    """Every ref of the remote, with the commit that it names."""
    form = "--format=%(refname) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
    lines = world.git("for-each-ref", form, cwd=world.forge.repository).splitlines()
    return dict(line.split(" ", 1) for line in lines)


def record_of(world: Double, ref: str = REF) -> Record:
    """The record on the remote."""
    with world.ops() as ops:
        ops.git.fetch(ref)
        return read_record(ops.git, refs(world)[ref])


def put_document(world: Double, document: bytes) -> str:
    """Somebody's commit with this document as the record; its id."""
    bare = world.forge.repository
    blob = world.git("hash-object", "-w", "--stdin", cwd=bare, data=document)
    tree = world.git("mktree", cwd=bare, data=f"100644 blob {blob}\trecord.json\n".encode())
    who = ["-c", "user.name=Bob", "-c", "user.email=bob@example.com"]
    commit = world.git(*who, "commit-tree", tree, "-m", "record", cwd=bare)
    world.git("update-ref", REF, commit, cwd=bare)
    return commit


def put_record(world: Double, **changes: Any) -> str:  # noqa: ANN401  # the fields of Record
    """The record (an empty one, where there is none) with changes."""
    record = record_of(world) if REF in refs(world) else Record(environment="production", nonce="first")
    return put_document(world, encode(msgspec.structs.replace(record, **changes)))


def hold(
    world: Double, *, lease: float = 300.0, subject: Subject | None = None, checkout: str = "b0b"
) -> str:
    """Bob's run holds the record, and says no more."""
    holder = Holder(
        who="bob", where="laptop:/cms", run="r1", checkout=checkout, url="https://ci.example.com/7"
    )
    until = world.clock.now() + lease
    subject = subject or coming(world)
    return put_record(
        world, holder=holder, lease_until=until, subject=subject, outcome="running", nonce="bob"
    )


def coming(world: Double, **changes: Any) -> Subject:  # noqa: ANN401  # the fields of Subject
    """The release that `inv release` would make, as a record speaks of it; perhaps with changes."""
    release = world.plan().release
    assert release is not None
    return msgspec.structs.replace(release.subject, **changes)


def refuse(world: Double, pattern: str) -> Callable[[], None]:
    """Let the remote refuse pushes to refs of this shell pattern; the answer lifts that."""
    hook = world.forge.repository / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\ncase "$1" in {pattern}) echo "not here" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    return hook.unlink


def deployed(world: Double) -> list[str]:
    """The workers that were deployed to production since the scene opened, one entry a deployment."""
    scripts = {f"/workers/scripts/{world.script(name)}/deployments": name for name in ("mcp", "cms")}
    return [scripts[write.path] for write in world.cloud.log if write.path in scripts]
