"""What the values of options may name in this repository: for suggestions and for completion. Nothing outside is asked."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from release.commands.options import TOPICS

if TYPE_CHECKING:
    from pathlib import Path

    from release.commands.options import Option

MOST_TAGS = 50


def values_of(option: Option, root: Path) -> list[str]:
    """All that an option's value may be, as far as that is known here; empty where anything may be."""
    if option.values:
        return list(option.values)
    find = {"environment": environments, "tag": tags, "package": packages, "topic": topics}.get(option.names)
    try:
        return find(root) if find else []
    except Exception:  # noqa: BLE001 - a suggestion or a completion is no place to fail
        return []


def environments(root: Path) -> list[str]:
    """The environments of the configuration."""
    return list(_settings(root).get("environments", {}))


def tags(root: Path) -> list[str]:
    """The releases whose tags are in this checkout, the newest first."""
    import os
    from contextlib import closing

    from release.systems.git.client import Git

    pattern = str(_settings(root).get("app", {}).get("tag", "v{version}")).replace("{version}", "*")
    with closing(Git(root, "origin", os.environ)) as git:
        done = git.run("tag", "--list", "--sort=-version:refname", pattern)
    return done.out.decode().split()[:MOST_TAGS]


def packages(root: Path) -> list[str]:
    """The packages that plugins publish."""
    from release.config import load
    from release.plan.targets import names

    return list(names(load(root)))


def topics(root: Path) -> list[str]:
    """The topics of `inv help`."""
    del root
    return list(TOPICS)


def _settings(root: Path) -> dict[str, Any]:
    document: Any = tomllib.loads((root / "pyproject.toml").read_bytes().decode())
    for key in ("tool", "release"):
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
