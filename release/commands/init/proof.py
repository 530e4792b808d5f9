"""Whether a configuration fits the repository: what a plan finds without any network, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.config.bound_databases import require_databases
from release.errors import UsageError
from release.systems.npm.managers import plugs_and_plays
from release.systems.npm.wrangler_ages import require_wranglers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.config import Config


def proved(config: Config) -> Iterator[str]:
    """What a person should know of it. Raises UsageError where no plan could be made of it.

    Every worker has its script in every environment, no two share one, every file parses, and what is listed is bound.
    """
    for name in config.environments:
        for worker in config.workers:
            config.placed(worker.name, name)
        require_databases(config, name)
    require_wranglers(config)
    if not config.rehearsal.install:
        try:
            if plugs_and_plays(config.root / config.rehearsal.install_in):
                yield (
                    "yarn keeps packages in archives here (Plug'n'Play), and wrangler is run from node_modules. "
                    "Set `nodeLinker: node-modules` in .yarnrc.yml, then yarn install."
                )
        except UsageError as error:
            yield f"{error.what} {error.advice}"
