"""A publish for the fault cases: what is run, on which packages, and what must always hold of a registry."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from release.testing.npm import tarball
from release.testing.packages import API, PLUGIN, files
from tests.faults import invariants
from tests.faults.cases import Command
from tests.faults.children import Faraway, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.testing import Double
    from tests.faults.snapshot import Snapshot

NAME, OLD, NEW = "@double/api", "1.3.0", "1.4.0"
OVERLAY = {**files(), "extensions/plugin.py": PLUGIN.replace('("true",)', '("touch", "../tested")')}


def waiting(world: Double) -> None:
    """1.3.0 is tagged and published, and a commit to the package waits."""
    world.git("tag", f"api-v{OLD}", "main", cwd=world.forge.repository)
    world.registry.put(NAME, {"name": NAME, "version": OLD}, tarball({"package.json": b"{}"}))
    world.commit({f"{API}/src/index.js": "export const answer = 43;\n"}, "feat(api): another answer")


def publish(world: Double, root: Path) -> Outcome:
    """`inv publish api --bump minor --yes`, whose approval and tests can be seen from outside."""
    return world.publish("api", "minor", root=root, gate=lambda preview: marked(world.folder, preview))


class Publishing(Faraway):
    """A child that publishes."""

    def release(self, *_: object, gate: Callable[[Preview], Granted] | None = None, **__: object) -> Outcome:
        """The publish in the place of the release."""
        return self.publish("api", "minor", gate=gate)


def broken(opening: Snapshot, now: Snapshot) -> list[str]:
    """The invariants that a moment breaks, whatever happened since the scene opened."""
    return [
        *_tag_without_package(opening, now),
        *_another_number(now),
        *_another_content(opening, now),
        *invariants.half_landed(opening, now),
        *invariants.unapproved(opening, now),
        *invariants.untested(opening, now),
    ]


def _tag_without_package(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """1: a tag is on the remote only if the registry has its version, with a tarball that its record names."""
    noted = set((now.record or {}).get("packed", ()))
    for tag in invariants.new_tags(opening, now):
        found = now.packages.get(NAME, {}).get(tag.rpartition("-v")[2])
        if found is None or found not in noted:
            yield f"{tag} is on the remote, and the registry has {found} for it; packed was {sorted(noted)}"


def _another_number(now: Snapshot) -> Iterator[str]:
    """2: never a next version."""
    more = set(now.packages.get(NAME, {})) - {OLD, NEW}
    if more:
        yield f"{sorted(more)} was published too"


def _another_content(opening: Snapshot, now: Snapshot) -> Iterator[str]:
    """2: what is published never changes, and is never unknown to the record."""
    if now.packages[NAME][OLD] != opening.packages[NAME][OLD]:
        yield f"{OLD} was published over"
    new = now.packages[NAME].get(NEW)
    if new is not None and new not in (now.record or {}).get("packed", ()):
        yield f"{NEW} is on the registry, and the record does not know its content"


def content(body: bytes) -> bytes:
    """The package's one module, in a tarball."""
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        file = archive.extractfile("package/src/index.js")
        return file.read() if file else b""


PUBLISH = Command(publish, Publishing, "api", broken, OVERLAY)
