"""Resources that wrangler makes for bindings without an id: they get one that follows from their name."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.envelope import Answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend

_NAMESPACE = uuid.UUID("0b6b1d1e-3a55-4a0b-8f8e-5d1f0c2f8a44")  # of ids that are made of names


def no_namespaces(_: Backend, __: Request) -> Answer:
    """GET A/storage/kv/namespaces: none is there, so that wrangler makes its own."""
    return Answer([])


def new_namespace(_: Backend, request: Request) -> Answer:
    """POST A/storage/kv/namespaces."""
    title = str(_sent(request).get("title", ""))
    made = {"id": uuid.uuid5(_NAMESPACE, title).hex, "title": title, "supports_url_encoding": True}
    return Answer(made, f"kv namespace {title}")


def no_buckets(_: Backend, __: Request) -> Answer:
    """GET A/r2/buckets, as above."""
    return Answer({"buckets": []})


def new_bucket(_: Backend, request: Request) -> Answer:
    """POST A/r2/buckets."""
    name = str(_sent(request).get("name", ""))
    return Answer({"name": name, "storage_class": "Standard"}, f"bucket {name}")


def _sent(request: Request) -> dict[str, Any]:
    found = request.get_json(silent=True)
    return found if isinstance(found, dict) else {}
