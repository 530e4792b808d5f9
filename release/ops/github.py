"""GitHub's REST API, for the Release and its notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release.errors import CannotReadError, EffectError
from release.ops.http import PassingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.ops.http import Answer, Http

DEFAULT_URL = "https://api.github.com"
_REPOSITORY = re.compile(r"[/:]([^/:\s]+/[^/\s]+?)(?:\.git)?/?$")


class GitHub:
    """One repository behind one token. Reads raise CannotReadError, writes EffectError."""

    def __init__(self, http: Http, environ: Mapping[str, str], repository: str) -> None:
        self._http = http
        api = environ.get("GITHUB_API_URL", DEFAULT_URL).rstrip("/")
        self.repository = repository
        self._server = environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        self._url = f"{api}/repos/{quote(repository, safe='/')}"
        token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or ""
        self._headers = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"

    def release_page(self, tag: str) -> str:
        """Where people read the Release of a tag."""
        return f"{self._server}/{self.repository}/releases/tag/{quote(tag, safe='')}"

    def has_release(self, tag: str) -> bool:
        """Whether a published Release exists for a tag."""
        try:
            answer = self._http.read(
                f"{self._url}/releases/tags/{quote(tag, safe='')}", headers=self._headers
            )
        except PassingError as error:
            raise CannotReadError(
                f"GitHub cannot be read: {error}.", "Look at githubstatus.com, then run again."
            ) from error
        if answer.status == 404:  # noqa: PLR2004
            return False
        if self._understood(answer, "read its Releases").get("tag_name") != tag:
            raise CannotReadError(
                f"GitHub was asked for the Release of {tag} and answered something else.",
                "Check GITHUB_API_URL.",
            )
        return True

    def takes_only_pull_requests(self, branch: str) -> bool:
        """Whether a rule of the repository asks for a pull request on a branch; False where that cannot be read."""
        try:
            answer = self._http.read(
                f"{self._url}/rules/branches/{quote(branch, safe='')}", headers=self._headers
            )
            rules = answer.json() if answer.status == 200 else []  # noqa: PLR2004
        except (PassingError, ValueError):
            return False
        return isinstance(rules, list) and any(
            isinstance(rule, dict) and rule.get("type") == "pull_request" for rule in rules
        )

    def pull_request(self, head: str, base: str, title: str, body: str) -> str:
        """The address of the open pull request from `head` to `base`, opened where there is none."""
        owner = self.repository.partition("/")[0]
        asked = f"{self._url}/pulls?state=open&head={quote(f'{owner}:{head}', safe='')}&base={quote(base, safe='')}"
        purpose = "open a pull request (Pull requests: write)"
        try:
            answer = self._http.read(asked, headers=self._headers)
            found = answer.json() if answer.status == 200 else None  # noqa: PLR2004
            if isinstance(found, list) and found:
                return str(found[0]["html_url"])
            wanted = {"head": head, "base": base, "title": title, "body": body}
            answer = self._http.send("POST", f"{self._url}/pulls", headers=self._headers, json=wanted)
            return str(self._understood(answer, purpose)["html_url"])
        except (PassingError, CannotReadError, ValueError, KeyError, TypeError) as error:
            raise EffectError(
                f"GitHub did not open the pull request from {head} to {base}: {error}"
            ) from error

    def create_release(
        self, tag: str, commit: str, title: str, previous_tag: str | None, notes: str | None, footer: str = ""
    ) -> None:
        """Make the Release of a tag that exists; its notes are GitHub's own since `previous_tag`, unless given."""
        try:
            body = notes if notes is not None else self._notes(tag, commit, previous_tag)
            answer = self._http.send(
                "POST",
                f"{self._url}/releases",
                headers=self._headers,
                json={
                    "tag_name": tag,
                    "target_commitish": commit,
                    "name": title,
                    "body": body + footer,
                    "draft": False,
                    "prerelease": False,
                    "make_latest": "true",
                },
            )
            self._understood(answer, "make a Release (Contents: write)")
        except (PassingError, CannotReadError, KeyError) as error:
            raise EffectError(f"GitHub did not make the Release: {error}") from error

    def _notes(self, tag: str, commit: str, previous_tag: str | None) -> str:
        asked = {"tag_name": tag, "target_commitish": commit}
        if previous_tag:
            asked["previous_tag_name"] = previous_tag
        answer = self._http.send(
            "POST", f"{self._url}/releases/generate-notes", headers=self._headers, json=asked
        )
        return str(self._understood(answer, "generate notes (Contents: write)")["body"])

    def _understood(self, answer: Answer, purpose: str) -> dict[str, Any]:
        try:
            said = answer.json()
            message = str(said.get("message", ""))
        except (ValueError, AttributeError):
            raise CannotReadError(
                f"GitHub answered {answer.status} with something that is not its JSON."
            ) from None
        if answer.status in {401, 403, 404}:
            raise CannotReadError(
                f"GitHub does not let this token {purpose} in {self.repository}: {message} ({answer.status}).",
                "Set GITHUB_TOKEN to a token with that permission on this repository.",
            )
        if answer.status >= 300:  # noqa: PLR2004
            raise CannotReadError(f"GitHub answered {answer.status}: {message}.")
        return dict(said)


def repository_of(url: str) -> str | None:
    """`owner/name` in a remote's address (ssh or http), None when it holds none."""
    found = _REPOSITORY.search(url)
    return found[1] if found else None
