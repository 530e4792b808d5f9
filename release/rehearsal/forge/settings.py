"""Rate limit, user and repository, and what its owner sets: secrets (names only), variables, keys, a token's default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer
from release.rehearsal.forge.completion import BIRTH
from release.rehearsal.forge.stored import fields, found

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.repository import Repository


def get_rate_limit(repository: Repository, _: Call) -> Answer:
    return Answer(repository.rate_limit.overview())


def get_user(repository: Repository, call: Call) -> Answer:
    return Answer(repository.shapes.user(call.login))


def get_repository(repository: Repository, _: Call) -> Answer:
    return Answer(repository.shapes.repository())


def list_secrets(repository: Repository, call: Call) -> Answer:
    """The names of the secrets of the repository, or of an environment; their values cannot be read."""
    names = repository.state.secrets.get(_where(repository, call), ())
    return Answer([{"name": name, "created_at": BIRTH} for name in names])


def list_variables(repository: Repository, call: Call) -> Answer:
    variables = repository.state.variables.get(_where(repository, call), {})
    return Answer([{"name": name, "value": value, "created_at": BIRTH} for name, value in variables.items()])


def list_keys(repository: Repository, _: Call) -> Answer:
    url = f"{repository.shapes.repository_url}/keys"
    more = {"key": "ssh-ed25519 AAAA", "verified": True, "created_at": BIRTH}
    keys = repository.state.deploy_keys
    return Answer([{**fields(key, "id title read_only"), "url": f"{url}/{key.id}", **more} for key in keys])


def workflow_permissions(repository: Repository, _: Call) -> Answer:
    """What a workflow's token may do that asks for nothing."""
    return Answer({"default_workflow_permissions": repository.state.default_permissions})


def _where(repository: Repository, call: Call) -> str:
    """The environment that a path names, "" for the repository."""
    if "environment_name" not in call.path:
        return ""
    return found(repository.state.environments, call, "environment_name").name
