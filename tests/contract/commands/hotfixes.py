"""The course of a hotfix on a double: what a person types, and what others do meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from release.commands.hotfix.acts import HotfixOptions
from release.commands.hotfix.course import hotfix
from release.errors import BlockedError
from release.testing import Recorder, approve
from tests.contract.release_facts import remote

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double

TAG, COMING, BRANCH = "cms-v1.2.3", "cms-v1.2.4", "hotfix/cms-v1.2.4"
WORKFLOW = {".github/workflows/deploy-prod.yml": "name: Deploy to Production\non:\n  workflow_dispatch:\n"}
FIX = "apps/mcp/fix.js"
WHO = ("-c", "user.name=Robin", "-c", "user.email=robin@example.com")


class Course:
    """A double in which CI turns every commit green that is waited for, and what the command said."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self.told = Recorder()
        self.green = True
        double.clock.on_sleep = lambda _: self.ci()
        double.commit(WORKFLOW, "chore: the workflow")

    def ci(self) -> None:
        """What CI does while somebody waits: a check on the branch and on main; or nothing, for a quarter of an hour."""
        if not self.green:
            self.double.clock.advance(900)
        tips = [self.double.forge.bare.resolve(name) for name in (BRANCH, "main")]
        for tip in filter(None, tips) if self.green else ():
            self.double.forge.add_check_run(tip, "required")

    def go(self, *picks: str, tag: str = TAG, here: bool = False, why: str = "", glass: str = "") -> Outcome:
        """`inv hotfix TAG`, once."""
        wanted = HotfixOptions(tag, picks, why, here, glass)
        world = self.double
        return hotfix(
            world.root,
            world.environ,
            wanted,
            lambda _, preview: approve(preview),
            self.told,
            connect=world.connect,
        )

    def blocked(self, *picks: str, here: bool = False, glass: str = "", tag: str = TAG) -> str:
        """The words of a run that a person has to help."""
        with pytest.raises(BlockedError) as caught:
            self.go(*picks, here=here, glass=glass, tag=tag)
        return str(caught.value)

    def fix(self, message: str = "fix: the login") -> str:
        """The developer's own commit on what is checked out."""
        (self.double.root / FIX).write_text("fixed\n")
        self.double.git("add", FIX)
        self.double.git(*WHO, "commit", "--quiet", "--message", message)
        return self.double.git("rev-parse", "HEAD")

    def elsewhere(self, path: str = FIX, text: str = "fixed\n", message: str = "fix: the login") -> str:
        """A fix that a colleague committed on another branch."""
        self.double.git("switch", "--quiet", "--create", "theirs", tagged_commit(self.double))
        (self.double.root / path).write_text(text)
        self.double.git("add", path)
        self.double.git(*WHO, "commit", "--quiet", "--message", message)
        made = self.double.git("rev-parse", "HEAD")
        self.double.git("switch", "--quiet", "main")
        return made

    def api(self, method: str, path: str, **more: object) -> httpx.Response:
        """A request to the forge by hand."""
        environ = self.double.environ
        url = f"{environ['GITHUB_API_URL']}/repos/{environ['GITHUB_REPOSITORY']}{path}"
        token = {"authorization": f"Bearer {environ['GITHUB_TOKEN']}"}
        return httpx.request(method, url, headers=token, **more).raise_for_status()  # type: ignore[arg-type]

    def pulls(self) -> list[dict[str, object]]:
        """All pull requests."""
        found: list[dict[str, object]] = self.api("GET", "/pulls?state=all").json()
        return found

    def mine(self) -> dict[str, object]:
        """All that is the developer's: branch, commit, changes, worktrees."""
        return {
            words: self.double.git(*words.split())
            for words in (
                "symbolic-ref HEAD",
                "rev-parse HEAD",
                "status --porcelain",
                "worktree list",
                "stash list",
            )
        }


def tagged_commit(world: Double) -> str:
    """The commit of the last release."""
    return remote(world, f"refs/tags/{TAG}")
