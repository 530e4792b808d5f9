"""Which kinds of binding run here: each kind that miniflare has, and what it is given of a binding. Pure.

The kinds are those of an upload's metadata (`type`), the options those of miniflare's `config.env` (its `index.d.ts`). A kind
that is not in this table gets a stand-in.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.rehearsal.cloud.state import Version

Binding = dict[str, Any]
SECRET = "secret_text"  # noqa: S105  # the name of a binding type
SECRET_KINDS = frozenset({SECRET, "secret_key"})
# Bindings to another script, or to a class of one: where that runs is found by `workers.py`.
TO_SCRIPTS = frozenset({"service", "durable_object_namespace", "workflow"})
# Bindings to a part of the upload; their bytes lie beside the modules.
TO_PARTS = frozenset({"text_blob", "data_blob", "wasm_module"})


def _named(kind: str, *names: str, lower: bool = False) -> Callable[[Binding], Binding]:
    """A binding to something that has a name: the first of these keys that is there, else the binding's own name."""

    def made(binding: Binding) -> Binding:
        found = str(next((binding[name] for name in names if binding.get(name)), binding["name"]))
        key = "id" if kind in {"kv", "d1", "flagship"} else "name"
        return {"type": kind, key: found.lower() if lower else found}

    return made


def _queue(binding: Binding) -> Binding:
    delay = binding.get("delivery_delay")
    made = _named("queue", "queue_name")(binding)
    return {**made, "deliveryDelay": delay} if delay else made


def _limit(binding: Binding) -> Binding:
    simple = binding.get("simple") or {"limit": 100, "period": 60}
    return {"type": "rate-limit", "namespace": str(binding.get("namespace_id")), "simple": simple}


def _email(binding: Binding) -> Binding:
    keys = {
        "destination_address": "destinationAddress",
        "allowed_destination_addresses": "allowedDestinationAddresses",
        "allowed_sender_addresses": "allowedSenderAddresses",
    }
    return {"type": "send-email", **{ours: binding[key] for key, ours in keys.items() if binding.get(key)}}


def _stored_secret(binding: Binding) -> Binding:
    return {
        "type": "secrets-store-secret",
        "storeId": str(binding.get("store_id")),
        "secretName": str(binding.get("secret_name")),
    }


def _plain(kind: str) -> Callable[[Binding], Binding]:
    return lambda _: {"type": kind}


_FROM_BINDING: Mapping[str, Callable[[Binding], Binding]] = {
    "d1": _named("d1", "id", "database_id"),
    "kv_namespace": _named("kv", "namespace_id"),
    "r2_bucket": _named("r2", "bucket_name", lower=True),
    "queue": _queue,
    "ratelimit": _limit,
    "analytics_engine": _named("analytics-engine-dataset", "dataset"),
    "pipelines": _named("pipeline", "stream", "pipeline"),
    "flagship": _named("flagship", "app_id"),
    "send_email": _email,
    "secrets_store_secret": _stored_secret,
    "worker_loader": _plain("worker-loader"),
    "images": _plain("images"),
    "stream": _plain("stream"),
    "assets": _plain("assets"),
    "unsafe_hello_world": _plain("hello-world"),
}
_VALUES = frozenset({"plain_text", "json", "version_metadata", SECRET})
HYPERDRIVE = "hyperdrive"
RUN = _VALUES | frozenset(_FROM_BINDING) | TO_SCRIPTS | TO_PARTS | {HYPERDRIVE}


def runs(binding: Binding, databases: Mapping[str, str]) -> bool:
    """Whether a binding runs here. Hyperdrive does where a local database is named for it (`databases`, by id and by name)."""
    if binding["type"] == HYPERDRIVE:
        return bool(database_of(binding, databases))
    return binding["type"] in RUN


def database_of(binding: Binding, databases: Mapping[str, str]) -> str:
    """The local database of a Hyperdrive binding; nothing where none is named."""
    return databases.get(binding["name"]) or databases.get(str(binding.get("id"))) or ""


def native(binding: Binding, version: Version, databases: Mapping[str, str]) -> Binding:
    """What miniflare is given of a binding that runs here and leads to no script and no part."""
    if binding["type"] in _VALUES:
        return _value(binding, version)
    if binding["type"] == HYPERDRIVE:
        local = {"connectionString": database_of(binding, databases)}
        return {"type": "hyperdrive", "id": str(binding.get("id")), "dev": local}
    return _FROM_BINDING[binding["type"]](binding)


def _value(binding: Binding, version: Version) -> Binding:
    if binding["type"] == "version_metadata":
        metadata = {"id": version.id, "tag": version.tag, "timestamp": version.created_on}
        return {"type": "json", "value": metadata}
    if binding["type"] == "json":
        value = binding["json"]
        return {"type": "json", "value": json.loads(value) if isinstance(value, str) else value}
    return {"type": "text", "value": binding["text"]}
