"""What a worker has besides its code, as values: each setting is a trait of some kind, with a name and a value (pure).

Read from wrangler's configuration by `wrangler_settings`, and from Cloudflare's answers by `cloudflare_settings`; both spell a
setting alike, so that two sides can be compared trait by trait.
"""

from __future__ import annotations

import json
from collections import ChainMap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import field

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BINDING, VAR, SECRET = "binding", "var", "secret"
CRON, ROUTE, DOMAIN, ADDRESS = "cron", "route", "domain", "workers.dev"
DATE, FLAG, LIMIT, PLACEMENT = "compatibility date", "compatibility flag", "limit", "placement"
OBSERVABILITY, LOGPUSH, TAIL = "observability", "logpush", "tail consumer"
TAG = "Durable Object migration"


class Trait(Frozen, frozen=True, order=True):
    """One setting: its kind, and its name where a worker may have several of the kind."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()

    @property
    def word(self) -> str:
        """How it is named on a command line, without spaces: `var:SMTP_HOST`."""
        return ":".join(filter(None, (self.kind, self.name))).replace(" ", "-")


class Value(Frozen, frozen=True):
    """What a setting is: `key` is compared, `shown` is read by people. An empty key is not known, and differs from none."""

    key: str = ""
    shown: str = ""

    def is_like(self, other: Value | None) -> bool:
        """Whether both may be the same."""
        return other is not None and (self.key == other.key or not self.key or not other.key)


class Doomed(Frozen, frozen=True):
    """Durable Object classes that a migration takes away (`to` is empty) or renames."""

    tag: str
    name: str
    to: str = ""


class WorkerSettings(Frozen, frozen=True):
    """One side: its settings, the kinds of which it tells, and those that a deploy leaves alone where it names none.

    `unread` says by kind why a side cannot tell of it. `tags` are the migrations of Durable Objects in order, `doomed`
    what they take away. `derives_address`: workers.dev is on or off as a side effect of routes.
    """

    traits: Mapping[Trait, Value] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    unread: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    doomed: tuple[Doomed, ...] = ()
    derives_address: bool = False

    def named(self, kind: str) -> frozenset[str]:
        """The names of all settings of a kind."""
        return frozenset(trait.name for trait in self.traits if trait.kind == kind)

    def __or__(self, other: WorkerSettings) -> WorkerSettings:
        """Both, which tell of different kinds."""
        return replace(
            self,
            traits=dict(ChainMap(dict(other.traits), dict(self.traits))),
            told=self.told | other.told,
            unread={**self.unread, **other.unread},
        )


_LISTS = {"durable_objects": "bindings", "queues": "producers"}  # the key below which a kind's entries stand


class Bound(Frozen, frozen=True):
    """How a kind of binding is written: its key in wrangler's file, its type in the API, a label, and each one's fields."""

    key: str
    type: str
    label: str
    target: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    name: str = "binding"

    def value(self, entry: Mapping[str, Any], fields: tuple[str, ...]) -> Value:
        """What an entry is bound to: the first field is compared, the last one that is there is shown."""
        found = [str(entry[one]) for one in fields if entry.get(one)]
        has_key = bool(fields and entry.get(fields[0]))
        key = f"{self.type} {entry[fields[0]]}" if has_key else "" if fields else self.type
        return Value(key, " ".join([self.label, *found[-1:]]))

    def entries(self, settings: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Name and entry of each binding of this kind in wrangler's settings of one environment."""
        found = settings.get(self.key)
        if self.key in _LISTS and isinstance(found, dict):
            found = found.get(_LISTS[self.key])
        for entry in found if isinstance(found, list) else [found] if isinstance(found, dict) else ():
            name = entry.get(self.name)
            if isinstance(name, str):
                yield name, entry


BOUND = (
    Bound("kv_namespaces", "kv_namespace", "KV", ("id",), ("namespace_id",)),
    Bound("r2_buckets", "r2_bucket", "R2", ("bucket_name",), ("bucket_name",)),
    Bound("d1_databases", "d1", "D1", ("database_id", "database_name"), ("id",)),
    Bound("services", "service", "service", ("service",), ("service",)),
    Bound(
        "durable_objects",
        "durable_object_namespace",
        "Durable Object",
        ("class_name",),
        ("class_name",),
        "name",
    ),
    Bound("queues", "queue", "queue", ("queue",), ("queue_name",)),
    Bound("workflows", "workflow", "Workflow", ("name",), ("workflow_name",)),
    Bound("vectorize", "vectorize", "Vectorize", ("index_name",), ("index_name",)),
    Bound("hyperdrive", "hyperdrive", "Hyperdrive", ("id",), ("id",)),
    Bound("analytics_engine_datasets", "analytics_engine", "Analytics Engine", ("dataset",), ("dataset",)),
    Bound("dispatch_namespaces", "dispatch_namespace", "dispatch namespace", ("namespace",), ("namespace",)),
    Bound("mtls_certificates", "mtls_certificate", "mTLS", ("certificate_id",), ("certificate_id",)),
    Bound(
        "secrets_store_secrets", "secrets_store_secret", "store secret", ("secret_name",), ("secret_name",)
    ),
    Bound("pipelines", "pipelines", "pipeline", ("pipeline",), ("pipeline",)),
    Bound("send_email", "send_email", "email", (), (), "name"),
    Bound("ratelimits", "ratelimit", "rate limit", ("namespace_id",), ("namespace_id",), "name"),
    Bound("worker_loaders", "worker_loader", "worker loader"),
    Bound("vpc_services", "vpc_service", "VPC service", ("service_id",), ("service_id",)),
    Bound("ai", "ai", "AI"),
    Bound("browser", "browser", "Browser"),
    Bound("images", "images", "Images"),
    Bound("media", "media", "Media"),
    Bound("assets", "assets", "assets"),
    Bound("version_metadata", "version_metadata", "version metadata"),
)


def canonical(value: object) -> str:
    """A JSON value as text that is the same for equal values."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def plain(value: object) -> Value:
    """A value that is compared and shown as it is."""
    text = canonical(value)
    return Value(f"={text}", text)


def observed(found: Mapping[str, Any]) -> Value:
    """The observability of a worker: what is off everywhere is the same as nothing."""
    known = {key: one for key, one in found.items() if one not in (None, False, {}, [])}
    return (
        plain(known)
        if known.get("enabled") or known.get("logs") or known.get("traces")
        else Value("off", "off")
    )
