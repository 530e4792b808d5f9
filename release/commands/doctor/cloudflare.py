"""The steps of a repository's set-up that are about Cloudflare, one function each: what is found to be right, or MissingError."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from release.commands.doctor.setup import ACCOUNT, TOKEN, MissingError
from release.errors import CannotReadError
from release.systems.cloudflare.builds import triggers

if TYPE_CHECKING:
    from release.commands.doctor.setup import Setup
    from release.systems.cloudflare.api import Cloudflare

SOON = 14  # days before a token's end from which on it is told
_ACTIVE = "active"
_VERIFY = ("/user/tokens/verify", False), ("/tokens/verify", True)  # a user's token, and one of the account
# A permission, what is asked to try it, and the commands that need it.
READS = (
    ("Workers Scripts: Read", "/workers/scripts?per_page=1", "release, plan, status, diff, rollback"),
    ("D1: Read", "/d1/database?per_page=1", "release, plan, status"),
)
WRITES = "a release and a deploy need Workers Scripts: Edit and D1: Edit too, which is not tried"


def account_token(setup: Setup) -> str:
    """The token of Cloudflare is valid, has some time left, and may read what the commands read."""
    if setup.cloudflare is None:
        raise CannotReadError(
            f"It is not looked at without {TOKEN} and {ACCOUNT}.", "Set both, then run inv doctor again."
        )
    state = _state(setup.cloudflare)
    reads = READS if setup.config.databases else READS[:1]
    lacking = [(name, commands) for name, path, commands in reads if not _may(setup.cloudflare, path)]
    if lacking:
        told = "; ".join(f"{name} (for {commands})" for name, commands in lacking)
        raise MissingError(
            f"{TOKEN} lacks {told}.", "Add it at dash.cloudflare.com/profile/api-tokens, for this account."
        )
    return f"{state}; may read {', '.join(name.partition(':')[0] for name, _, _ in reads)}; {WRITES}"


def _state(cloudflare: Cloudflare) -> str:
    """Whether the token is active, and until when. Raises MissingError where it is not, or not for long."""
    found = _verified(cloudflare)
    status = str(found.get("status"))
    if status != _ACTIVE:
        raise MissingError(
            f"{TOKEN} is {status}.", "Make another one at dash.cloudflare.com/profile/api-tokens."
        )
    if not found.get("expires_on"):
        return "active, and does not expire"
    until = datetime.fromisoformat(str(found["expires_on"]))
    days = (until - datetime.now(UTC)).days
    if days < SOON:
        raise MissingError(
            f"{TOKEN} expires on {until:%Y-%m-%d}.",
            "Renew it, and change the secrets of GitHub's environments.",
        )
    return f"active until {until:%Y-%m-%d}"


def _verified(cloudflare: Cloudflare) -> dict[str, Any]:
    refused: CannotReadError | None = None
    for path, of_account in _VERIFY:
        try:
            found = cloudflare.get(path, of_account=of_account)
        except CannotReadError as error:
            refused = error
            continue
        if isinstance(found, dict):
            return found
    raise refused or CannotReadError("Cloudflare does not tell about the token.")


def _may(cloudflare: Cloudflare, path: str) -> bool:
    try:
        cloudflare.get(path)
    except CannotReadError:
        return False
    return True


def builds(setup: Setup) -> str:
    """Cloudflare deploys nothing by itself when something is pushed to the release branch."""
    if setup.cloudflare is None:
        raise CannotReadError(
            f"Whether Cloudflare itself deploys on a push is not read without {TOKEN} and {ACCOUNT}.",
            "Set both, then run inv doctor again; or look at Settings > Builds of each worker in Cloudflare's dashboard.",
        )
    config, branch = setup.config, setup.config.branch
    scripts = [config.placed(one.name, name).script for name in config.environments for one in config.workers]
    try:
        found = [one for script in scripts for one in triggers(setup.cloudflare, script)]
    except CannotReadError as error:
        raise CannotReadError(
            f"Whether Cloudflare itself deploys on a push cannot be read: {error.what}",
            "It takes a user's token with Workers Builds Configuration: read. Or look at Settings > Builds of each worker.",
        ) from None
    deploying = list(dict.fromkeys(one.script for one in found if one.deploys(branch)))
    if deploying:
        raise MissingError(
            f"Workers Builds deploys {', '.join(deploying)} on each push to {branch}, beside the releases.",
            "Disconnect it: Workers & Pages > the worker > Settings > Builds. Or make its deploy command "
            "`npx wrangler versions upload`, which changes nothing that serves.",
        )
    return f"Cloudflare deploys nothing on a push to {branch}"
