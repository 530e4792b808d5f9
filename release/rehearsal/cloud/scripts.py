"""The routes of scripts: upload, versions, deployments, secrets, and what wrangler asks around them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from release.rehearsal.cloud.backend import now
from release.rehearsal.cloud.beside import sent_settings
from release.rehearsal.cloud.bindings import public
from release.rehearsal.cloud.bodies import NewDeployment, NewSecret, body
from release.rehearsal.cloud.classes import refuse_across
from release.rehearsal.cloud.envelope import Answer, ApiError
from release.rehearsal.cloud.kinds import SECRET
from release.rehearsal.cloud.runtime import ScriptError
from release.rehearsal.cloud.state import Share
from release.rehearsal.cloud.uploads import (
    WHOLE,
    add_version,
    deploy_upload,
    keep,
    new_deployment,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend
    from release.rehearsal.cloud.state import Script, Version

NO_SERVICE = 10090
NO_VERSION = 10212
BAD_DEPLOYMENT = 10211


def service(backend: Backend, _: Request, name: str) -> Answer:
    """GET A/workers/services/N."""
    script = backend.store.account.scripts.get(name)
    if script is None:
        raise ApiError(404, NO_SERVICE, "workers.api.error.service_not_found")
    newest = script.versions[-1]
    details = {"id": name, "tag": name, "tags": [], "etag": newest.etag, "last_deployed_from": "wrangler"}
    if newest.migration_tag:
        details["migration_tag"] = newest.migration_tag
    stamps = {"created_on": script.versions[0].created_on, "modified_on": newest.created_on}
    return Answer(
        {
            "id": name,
            "default_environment": {"environment": "production", "script": {**details, **stamps}, **stamps},
        }
    )


def listing(backend: Backend, _: Request) -> Answer:
    """GET A/workers/scripts: a wrangler of before 4.40 or so reads there which migration of Durable Objects was the last."""
    return Answer([_listed(script) for script in backend.store.account.scripts.values() if script.versions])


def _listed(script: Script) -> dict[str, Any]:
    newest = script.versions[-1]
    stamps = {"created_on": script.versions[0].created_on, "modified_on": newest.created_on}
    return {"id": script.name, "etag": newest.etag, "migration_tag": newest.migration_tag, **stamps}


def settings(backend: Backend, _: Request, name: str) -> Answer:
    """GET S/settings: the newest version's."""
    newest = backend.script(name).versions[-1]
    found = {**_runtime_of(newest), "bindings": public(newest.bindings), "tags": [], "logpush": False}
    return Answer({**found, "migration_tag": newest.migration_tag} if newest.migration_tag else found)


def patch_settings(backend: Backend, request: Request, name: str) -> Answer:
    """PATCH S/settings, as the dashboard sends it: the bindings of a new version; those that are `inherit` stay as they are."""
    known = {one["name"]: one for one in backend.script(name).versions[-1].bindings}
    sent = sent_settings(request).get("bindings")
    if sent is not None:
        bindings = tuple(known.get(one["name"], one) if one.get("type") == "inherit" else one for one in sent)
        _rebound(backend, name, bindings, {})
    return Answer(settings(backend, request, name).result, f"bindings {name}")


def put_script(backend: Backend, request: Request, name: str) -> Answer:
    """PUT S: upload a version and deploy it at once."""
    version = deploy_upload(backend, name, request)
    result = {
        "id": name,
        "tag": name,
        "tags": [],
        "etag": version.etag,
        "startup_time_ms": 1,
        "deployment_id": version.id.replace("-", ""),
        "has_preview": True,
        "handlers": ["fetch"],
        "created_on": version.created_on,
        "modified_on": version.created_on,
    }
    return Answer(result, f"upload and deploy {name} {version.id} {version.tag}".rstrip())


def post_version(backend: Backend, request: Request, name: str) -> Answer:
    """POST S/versions: upload a version; nothing serves it yet."""
    backend.script(name)
    version = add_version(backend, name, request)
    details = {**_version(version), "startup_time_ms": 1, "has_preview": True}
    details["metadata"]["has_preview"] = True
    return Answer(details, f"upload {name} {version.id} {version.tag}".rstrip())


def versions(backend: Backend, _: Request, name: str) -> Answer:
    """GET S/versions: newest first."""
    found = reversed(backend.script(name).versions)
    return Answer({"items": [_summary(version) for version in found]})


