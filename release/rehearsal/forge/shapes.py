"""GitHub's JSON for people, the repository and commits: the fields that its description requires."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.rehearsal.forge.bare import Commit, Person, Ref

Json = dict[str, Any]

_USER_URLS = "followers following gists starred subscriptions organizations repos events received_events"
_REPOSITORY_URLS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors "
    "deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events "
    "issues keys labels languages merges milestones notifications pulls releases stargazers statuses "
    "subscribers subscription tags teams trees"
)
_COUNTS = (
    "forks forks_count network_count open_issues open_issues_count size stargazers_count subscribers_count "
    "watchers watchers_count"
)
_FEATURES = "has_issues has_projects has_wiki has_pages has_downloads has_discussions archived disabled fork"
_BIRTH = "2020-01-01T00:00:00Z"


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
        """A simple user."""
        url = f"{self.api_url}/users/{login}"
        known: Json = {
            "login": login,
            "id": stable_id(login),
            "node_id": f"U_{login}",
            "avatar_url": f"{self.server_url}/avatars/{login}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.server_url}/{login}",
            "type": "User",
            "site_admin": False,
        }
        return known | {f"{word}_url": f"{url}/{word}" for word in _USER_URLS.split()}

    def public_user(self, login: str) -> Json:
        """The user whom a token belongs to, as `GET /user` shows it."""
        unknown = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        return self.user(login) | unknown | counts | {"created_at": _BIRTH, "updated_at": _BIRTH}

    def repository(self) -> Json:
        """The repository in full."""
        known: Json = {
            "id": stable_id(f"{self.owner}/{self.name}"),
            "node_id": f"R_{self.name}",
            "name": self.name,
            "full_name": f"{self.owner}/{self.name}",
            "owner": self.user(self.owner),
            "private": False,
            "description": None,
            "homepage": None,
            "language": None,
            "license": None,
            "mirror_url": None,
            "default_branch": self.default_branch,
            "url": self.repository_url,
            "html_url": self.html_url,
            "clone_url": f"{self.html_url}.git",
            "git_url": f"{self.html_url}.git",
            "ssh_url": f"{self.html_url}.git",
            "svn_url": self.html_url,
            "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
            "allow_merge_commit": True,
            "allow_squash_merge": True,
            "allow_rebase_merge": False,
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), _BIRTH),
        }
        urls = {f"{word}_url": f"{self.repository_url}/{word}" for word in _REPOSITORY_URLS.split()}
        return known | urls | dict.fromkeys(_COUNTS.split(), 0) | dict.fromkeys(_FEATURES.split(), False)

    def ref(self, ref: Ref) -> Json:
        """A git reference; an annotated tag's object is the tag."""
        return {
            "ref": ref.name,
            "node_id": f"REF_{ref.name}",
            "url": f"{self.repository_url}/git/{ref.name}",
            "object": {
                "type": ref.type,
                "sha": ref.sha,
                "url": f"{self.repository_url}/git/{ref.type}s/{ref.sha}",
            },
        }

    def commit(self, commit: Commit) -> Json:
        """A commit as the commits API shows it."""
        url = f"{self.repository_url}/commits/{commit.sha}"
        return {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "url": url,
            "html_url": f"{self.html_url}/commit/{commit.sha}",
            "comments_url": f"{url}/comments",
            "author": self.user(_login(commit.author)),
            "committer": self.user(_login(commit.committer)),
            "parents": self._parents(commit.parents),
            "commit": {
                "message": commit.message,
                "author": _signature(commit.author),
                "committer": _signature(commit.committer),
                "tree": self._tree(commit),
                "comment_count": 0,
                "url": f"{self.repository_url}/git/commits/{commit.sha}",
            },
        }

    def git_commit(self, commit: Commit) -> Json:
        """A commit as the git database API shows it."""
        return {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "url": f"{self.repository_url}/git/commits/{commit.sha}",
            "html_url": f"{self.html_url}/commit/{commit.sha}",
            "message": commit.message,
            "author": _signature(commit.author),
            "committer": _signature(commit.committer),
            "tree": self._tree(commit),
            "parents": self._parents(commit.parents),
            "verification": unverified(),
        }

    def _tree(self, commit: Commit) -> Json:
        return {"sha": commit.tree, "url": f"{self.repository_url}/git/trees/{commit.tree}"}

    def _parents(self, parents: Iterable[str]) -> list[Json]:
        return [
            {
                "sha": sha,
                "url": f"{self.repository_url}/commits/{sha}",
                "html_url": f"{self.html_url}/commit/{sha}",
            }
            for sha in parents
        ]


def unverified() -> Json:
    """What GitHub says of a commit or tag without a signature."""
    nothing = dict.fromkeys(("signature", "payload", "verified_at"))
    return {"verified": False, "reason": "unsigned", **nothing}


def _signature(person: Person) -> Json:
    return {"name": person.name, "email": person.email, "date": person.date}


def _login(person: Person) -> str:
    return person.email.partition("@")[0] or "ghost"
