"""What the owner of a repository sets: secrets (names only), variables, deploy keys, what a workflow's token may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer, not_found

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.repository import Repository

_BIRTH = "2020-01-01T00:00:00Z"


def list_secrets(repository: Repository, call: Call) -> Answer:
    """The names of the secrets of the repository, or of an environment; nobody can read their values."""
    names = repository.state.secrets.get(_where(repository, call), ())
    return Answer(
        items=[{"name": name, "created_at": _BIRTH, "updated_at": _BIRTH} for name in names], key="secrets"
    )


def list_variables(repository: Repository, call: Call) -> Answer:
    """The variables of the repository, or of an environment."""
    found = repository.state.variables.get(_where(repository, call), {})
    return Answer(
        items=[
            {"name": name, "value": value, "created_at": _BIRTH, "updated_at": _BIRTH}
            for name, value in found.items()
        ],
        key="variables",
    )


def list_keys(repository: Repository, _: Call) -> Answer:
    """The deploy keys."""
    return Answer(
        items=[
            {
                "id": key.id,
                "key": "ssh-ed25519 AAAA",
                "url": f"{repository.shapes.repository_url}/keys/{key.id}",
                "title": key.title,
                "verified": True,
                "created_at": _BIRTH,
                "read_only": key.read_only,
            }
            for key in repository.state.deploy_keys
        ]
    )


def workflow_permissions(repository: Repository, _: Call) -> Answer:
    """What a workflow's token may do that asks for nothing."""
    default = repository.state.default_permissions
    return Answer({"default_workflow_permissions": default, "can_approve_pull_request_reviews": False})


def _where(repository: Repository, call: Call) -> str:
    """The environment that a path names, "" for the repository."""
    name = call.path.get("environment_name", "")
    if name and name not in repository.state.environments:
        raise not_found()
    return name
