"""The package @alokai/cms-api: `inv publish cms-api`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.config import Command
from release.hookspecs import hookimpl
from release.target import NpmTarget

if TYPE_CHECKING:
    from release.config import Config

TARGET = NpmTarget(
    name="cms-api",
    folder="examples/cms/packages/cms-api",
    tag="cms-api-v{version}",
    lockfile="examples/cms/package-lock.json",
    test=(
        Command(run=("npm", "test", "--silent"), cwd="examples/cms/packages/cms-api"),
        Command(run=("npm", "run", "--silent", "lint"), cwd="examples/cms/packages/cms-api"),
    ),
)


@hookimpl
def release_targets(config: Config) -> list[NpmTarget]:
    """The client library, on its own version."""
    del config
    return [TARGET]
