"""What a deployment sets around its versions (crons, routes, domains, queues, workflows): noted, and not run."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.backend import now
from release.rehearsal.cloud.bindings import RUN
from release.rehearsal.cloud.envelope import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend
    from release.rehearsal.cloud.state import Account

_NAMESPACE = uuid.UUID("7a0f1a52-6b7c-4f6b-9a53-6f8f2f7f5a11")  # of ids that are made of names


def schedules(backend: Backend, request: Request, name: str) -> Answer:
    """GET and PUT S/schedules."""
    sent = _sent(request) if request.method == "PUT" else []
    if sent:
        backend.noted.add("crons")
    return Answer({"schedules": sent}, f"crons {name}" if request.method == "PUT" else "")


def routes(backend: Backend, request: Request, name: str) -> Answer:
    """GET and PUT S/routes."""
    sent = _sent(request) if request.method == "PUT" else []
    if sent:
        backend.noted.add("routes")
    return Answer(
        [{"id": _id(str(one)), **_as_object(one)} for one in sent], f"routes {name}" if sent else ""
    )


def domains(backend: Backend, request: Request, name: str) -> Answer:
    """POST S/domains/changeset, PUT S/domains/records: all of it is new, nothing is in the way."""
    backend.noted.add("custom domains")
    if request.method == "POST":
        return Answer({"added": [], "removed": [], "updated": [], "conflicting": []})
    return Answer([], f"custom domains {name}")


def queues(_: Backend, request: Request) -> Answer:
    """GET A/queues: whatever queue is asked for is there."""
    name = request.args.get("name")
    return Answer([_queue(name)] if name else [])


def new_queue(_: Backend, request: Request) -> Answer:
    """POST A/queues."""
    sent = _as_object(request.get_json(silent=True))
    return Answer(_queue(str(sent.get("queue_name", "queue"))), "queue")


def queue(_: Backend, request: Request, queue: str) -> Answer:
    """PUT A/queues/ID: its settings."""
    return Answer({**_as_object(request.get_json(silent=True)), "queue_id": queue}, "queue")


def workflow(backend: Backend, request: Request, workflow: str) -> Answer:
    """PUT A/workflows/NAME."""
    backend.noted.add("workflows")
    stamps = {"created_on": now(), "modified_on": now(), "triggered_on": None}
    sent = _as_object(request.get_json(silent=True))
    return Answer(
        {**sent, "id": _id(workflow), "name": workflow, "version_id": _id(f"{workflow}/1"), **stamps},
        "workflow",
    )


def consumers(backend: Backend, request: Request, queue: str, consumer: str = "") -> Answer:
    """GET, POST and PUT of a queue's consumers: none gets a message here."""
    if request.method == "GET":
        return Answer([])
    backend.noted.add("queue consumers")
    return Answer(
        {**_as_object(request.get_json(silent=True)), "consumer_id": consumer or _id(queue)}, "queue consumer"
    )


def zones(_: Backend, request: Request) -> Answer:
    """GET /zones: whatever zone is asked for is there."""
    name = request.args.get("name", "")
    return Answer([{"id": _id(name), "name": name, "status": "active"}] if name else [])


def unknown(backend: Backend, request: Request) -> Answer:
    """Any other request: an empty answer, so that a wrangler that asks something new goes on."""
    del backend
    return Answer([]) if request.method in {"GET", "HEAD"} else Answer({})


def not_run(backend: Backend, unrouted: Iterable[str]) -> list[str]:
    """What this cloud took and does not run: each binding with its kind, what is set around, writes that it does not know."""
    calls = sorted(
        {f"{call.partition(' ')[0]} {_short(call)}" for call in unrouted if not call.startswith("GET ")}
    )
    return [*_stand_ins(backend.store.account), *sorted(backend.noted), *calls]


def _stand_ins(account: Account) -> list[str]:
    served = [
        version
        for script in account.scripts.values()
        for version in script.versions
        if version.id in {share.version_id for share in script.shares}
    ]
    return sorted(
        {
            f"{binding['name']} ({binding['type']})"
            for version in served
            for binding in version.bindings
            if binding["type"] not in RUN
        }
    )


def _short(call: str) -> str:
    """The path of a request behind the account."""
    path = call.partition(" ")[2]
    parts = path.split("/accounts/", 1)
    return f"/{parts[1].partition('/')[2]}" if len(parts) > 1 else path


def _queue(name: str) -> dict[str, Any]:
    lists: dict[str, list[object]] = {"producers": [], "consumers": []}
    return {"queue_id": _id(name), "queue_name": name, **lists, "settings": {"delivery_delay": 0}}


def _sent(request: Request) -> list[Any]:
    found = request.get_json(silent=True)
    return found if isinstance(found, list) else []


def _as_object(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {"pattern": str(found)}


def _id(name: str) -> str:
    return uuid.uuid5(_NAMESPACE, name).hex
