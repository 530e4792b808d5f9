"""What is true of the packages in a double, read from where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.testing.npm import tarball
from release.testing.packages import API
from tests.contract.release_facts import told

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double

NAME = "@double/api"


def published(world: Double, name: str = NAME) -> list[str]:
    """The versions on the registry."""
    return list(world.registry.packages.get(name, {}).get("versions", {}))


def dist_tags(world: Double, name: str = NAME) -> dict[str, str]:
    """What the registry's dist-tags name."""
    return dict(world.registry.packages[name]["dist-tags"])


def had(world: Double, version: str, name: str = NAME, content: str = "old", tag: str = "latest") -> None:
    """Somebody published a version, by hand or long ago."""
    body = tarball({"package.json": b"{}", "content": content.encode()})
    world.registry.put(name, {"name": name, "version": version}, body, tag)


def release_once(world: Double, version: str = "1.3.0") -> None:
    """The last release of the package: its tag, and what the registry has; then new work in its folder."""
    world.git("tag", f"api-v{version}", "main", cwd=world.forge.repository)
    had(world, version)
    work(world)


def work(world: Double, text: str = "export const answer = 43;\n") -> str:
    """A commit that changes the package."""
    return world.commit({f"{API}/src/index.js": text}, "feat(api): another answer")


def released(outcome: Outcome, version: str | None = None) -> None:
    """It ended well."""
    assert (outcome.outcome, outcome.exit_code) == ("released", 0), told(outcome)
    if version is not None and outcome.release is not None:
        assert outcome.release.version == version
