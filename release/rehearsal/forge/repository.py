"""What every REST handler works on: the bare repository, what GitHub knows beyond it, and how it is shown.

GitHub's JSON of people, the repository and commits is here what is known of them; `completion` adds what only fills it.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from release.rehearsal.forge.completion import BIRTH

if TYPE_CHECKING:
    from release.rehearsal.forge.access import RateLimit
    from release.rehearsal.forge.bare import Bare, Commit, Person, Ref
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.store import State

UNVERIFIED = {
    "verified": False,
    "reason": "unsigned",
}  # what GitHub says of a commit or tag without a signature


@dataclass(frozen=True)
class Repository:
    """The one repository of a forge while it serves a request."""

    bare: Bare
    state: State
    shapes: Shapes
    rate_limit: RateLimit

    def commit(self, revision: str) -> Commit:
        """The commit that a revision names. Raises Refusal 422 as GitHub does."""
        from release.rehearsal.forge.answers import Refusal

        commit = self.bare.commit(revision)
        if commit is None:
            raise Refusal(422, f"No commit found for SHA: {revision}")
        return commit


def now() -> str:
    """The time in GitHub's form, e.g. 2026-03-01T12:00:00Z."""
    return utc(time.time())


def utc(moment: str | float) -> str:
    """A moment, in ISO 8601 or in seconds since 1970, in GitHub's form."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.fromtimestamp(moment, UTC)
    return known.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stable_id(text: str) -> int:
    """A positive number for a name, the same in every process."""
    return zlib.crc32(text.encode()) or 1


@dataclass(frozen=True)
class Shapes:
    """The JSON of things that belong to one repository on one server."""

    server_url: str
    api_url: str
    owner: str
    name: str
    default_branch: str

    @property
    def repository_url(self) -> str:
        """The repository's REST address."""
        return f"{self.api_url}/repos/{self.owner}/{self.name}"

    @property
    def html_url(self) -> str:
        """The repository's page."""
        return f"{self.server_url}/{self.owner}/{self.name}"

    def user(self, login: str) -> Json:
        return {
            "login": login,
            "id": stable_id(login),
            "avatar_url": f"{self.server_url}/avatars/{login}",
            "url": f"{self.api_url}/users/{login}",
            "html_url": f"{self.server_url}/{login}",
            "type": "User",
        }

    def repository(self) -> Json:
        allowed = {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True}
        return {
            "id": stable_id(f"{self.owner}/{self.name}"),
            "name": self.name,
            "full_name": f"{self.owner}/{self.name}",
            "owner": self.user(self.owner),
            "private": False,
            "default_branch": self.default_branch,
            "url": self.repository_url,
            "html_url": self.html_url,
            **dict.fromkeys(("clone_url", "git_url", "ssh_url"), f"{self.html_url}.git"),
            "svn_url": self.html_url,
            "permissions": allowed,
            "allow_merge_commit": True,
            "allow_squash_merge": True,
            "allow_rebase_merge": False,
            "created_at": BIRTH,
        }

    def ref(self, ref: Ref) -> Json:
        """A git reference; an annotated tag's object is the tag."""
        url = f"{self.repository_url}/git/{ref.type}s/{ref.sha}"
        return {
            "ref": ref.name,
            "url": f"{self.repository_url}/git/{ref.name}",
            "object": {"type": ref.type, "sha": ref.sha, "url": url},
        }

    def commit(self, commit: Commit) -> Json:
        """A commit as the commits API shows it."""
        known = self.git_commit(commit)
        inner = {name: known[name] for name in ("message", "author", "committer", "tree", "url")}
        return {
            **{name: known[name] for name in ("sha", "html_url", "parents")},
            "url": f"{self.repository_url}/commits/{commit.sha}",
            "author": self.user(_login(commit.author)),
            "committer": self.user(_login(commit.committer)),
            "commit": inner,
        }

    def git_commit(self, commit: Commit) -> Json:
        """A commit as the git database API shows it."""
        page = f"{self.html_url}/commit"
        parents = [
            {"sha": sha, "url": f"{self.repository_url}/commits/{sha}", "html_url": f"{page}/{sha}"}
            for sha in commit.parents
        ]
        return {
            "sha": commit.sha,
            "url": f"{self.repository_url}/git/commits/{commit.sha}",
            "html_url": f"{page}/{commit.sha}",
            "message": commit.message,
            "author": _signature(commit.author),
            "committer": _signature(commit.committer),
            "tree": {"sha": commit.tree, "url": f"{self.repository_url}/git/trees/{commit.tree}"},
            "parents": parents,
            "verification": UNVERIFIED,
        }


UNVERIFIED = {
    "verified": False,
    "reason": "unsigned",
}  # what GitHub says of a commit or tag without a signature


def _signature(person: Person) -> Json:
    return {"name": person.name, "email": person.email, "date": person.date}


def _login(person: Person) -> str:
    return person.email.partition("@")[0] or "ghost"
