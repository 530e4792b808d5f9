"""Which Cloudflare account the wrangler files name: wrangler deploys there, whatever CLOUDFLARE_ACCOUNT_ID says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.config.scripts import read
from release.errors import UsageError
from release.formats.wrangler_config import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.config import Config

VARIABLE = "CLOUDFLARE_ACCOUNT_ID"


def account_in(config: Config, name: str) -> str | None:
    """The account that the files name for an environment, the first of several; None where they leave it open."""
    return next((account for _, account in _named(config, name)), None)


def require_account(config: Config, name: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError where a file names another account than the one that is read and written here."""
    given = environ.get(VARIABLE)
    for path, account in _named(config, name):
        if given and account != given:
            raise UsageError(
                f"{path} has the account_id {account}, and {VARIABLE} is {given}: wrangler would deploy to the first.",
                f"Set {VARIABLE} to the account that is meant, or take account_id out of {path}.",
            )


def _named(config: Config, name: str) -> Iterator[tuple[str, str]]:
    """Each wrangler file that names an account, and that account. A file that cannot be read is another error's."""
    environment = config.environments[name]
    for worker in config.workers:
        try:
            found = None if worker.deploy else read(config.root, worker, environment)
        except UsageError:
            continue
        account = account_of(found.settings, environment.wrangler) if found else None
        if found and account:
            yield found.path, account
