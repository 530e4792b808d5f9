"""Static assets: the upload session that wrangler opens, the files by their hash, and the folder of a version."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from release.rehearsal.cloud.bodies import NewAssets, body
from release.rehearsal.cloud.envelope import Answer, ApiError

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend
    from release.rehearsal.cloud.bodies import Metadata
    from release.rehearsal.cloud.state import Script, Store, Version

BAD_ASSETS = 10304
UPLOAD = "/workers/assets/upload"
RULES = (
    "_headers",
    "_redirects",
)  # sent with the configuration, read by miniflare as files beside the assets
_HASH = re.compile(r"[0-9A-Za-z]{8,128}")
_HOUR = 3600


def session(backend: Backend, request: Request, name: str) -> Answer:
    """POST S/assets-upload-session: which files of a manifest are not here yet; nothing is served of them yet."""
    del name
    manifest = {path: asset.hash for path, asset in body(request, NewAssets).manifest.items()}
    if wrong := [path for path, digest in manifest.items() if not _HASH.fullmatch(digest)]:
        raise ApiError(400, BAD_ASSETS, f"The hash of {wrong[0]} is none.")
    token = _token()
    backend.sessions[token] = manifest
    folder = _files(backend.store)
    lacking = sorted({digest for digest in manifest.values() if not (folder / digest).is_file()})
    return Answer({"jwt": token, "buckets": [lacking] if lacking else []})


def upload(backend: Backend, request: Request) -> Answer:
    """POST A/workers/assets/upload: files in base64, each under its hash. The session's own token opens it."""
    token = request.headers.get("Authorization", "").partition(" ")[2]
    wanted = set(backend.sessions.get(token, {}).values())
    folder = _files(backend.store)
    folder.mkdir(exist_ok=True)
    parts = {name: part.read() for name, part in request.files.items()}
    parts |= {name: text.encode() for name, text in request.form.items()}
    for digest in wanted & parts.keys():
        try:
            (folder / digest).write_bytes(base64.b64decode(parts[digest], validate=False))
        except binascii.Error as error:
            raise ApiError(400, BAD_ASSETS, f"The asset {digest} is not in base64.") from error
    return Answer({"jwt": token})


def opens(backend: Backend, path: str, token: str) -> bool:
    """Whether a token is that of an upload session, and asked for nothing else."""
    return path.endswith(UPLOAD) and token in backend.sessions


def assets_of(backend: Backend, metadata: Metadata, script: Script) -> tuple[dict[str, str], dict[str, Any]]:
    """Path -> hash of what a new version serves as it is, and how. Raises ApiError for a session that is not known."""
    if metadata.keep_assets and script.versions:
        return script.versions[-1].assets, script.versions[-1].assets_config
    sent = metadata.assets or {}
    token = sent.get("jwt")
    if token is None:
        return {}, {}
    if token not in backend.sessions:
        raise ApiError(400, BAD_ASSETS, "The upload session of these assets is not known.")
    return backend.sessions[token], {**(sent.get("config") or {}), "there": True}


def lay(store: Store, version: Version) -> None:
    """Make the folder of a version's assets, by links. Raises ValueError for a path that leads out of it."""
    folder = assets_folder(store.folder(version))
    if version.assets_config:
        folder.mkdir(parents=True, exist_ok=True)
    for path, digest in version.assets.items():
        to = (folder / unquote(path).lstrip("/")).resolve()
        if not to.is_relative_to(folder.resolve()):
            raise ValueError(f"the asset {path!r} lies outside its folder")
        to.parent.mkdir(parents=True, exist_ok=True)
        if not to.exists():
            os.link(_files(store) / digest, to)
    for name in RULES:
        if rules := version.assets_config.get(name):
            (folder / name).write_text(str(rules), "utf-8")


def assets_folder(modules: Path) -> Path:
    """Where a version's assets lie, beside its modules."""
    return modules.with_name(f"{modules.name}.assets")


def _files(store: Store) -> Path:
    return store.directory / "assets"


def _token() -> str:
    """A token in the form of a JWT, since wrangler may look into it."""
    parts = ({"alg": "none"}, {"exp": int(time.time()) + _HOUR})
    words = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*words, secrets.token_urlsafe(24)])
