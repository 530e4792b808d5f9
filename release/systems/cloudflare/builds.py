"""Workers Builds: what Cloudflare itself builds and deploys when something is pushed."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release.errors import CannotReadError

if TYPE_CHECKING:
    from release.systems.cloudflare.api import Cloudflare


@dataclass(frozen=True)
class Trigger:
    """What starts a build of a script: the branches that do, those that do not, and the command that deploys."""

    script: str
    branches: tuple[str, ...]
    without: tuple[str, ...]
    deploys_by: str

    def deploys(self, branch: str) -> bool:
        """Whether a push to a branch changes what the script serves; `wrangler versions upload` changes nothing."""
        is_meant = any(fnmatchcase(branch, one) for one in self.branches or ("*",))
        is_left_out = any(fnmatchcase(branch, one) for one in self.without)
        only_uploads = "versions upload" in self.deploys_by or "wrangler preview" in self.deploys_by
        return is_meant and not is_left_out and not only_uploads


def triggers(cloudflare: Cloudflare, script: str) -> tuple[Trigger, ...]:
    """The triggers of a script; none where it is not there, or connected to no repository. Raises CannotReadError.

    The API knows a script by its tag, and takes only a user's token that may read Workers Builds.
    """
    service = cloudflare.get(f"/workers/services/{quote(script, safe='')}", missing_ok=True)
    try:
        tag = service["default_environment"]["script"]["tag"] if service else ""
        if not tag:
            return ()
        path = f"/builds/workers/{quote(str(tag), safe='')}/triggers"
        return tuple(_trigger(script, one) for one in cloudflare.get(path, missing_ok=True) or ())
    except (LookupError, TypeError, AttributeError) as error:
        raise CannotReadError(
            f"Cloudflare's API tells the builds of {script} in a form that this tool does not know ({error}).",
            "Update this tool, then run the same command again.",
        ) from None


def _trigger(script: str, told: dict[str, Any]) -> Trigger:
    included, excluded = (
        tuple(map(str, told.get(key) or ())) for key in ("branch_includes", "branch_excludes")
    )
    return Trigger(script, included, excluded, str(told.get("deploy_command") or ""))