def version(backend: Backend, _: Request, name: str, version_id: str) -> Answer:
    """GET S/versions/ID."""
    return Answer(_version(_known(backend.script(name), version_id)))


def deployments(backend: Backend, _: Request, name: str) -> Answer:
    """GET S/deployments: newest first, the first one serves."""
    found = reversed(backend.script(name).deployments)
    return Answer({"deployments": [msgspec.to_builtins(deployment) for deployment in found]})


def post_deployment(backend: Backend, request: Request, name: str) -> Answer:
    """POST S/deployments: serve these versions from now on."""
    script = backend.script(name)
    sent = body(request, NewDeployment)
    shares = sent.versions
    if sum(share.percentage for share in shares) != WHOLE:
        raise ApiError(400, BAD_DEPLOYMENT, "The percentages of a deployment's versions must add up to 100.")
    for share in shares:
        refuse_across(script, _known(script, share.version_id))
    deployment = new_deployment(shares, sent.annotations or {})
    try:
        backend.take(backend.store.account.with_deployment(name, deployment))
    except ScriptError as error:
        raise refusal(error) from error
    return Answer(msgspec.to_builtins(deployment), f"deploy {name} {_shares(shares)}")


def secrets(backend: Backend, _: Request, name: str) -> Answer:
    """GET S/secrets: names, never texts."""
    newest = backend.script(name).versions[-1]
    return Answer([binding for binding in public(newest.bindings) if binding["type"] == SECRET])


def put_secret(backend: Backend, request: Request, name: str) -> Answer:
    """PUT S/secrets: a new version without a tag that holds the secret, deployed at once."""
    sent = body(request, NewSecret)
    secret = {"type": SECRET, "name": sent.name, "text": sent.text}
    _replace_secret(backend, name, sent.name, (secret,))
    return Answer({"name": sent.name, "type": SECRET}, f"secret {name} {sent.name}")


def delete_secret(backend: Backend, _: Request, name: str, secret: str) -> Answer:
    """DELETE S/secrets/NAME: a new version without it, deployed at once."""
    _replace_secret(backend, name, secret, ())
    return Answer(None, f"delete secret {name} {secret}")


def _replace_secret(backend: Backend, name: str, secret: str, bindings: tuple[dict[str, Any], ...]) -> None:
    others = (one for one in backend.script(name).versions[-1].bindings if one["name"] != secret)
    _rebound(backend, name, (*others, *bindings), {"workers/triggered_by": "secret"})


def _rebound(
    backend: Backend, name: str, bindings: tuple[dict[str, Any], ...], annotations: dict[str, str]
) -> None:
    """The newest version once more with other bindings, and without a tag, deployed at once."""
    script = backend.script(name)
    newest = script.versions[-1]
    folder = backend.store.folder(newest)
    changed = msgspec.structs.replace(
        newest,
        id=str(uuid.uuid4()),
        number=newest.number + 1,
        created_on=now(),
        annotations=annotations,
        bindings=bindings,
    )
    contents = {module.name: (folder / module.name).read_bytes() for module in newest.modules}
    keep(backend, script, changed, contents, new_deployment((Share(changed.id, WHOLE),), annotations))


def _known(script: Script, version_id: str) -> Version:
    found = script.version(version_id)
    if found is None:
        raise ApiError(404, NO_VERSION, f"Version {version_id} of {script.name} could not be found.")
    return found


def _shares(shares: tuple[Share, ...]) -> str:
    return " ".join(f"{share.version_id}@{share.percentage:g}%" for share in shares)


def _summary(version: Version) -> dict[str, Any]:
    metadata = {
        "created_on": version.created_on,
        "modified_on": version.created_on,
        "source": version.source,
        "author_id": "",
        "author_email": version.author_email,
    }
    return {
        "id": version.id,
        "number": version.number,
        "metadata": metadata,
        "annotations": version.annotations,
    }


def _version(version: Version) -> dict[str, Any]:
    script = {"etag": version.etag, "handlers": ["fetch"], "last_deployed_from": version.source}
    resources = {
        "bindings": public(version.bindings),
        "script": script,
        "script_runtime": _runtime_of(version),
    }
    return {**_summary(version), "resources": resources}


def _runtime_of(version: Version) -> Mapping[str, Any]:
    return {
        "compatibility_date": version.compatibility_date,
        "compatibility_flags": version.compatibility_flags,
        "usage_model": "standard",
    }
