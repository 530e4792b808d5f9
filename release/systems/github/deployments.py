"""GitHub's own memory of what an environment runs: deployments and their statuses. It decides nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.errors import EffectError, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.model.release import Release
    from release.systems.github.rest import Rest

RECENT = 30  # deployments of an environment that are looked at, newest first
SUCCESS = "success"


class Deployment(msgspec.Struct, frozen=True):
    """A commit that was, or is, brought to an environment."""

    id: int
    sha: str


class Status(msgspec.Struct, frozen=True):
    """How far a deployment came: success, in_progress, failure, inactive and others."""

    state: str


class _Latest(msgspec.Struct, frozen=True):
    tag_name: str


def is_kept_by_actions(environ: Mapping[str, str], release: Release) -> bool:
    """Whether GitHub itself makes the deployment: it does for the commit of a job that names an environment."""
    ours = environ.get("GITHUB_SHA") in {release.base, release.commit}
    return environ.get("GITHUB_ACTIONS") == "true" and ours


def state(github: Rest, release: Release) -> str | None:
    """How the release's deployment stands at GitHub; None where there is none. Raises CannotReadError."""
    return next((found for _, found in _standing(github, release)), None)


def note(github: Rest, release: Release, url: str, run: str | None) -> None:
    """Have GitHub show the release as what its environment runs.

    `url` is where the environment answers, `run` the CI run's address. Raises EffectError, whose cause is a DeniedError
    where the token may not do it.
    """
    standing = _read(github, release)
    if _is_shown(standing):
        return
    begun = next((one for one, found in standing if not found), None)
    deployment = begun or github.write(
        "POST", "/deployments", Deployment, "make a deployment", _wanted(release)
    )
    success = {
        "state": SUCCESS,
        "environment": release.environment,
        "environment_url": url,
        "description": f"{release.tag} is released",
        "auto_inactive": True,
        **({"log_url": run} if run else {}),
    }
    path = f"/deployments/{deployment.id}/statuses"
    github.write("POST", path, Status, "note a deployment's status", success)
    if not _is_shown(_read(github, release)):
        raise EffectError(
            f"GitHub took the deployment of {release.tag}, and does not show it.",
            "Run the same command again.",
        )


def latest(github: Rest) -> str | None:
    """The tag of the Release that GitHub shows as the latest; None where there is none. Raises CannotReadError."""
    found = github.find("/releases/latest", _Latest, "read its Releases")
    return found.tag_name if found else None


def _wanted(release: Release) -> dict[str, object]:
    return {
        "ref": release.tag,
        "environment": release.environment,
        "description": f"{release.app} {release.version}",
        "auto_merge": False,
        "required_contexts": [],  # it is released already: nothing is to be waited for
        "production_environment": True,
    }


def _standing(github: Rest, release: Release) -> Iterator[tuple[Deployment, str]]:
    """The release's deployments, newest first, each with its last state ("" before the first)."""
    purpose = "read its deployments"
    found = github.pages("/deployments", Deployment, purpose, most=RECENT, environment=release.environment)
    for one in found:
        if one.sha in {release.base, release.commit}:
            statuses = github.pages(f"/deployments/{one.id}/statuses", Status, purpose, most=1)
            yield one, statuses[0].state if statuses else ""


def _read(github: Rest, release: Release) -> tuple[tuple[Deployment, str], ...]:
    try:
        return tuple(_standing(github, release))
    except ReleaseError as error:
        raise EffectError(error.what, error.advice) from error


def _is_shown(standing: tuple[tuple[Deployment, str], ...]) -> bool:
    return any(found == SUCCESS for _, found in standing)
