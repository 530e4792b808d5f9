"""GitHub's Releases and pull requests, as a release needs them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from release.errors import CannotReadError, EffectError, ReleaseError
from release.systems.github import deployments
from release.systems.github.rest import Rest

if TYPE_CHECKING:
    from release.model.release import Release

_REPOSITORY = re.compile(r"[/:]([^/:\s]+/[^/\s]+?)(?:\.git)?/?$")


class Page(msgspec.Struct, frozen=True):
    """Something that people can look at."""

    html_url: str


class Tagged(msgspec.Struct, frozen=True):
    """A Release, by the tag it is of."""

    tag_name: str


class Rule(msgspec.Struct, frozen=True):
    """A rule of a branch."""

    type: str


class Repository(msgspec.Struct, frozen=True):
    """The repository itself, as far as a release asks."""

    visibility: str = ""


class Notes(msgspec.Struct, frozen=True):
    """Generated notes."""

    body: str


class GitHub(Rest):
    """One repository behind one token. Reads raise CannotReadError, writes EffectError."""

    def release_page(self, tag: str) -> str:
        """Where people read the Release of a tag."""
        return self.page(f"/releases/tag/{quote(tag, safe='')}")

    def has_release(self, tag: str) -> bool:
        """Whether a published Release exists for a tag."""
        found = self.find(f"/releases/tags/{quote(tag, safe='')}", Tagged, "read its Releases")
        if found is not None and found.tag_name != tag:
            raise CannotReadError(
                f"GitHub was asked for the Release of {tag} and answered something else.",
                "Check GITHUB_API_URL.",
            )
        return found is not None

    def takes_only_pull_requests(self, branch: str) -> bool:
        """Whether a rule of the repository asks for a pull request on a branch; False where that cannot be read."""
        try:
            rules = self.pages(f"/rules/branches/{quote(branch, safe='')}", Rule, "read its rules")
        except ReleaseError:
            return False
        return any(rule.type == "pull_request" for rule in rules)

    def is_public(self) -> bool:
        """Whether everybody may see the repository; False where that cannot be read."""
        try:
            found = self.find("", Repository, "read the repository")
        except ReleaseError:
            return False
        return found is not None and found.visibility == "public"

    def pull_request(self, head: str, base: str, title: str, body: str) -> str:
        """The address of the open pull request from `head` to `base`, opened where there is none."""
        owner = self.repository.partition("/")[0]
        asked = {"state": "open", "head": f"{owner}:{head}", "base": base}
        try:
            found = self.pages("/pulls", Page, "read its pull requests", most=1, **asked)
            if found:
                return found[0].html_url
            wanted = {"head": head, "base": base, "title": title, "body": body}
            return self.write("POST", "/pulls", Page, "open a pull request", wanted).html_url
        except ReleaseError as error:
            raise EffectError(
                f"GitHub did not open the pull request from {head} to {base}: {error.what}", error.advice
            ) from error

    def create_release(
        self,
        tag: str,
        commit: str,
        title: str,
        previous_tag: str | None,
        notes: str | None,
        footer: str = "",
        *,
        is_latest: bool = True,
        is_prerelease: bool = False,
    ) -> None:
        """Make the Release of a tag that exists; its notes are GitHub's own since `previous_tag`, unless given.

        GitHub takes "latest" as a word, and never gives it to a prerelease.
        """
        try:
            body = notes if notes is not None else self._notes(tag, commit, previous_tag)
            wanted = {
                "tag_name": tag,
                "target_commitish": commit,
                "name": title,
                "body": body + footer,
                "draft": False,
                "prerelease": is_prerelease,
                "make_latest": "true" if is_latest and not is_prerelease else "false",
            }
            self.write("POST", "/releases", Tagged, "make a Release", wanted)
        except ReleaseError as error:
            raise EffectError(f"GitHub did not create the Release: {error.what}", error.advice) from error

    def note_deployment(self, release: Release, url: str, run: str | None) -> None:
        """Show a release as what its environment runs, unless it is so already. Raises EffectError."""
        deployments.note(self, release, url, run)

    def _notes(self, tag: str, commit: str, previous_tag: str | None) -> str:
        asked = {"tag_name": tag, "target_commitish": commit}
        if previous_tag:
            asked["previous_tag_name"] = previous_tag
        return self.write("POST", "/releases/generate-notes", Notes, "generate notes", asked).body


def repository_of(url: str) -> str | None:
    """`owner/name` in a remote's address (ssh or http), None when it holds none."""
    found = _REPOSITORY.search(url)
    return found[1] if found else None
