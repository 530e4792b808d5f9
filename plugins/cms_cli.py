"""The package @alokai/cms-cli: `inv publish cms-cli`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.config import Command
from release.hookspecs import hookimpl
from release.target import NpmTarget

if TYPE_CHECKING:
    from release.config import Config

TARGET = NpmTarget(
    name="cms-cli",
    folder="examples/cms/packages/cms-cli",
    tag="cms-cli-v{version}",
    lockfile="examples/cms/package-lock.json",
    test=(
        Command(run=("npm", "test", "--silent"), cwd="examples/cms/packages/cms-cli"),
        Command(run=("npm", "run", "--silent", "lint"), cwd="examples/cms/packages/cms-cli"),
    ),
)


@hookimpl
def release_targets(config: Config) -> list[NpmTarget]:
    """The command line, on its own version."""
    del config
    return [TARGET]
