"""A multipart upload read into a version."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.cloud import classes
from release.rehearsal.cloud.assets import assets_of, lay
from release.rehearsal.cloud.backend import AUTHOR, now
from release.rehearsal.cloud.bindings import inherited
from release.rehearsal.cloud.bodies import Metadata
from release.rehearsal.cloud.envelope import ApiError
from release.rehearsal.cloud.kinds import TO_PARTS
from release.rehearsal.cloud.runtime import ScriptError
from release.rehearsal.cloud.state import Deployment, Module, Script, Share, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend

BAD_SCRIPT = 10021
BAD_BINDING = 10181
BAD_UPLOAD = 10034
SCRIPT = "script"
MAP = "sourcemap"
PART = "part"
WHOLE = 100
_KINDS = {
    "application/javascript+module": "esm",
    "application/javascript": "cjs",
    "text/plain": "text",
    "application/octet-stream": "data",
    "application/wasm": "wasm",
    "text/x-python": "python",
    "text/x-python-requirement": "python-requirement",
    "application/source-map": MAP,
}


def received(request: Request) -> tuple[Metadata, dict[str, tuple[str, bytes]]]:
    """Return the part `metadata`, and of each module its kind and bytes.

    Raises ApiError 400 when there is no metadata, or no module that it names as the main one.
    """
    sent = request.files.get("metadata")
    text = sent.read() if sent else request.form.get("metadata", "")
    try:
        metadata = msgspec.json.decode(text, type=Metadata)
    except msgspec.DecodeError as error:
        raise ApiError(400, BAD_UPLOAD, f"The upload has no valid part `metadata`: {error}") from error
    parts = {
        name: (_KINDS.get(part.mimetype), part) for name, part in request.files.items() if part is not sent
    }
    modules = {name: (kind, part.read()) for name, (kind, part) in parts.items() if kind}
    main = metadata.main_module or metadata.body_part
    if (main and main not in modules) or (not main and metadata.assets is None and not metadata.keep_assets):
        raise ApiError(400, BAD_UPLOAD, "The upload does not hold the main module that its metadata names.")
    if metadata.body_part:
        modules[main] = (SCRIPT, modules[main][1])
    for binding in metadata.bindings:
        name = str(binding.get("part", ""))
        if binding["type"] in TO_PARTS and name in modules:
            modules[name] = (PART, modules[name][1])
    return metadata, modules


def add_version(backend: Backend, name: str, request: Request) -> Version:
    """Load what was uploaded and keep it as the script's newest version; nothing serves it yet.

    Raises ApiError 400: 10021 with the runtime's text when it does not start, 10181 for an unknown database, 10061 for a class
    that is none of Durable Objects, and 10211 where it brings a migration of those.
    """
    metadata, modules = received(request)
    classes.refuse_alone(backend.script(name), metadata)
    version, script, contents = _made(backend, name, metadata, modules)
    keep(backend, script, version, contents)
    return version


def deploy_upload(backend: Backend, name: str, request: Request) -> Version:
    """Load what was uploaded, with its migrations of Durable Objects, and serve it at once. Raises ApiError as `add_version`."""
    version, script, contents = _made(backend, name, *received(request))
    annotations = {"workers/triggered_by": "deployment"}
    if message := version.annotations.get("workers/message"):
        annotations["workers/message"] = message
    keep(backend, script, version, contents, new_deployment((Share(version.id, WHOLE),), annotations))
    return version


def keep(
    backend: Backend,
    script: Script,
    version: Version,
    contents: Mapping[str, bytes],
    deployment: Deployment | None = None,
) -> None:
    """Write, load and record a version of a script, and serve it where a deployment comes with it. Raises ApiError."""
    for binding in version.bindings:
        if (
            binding["type"] == "d1"
            and (binding.get("id") or binding.get("database_id")) not in backend.store.account.databases
        ):
            message = f"D1 binding '{binding['name']}' references a database which was not found."
            raise ApiError(400, BAD_BINDING, message)
    account = backend.store.account.with_script(script).with_version(version)
    if deployment is not None:
        account = account.with_deployment(script.name, deployment)
    try:
        backend.store.write_modules(version, dict(contents))
        lay(backend.store, version)
        backend.take(account, version)
    except (ScriptError, ValueError) as error:
        raise refusal(error) from error


def refusal(error: Exception) -> ApiError:
    """The answer to an upload that does not start: 10064 where a class of Durable Objects is no longer exported."""
    text = str(error)
    return ApiError(400, classes.NOT_EXPORTED if "does not export class" in text else BAD_SCRIPT, text)


def new_deployment(shares: tuple[Share, ...], annotations: dict[str, str]) -> Deployment:
    """A deployment of this moment."""
    return Deployment(
        id=str(uuid.uuid4()),
        created_on=now(),
        author_email=AUTHOR,
        source="wrangler",
        strategy="percentage",
        versions=shares,
        annotations=annotations,
    )


def _made(
    backend: Backend, name: str, metadata: Metadata, modules: Mapping[str, tuple[str, bytes]]
) -> tuple[Version, Script, dict[str, bytes]]:
    """The version, the script after its migrations, and the bytes of its modules; nothing is kept yet."""
    account = backend.store.account
    before = account.scripts.get(name, Script(name))
    script = classes.migrated(account, before, metadata)
    contents = {module: content for module, (_, content) in modules.items()}
    digest = hashlib.sha256(b"\0".join(contents.values())).hexdigest()
    try:
        version = _new(script, metadata, {module: kind for module, (kind, _) in modules.items()}, digest)
        assets, config = assets_of(backend, metadata, script)
    except ScriptError as error:
        raise ApiError(400, BAD_SCRIPT, str(error)) from error
    classes.refuse_unknown(account, script, version.bindings)
    return msgspec.structs.replace(version, assets=assets, assets_config=config), script, contents


def _new(script: Script, metadata: Metadata, kinds: Mapping[str, str], digest: str) -> Version:
    previous = script.versions[-1].bindings if script.versions else ()
    return Version(
        id=str(uuid.uuid4()),
        script=script.name,
        number=len(script.versions) + 1,
        created_on=now(),
        author_email=AUTHOR,
        source="wrangler",
        annotations={**(metadata.annotations or {}), "workers/triggered_by": "upload"},
        bindings=inherited(metadata.bindings, metadata.keep_bindings, previous),
        main_module=metadata.main_module or metadata.body_part,
        modules=tuple(Module(name, kind) for name, kind in kinds.items()),
        compatibility_date=metadata.compatibility_date,
        compatibility_flags=metadata.compatibility_flags,
        etag=digest,
        migration_tag=script.migration_tag,
        tail_consumers=tuple(one.service for one in metadata.tail_consumers or ()),
    )
