"""A multipart upload read into a version."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.cloud.assets import assets_of, lay
from release.rehearsal.cloud.backend import AUTHOR, now
from release.rehearsal.cloud.bindings import inherited
from release.rehearsal.cloud.bodies import Metadata
from release.rehearsal.cloud.envelope import ApiError
from release.rehearsal.cloud.runtime import ScriptError
from release.rehearsal.cloud.state import Module, Script, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend

BAD_SCRIPT = 10021
BAD_BINDING = 10181
BAD_UPLOAD = 10034
PENDING = 10211
SCRIPT = "script"
_KINDS = {
    "application/javascript+module": "esm",
    "application/javascript": "cjs",
    "text/plain": "text",
    "application/octet-stream": "data",
    "application/wasm": "wasm",
}


def received(request: Request) -> tuple[Metadata, dict[str, tuple[str, bytes]]]:
    """Return the part `metadata`, and of each module its kind and bytes (source maps are left out).

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
    return metadata, modules


def _migrated(script: Script, metadata: Metadata) -> str | None:
    """The tag of the last migration of Durable Objects."""
    before = script.versions[-1].migration_tag if script.versions else None
    sent = (metadata.migrations or {}).get("new_tag")
    return str(sent) if sent else before


def add_version(backend: Backend, name: str, request: Request, *, alone: bool = False) -> Version:
    """Load what was uploaded and keep it as the script's newest version.

    Raises ApiError 400: 10021 with the runtime's text when it does not start, 10181 for an unknown database, and 10211
    where the version comes `alone`, without a deployment, and brings a migration of Durable Objects.
    """
    metadata, modules = received(request)
    script = backend.store.account.scripts.get(name, Script(name))
    if alone and metadata.migrations:
        raise ApiError(
            400, PENDING, "A version with a migration of Durable Objects has to be deployed: wrangler deploy."
        )
    contents = {module: content for module, (_, content) in modules.items()}
    digest = hashlib.sha256(b"\0".join(contents.values())).hexdigest()
    try:
        version = _new(script, metadata, {module: kind for module, (kind, _) in modules.items()}, digest)
        assets, config = assets_of(backend, metadata, script)
        version = msgspec.structs.replace(
            version, assets=assets, assets_config=config, migration_tag=_migrated(script, metadata)
        )
        return keep(backend, version, contents)
    except (ScriptError, ValueError) as error:
        raise ApiError(400, BAD_SCRIPT, str(error)) from error


def keep(backend: Backend, version: Version, contents: Mapping[str, bytes]) -> Version:
    """Write, load and record a version. Raises ScriptError, ValueError, ApiError for an unknown database."""
    for binding in version.bindings:
        if (
            binding["type"] == "d1"
            and (binding.get("id") or binding.get("database_id")) not in backend.store.account.databases
        ):
            message = f"D1 binding '{binding['name']}' references a database which was not found."
            raise ApiError(400, BAD_BINDING, message)
    backend.store.write_modules(version, dict(contents))
    lay(backend.store, version)
    backend.runtime.upload(version, backend.store.folder(version))
    backend.store.save(backend.store.account.with_version(version))
    return version


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
    )
