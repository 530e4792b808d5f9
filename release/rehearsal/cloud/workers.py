"""What runs of an account, as the host loads it: one worker for what each script serves, with the state behind it. Pure.

A script that one version serves is one worker. One that a deployment splits is a worker for each of its versions, and a version
that was just uploaded is loaded beside what serves, to see that it starts. Durable Objects, workflows and a queue's messages live
in one of them alone, the script's home: the version with the most traffic. Everybody else is bound to the home.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud import kinds
from release.rehearsal.cloud.assets import assets_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from release.rehearsal.cloud.kinds import Binding
    from release.rehearsal.cloud.state import Account, Script, Version

    Options = dict[str, Any]

NAMESPACE = "durable_object_namespace"
_LEGACY = {"text_blob": "textBlobBindings", "data_blob": "dataBlobBindings", "wasm_module": "wasmBindings"}


@dataclass(frozen=True)
class Place:
    """The account that runs, where a version's modules lie, the upload that serves nothing yet, and Hyperdrive's databases."""

    account: Account
    folder: Callable[[Version], Path]
    fresh: Version | None = None
    databases: Mapping[str, str] | None = None

    def home(self, script: str) -> str | None:
        """The worker in which a script's state lives; none where the script serves nothing."""
        found = self.account.scripts.get(script)
        version = found.home if found else None
        if version is None and self.fresh is not None and self.fresh.script == script:
            version = self.fresh.id
        return worker_name(script, version) if version else None


def worker_name(script: str, version_id: str) -> str:
    """The name of a version's worker in the host."""
    return f"{script}.{version_id}"


def workers(place: Place) -> list[Options]:
    """Every version that serves, and the fresh one, as `host.mjs` loads them."""
    return [_worker(place, script, version) for script, version in _loaded(place)]


def stand_ins(account: Account, databases: Mapping[str, str]) -> set[tuple[str, str]]:
    """Name and kind of each binding of what serves that has a stand-in."""
    place = Place(account, lambda _: _nowhere(), None, databases)
    return {
        (binding["name"], binding["type"])
        for _, version in _loaded(place)
        for binding in version.bindings
        if not kinds.runs(binding, databases)
    }


def _nowhere() -> Path:
    raise LookupError


def _loaded(place: Place) -> Iterator[tuple[Script, Version]]:
    fresh = place.fresh
    for script in place.account.scripts.values():
        ids = {share.version_id for share in script.shares}
        yield from ((script, version) for version in script.versions if version.id in ids)
        if fresh is not None and fresh.script == script.name and fresh.id not in ids:
            yield script, fresh


def _worker(place: Place, script: Script, version: Version) -> Options:
    folder = place.folder(version)
    name = worker_name(script.name, version.id)
    env, missing, legacy = _env(place, version, folder)
    at_home = place.home(script.name) == name
    return {
        "name": name,
        "compatibilityDate": version.compatibility_date,
        "compatibilityFlags": list(version.compatibility_flags),
        "root": str(folder),
        "main": version.main_module,
        "modules": [[module.name, module.kind] for module in version.modules],
        "env": env,
        "legacy": legacy,
        "standIns": missing,
        "exports": _exports(place.account, script, version) if at_home else {},
        "triggers": _consumed(place.account, script.name) if at_home else [],
        "tailConsumers": [
            {"worker": home} for one in version.tail_consumers if (home := place.home(one)) is not None
        ],
        "assets": _assets(version, folder),
    }


def _env(
    place: Place, version: Version, folder: Path
) -> tuple[Options, dict[str, str], dict[str, dict[str, str]]]:
    """What miniflare binds, the stand-ins (name -> kind), and parts of the upload by their paths."""
    env: Options = {}
    missing: dict[str, str] = {}
    legacy: dict[str, dict[str, str]] = {}
    databases = place.databases or {}
    for binding in version.bindings:
        name, kind = binding["name"], binding["type"]
        if kind in kinds.TO_PARTS:
            legacy.setdefault(_LEGACY[kind], {})[name] = str(folder / str(binding.get("part", name)))
            continue
        if kind == "assets" and not version.assets_config:
            continue
        if not kinds.runs(binding, databases):
            missing[name] = kind
            continue
        found = _bound(place, version, binding)
        if found is None:
            missing[name] = kind
        else:
            env[name] = found
    return env, missing, legacy


def _bound(place: Place, version: Version, binding: Binding) -> Options | None:
    """What miniflare is given of one binding; none where the script that it leads to serves nothing."""
    kind = binding["type"]
    if kind not in kinds.TO_SCRIPTS:
        return kinds.native(binding, version, place.databases or {})
    if kind == "service":
        return _service(place, binding)
    owner, name = str(binding.get("script_name") or version.script), str(binding.get("class_name"))
    if kind == NAMESPACE:
        script, home = place.account.scripts.get(owner), place.home(owner)
        if script is None or home is None or name not in script.classes:
            return None
        return {"type": "durable-object", "worker": home, "exportName": name}
    workflow = str(binding.get("workflow_name"))
    if known := place.account.workflows.get(workflow):
        owner, name = known.script, known.class_name
    home = place.home(owner)
    return {"type": "workflow", "name": workflow, "worker": home, "exportName": name} if home else None


def _service(place: Place, binding: Binding) -> Options | None:
    home = place.home(str(binding.get("service")))
    if home is None:
        return None
    named = {"exportName": binding.get("entrypoint"), "props": binding.get("props")}
    return {"type": "worker", "worker": home, **{key: value for key, value in named.items() if value}}


def _exports(account: Account, script: Script, version: Version) -> Options:
    """The classes that keep state: of Durable Objects as the migrations made them, and of workflows."""
    found: Options = {
        name: {
            "type": "durable-object",
            "storage": "sqlite" if one.sqlite else "legacy-kv",
            "unsafeUniqueKey": one.key,
        }
        for name, one in script.classes.items()
    }
    for name, workflow in account.workflows.items():
        if workflow.script == script.name:
            found[workflow.class_name] = {"type": "workflow", "name": name}
    for binding in version.bindings:
        name = str(binding.get("workflow_name"))
        if binding["type"] == "workflow" and not binding.get("script_name") and name not in account.workflows:
            found[str(binding["class_name"])] = {"type": "workflow", "name": name}
    return found


def _consumed(account: Account, script: str) -> list[Options]:
    keys = {
        "batch_size": "maxBatchSize",
        "max_retries": "maxRetries",
        "retry_delay": "retryDelay",
    }
    found = []
    for queue, consumer in account.consumers.items():
        if consumer.script != script:
            continue
        settings = {
            ours: consumer.settings[key]
            for key, ours in keys.items()
            if consumer.settings.get(key) is not None
        }
        if (wait := consumer.settings.get("max_wait_time_ms")) is not None:
            settings["maxBatchTimeout"] = wait / 1000
        if consumer.dead_letter_queue:
            settings["deadLetterQueue"] = consumer.dead_letter_queue
        found.append({"type": "queue", "name": queue, **settings})
    return found


def _assets(version: Version, folder: Path) -> Options | None:
    """What is served as it is; nothing where a version has no assets."""
    config = version.assets_config
    if not config:
        return None
    keys = {
        "html_handling": "htmlHandling",
        "not_found_handling": "notFoundHandling",
        "run_worker_first": "runWorkerFirst",
    }
    handling = {ours: config[key] for key, ours in keys.items() if config.get(key) is not None}
    return {
        "directory": str(assets_folder(folder)),
        "hasUserWorker": bool(version.main_module),
        **handling,
    }
