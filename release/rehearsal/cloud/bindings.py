"""From a version's bindings, as wrangler sent them, to what miniflare and the API's answers need. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.assets import assets_folder
from release.rehearsal.cloud.runtime import ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from release.rehearsal.cloud.state import Version

Binding = dict[str, Any]
SECRET = "secret_text"  # noqa: S105  # the name of a binding type
_VALUES = frozenset({"plain_text", "json", SECRET, "version_metadata"})
# What the runtime has itself: kind -> (the option of miniflare, what it is given of a binding)
_NATIVE: dict[str, tuple[str, Callable[[Binding], Any]]] = {
    "kv_namespace": ("kvNamespaces", lambda binding: str(binding.get("namespace_id") or binding["name"])),
    "r2_bucket": ("r2Buckets", lambda binding: str(binding.get("bucket_name") or binding["name"]).lower()),
    "queue": (
        "queueProducers",
        lambda binding: {"queueName": str(binding.get("queue_name") or binding["name"])},
    ),
    "ratelimit": (
        "ratelimits",
        lambda binding: {"namespace_id": str(binding.get("namespace_id")), "simple": binding.get("simple")},
    ),
    "analytics_engine": (
        "analyticsEngineDatasets",
        lambda binding: {"dataset": str(binding.get("dataset") or binding["name"])},
    ),
}
RUN = _VALUES | {"d1", "service", "assets"} | set(_NATIVE)  # every other kind gets a stand-in


def public(bindings: Iterable[Binding]) -> list[Binding]:
    """Return the bindings as the API shows them: a secret by its name alone."""
    return [
        {"type": SECRET, "name": binding["name"]} if binding["type"] == SECRET else binding
        for binding in bindings
    ]


def inherited(
    sent: Sequence[Binding], keep: Iterable[str], previous: Sequence[Binding]
) -> tuple[Binding, ...]:
    """Return what a new version binds: what was sent, and of the previous version's the types in `keep`.

    Raises ScriptError for a binding of type `inherit` that the previous version does not have (`bindings_inherit=strict`).
    """
    before = {binding["name"]: binding for binding in previous}
    lost = [
        binding["name"] for binding in sent if binding["type"] == "inherit" and binding["name"] not in before
    ]
    if lost:
        raise ScriptError(f"there is no earlier binding to inherit for: {', '.join(lost)}")
    resolved = [before[binding["name"]] if binding["type"] == "inherit" else binding for binding in sent]
    names = {binding["name"] for binding in resolved}
    kept = [binding for binding in previous if binding["type"] in set(keep) and binding["name"] not in names]
    return (*resolved, *kept)


def miniflare_worker(version: Version, folder: Path) -> dict[str, Any]:
    """Return the version as `host.mjs` loads it: main module first, paths absolute."""
    ordered = sorted(version.modules, key=lambda module: module.name != version.main_module)
    return {
        "name": f"{version.script}.{version.id}",
        "root": str(folder),
        "compatibilityDate": version.compatibility_date,
        "compatibilityFlags": version.compatibility_flags,
        "modules": [{"type": module.kind, "path": str(folder / module.name)} for module in ordered],
        "bindings": {
            binding["name"]: _value(binding, version) for binding in version.bindings if _is_value(binding)
        },
        "databases": {
            binding["name"]: _uuid(binding) for binding in version.bindings if binding["type"] == "d1"
        },
        "services": {
            binding["name"]: binding["service"]
            for binding in version.bindings
            if binding["type"] == "service"
        },
        "native": _native(version.bindings),
        "standIns": {
            binding["name"]: binding["type"] for binding in version.bindings if binding["type"] not in RUN
        },
        "assets": _assets(version, folder),
    }


def _native(bindings: Iterable[Binding]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for binding in bindings:
        if binding["type"] in _NATIVE:
            option, given = _NATIVE[binding["type"]]
            found.setdefault(option, {})[binding["name"]] = given(binding)
    return found


def _assets(version: Version, folder: Path) -> dict[str, Any] | None:
    """What miniflare serves as it is; nothing where a version has no assets."""
    config = version.assets_config
    if not config:
        return None
    names = [binding["name"] for binding in version.bindings if binding["type"] == "assets"]
    handling = {key: config[key] for key in ("html_handling", "not_found_handling") if key in config}
    found = {
        "directory": str(assets_folder(folder)),
        "assetConfig": handling,
        "alone": not version.main_module,
    }
    if names:
        found["binding"] = names[0]
    if "run_worker_first" in config:
        found["run_worker_first"] = config["run_worker_first"]
    return found


def _uuid(binding: Binding) -> str:
    return str(binding.get("id") or binding.get("database_id"))


def _is_value(binding: Binding) -> bool:
    return binding["type"] in _VALUES


def _value(binding: Binding, version: Version) -> Any:  # noqa: ANN401  # whatever JSON the worker was given
    if binding["type"] == "version_metadata":
        return {"id": version.id, "tag": version.tag, "timestamp": version.created_on}
    if binding["type"] == "json":
        value = binding["json"]
        return json.loads(value) if isinstance(value, str) else value
    return binding["text"]
