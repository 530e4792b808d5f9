"""What a deployment sets around its versions: crons, routes, domains, the consumers of queues, workflows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from release.rehearsal.cloud.backend import now
from release.rehearsal.cloud.envelope import Answer, ApiError
from release.rehearsal.cloud.runtime import ScriptError
from release.rehearsal.cloud.state import Consumer, Workflow
from release.rehearsal.cloud.workers import stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend
    from release.rehearsal.cloud.state import Account

BAD_TRIGGER = 10021
NO_WORKFLOW = 10200
_PREFIX = "queue-"
_NAMESPACE = uuid.UUID("7a0f1a52-6b7c-4f6b-9a53-6f8f2f7f5a11")  # of ids that are made of names


def schedules(backend: Backend, request: Request, name: str) -> Answer:
    """GET and PUT S/schedules. No clock runs them here: GET /cdn-cgi/handler/scheduled?cron=... of the script's address does."""
    script = backend.script(name)
    if request.method == "GET":
        return Answer({"schedules": [{"cron": cron} for cron in script.crons]})
    sent = [_as_object(one) for one in _sent(request)]
    crons = tuple(str(one.get("cron")) for one in sent)
    backend.store.save(backend.store.account.with_script(msgspec.structs.replace(script, crons=crons)))
    return Answer({"schedules": sent}, f"crons {name} {', '.join(crons)}".rstrip())


def routes(backend: Backend, request: Request, name: str) -> Answer:
    """GET and PUT S/routes: kept; the script answers at its own address of loopback."""
    if request.method == "GET":
        return Answer([_route(pattern) for pattern in backend.store.account.addresses.get(name, ())])
    sent = [_as_object(one) for one in _sent(request)]
    _answers_at(backend, name, [str(one.get("pattern")) for one in sent])
    return Answer([{"id": _id(str(one)), **one} for one in sent], f"routes {name}" if sent else "")


def domains(backend: Backend, request: Request, name: str) -> Answer:
    """POST S/domains/changeset, PUT S/domains/records: all of it is new, nothing is in the way."""
    if request.method == "POST":
        return Answer({"added": [], "removed": [], "updated": [], "conflicting": []})
    origins = _as_object(request.get_json(force=True, silent=True)).get("origins") or []
    hosts = tuple(str(_as_object(one).get("hostname")) for one in origins)
    account = backend.store.account
    backend.store.save(msgspec.structs.replace(account, domains={**account.domains, name: hosts}))
    return Answer([], f"custom domains {name}")


def queues(backend: Backend, request: Request) -> Answer:
    """GET A/queues: whatever queues are asked for are there."""
    return Answer([_queue(name, backend) for name in request.args.getlist("name")])


def new_queue(backend: Backend, request: Request) -> Answer:
    """POST A/queues."""
    sent = _as_object(request.get_json(force=True, silent=True))
    return Answer(_queue(str(sent.get("queue_name", "queue")), backend), "queue")


def queue(_: Backend, request: Request, queue: str) -> Answer:
    """PUT A/queues/ID: its settings."""
    return Answer({**_as_object(request.get_json(force=True, silent=True)), "queue_id": queue}, "queue")


def workflow(backend: Backend, request: Request, workflow: str) -> Answer:
    """GET and PUT A/workflows/NAME: the class of a script that it is. Raises ApiError 404 where a GET asks for another."""
    account = backend.store.account
    known = account.workflows.get(workflow)
    if request.method == "GET" and known is None:
        raise ApiError(404, NO_WORKFLOW, "workflow.not_found")
    sent = _as_object(request.get_json(force=True, silent=True)) if request.method == "PUT" else {}
    if request.method == "PUT":
        known = Workflow(str(sent.get("script_name")), str(sent.get("class_name")))
        if known.script in account.scripts:
            workflows = {**account.workflows, workflow: known}
            _take(backend, msgspec.structs.replace(account, workflows=workflows))
    names = {"script_name": known.script, "class_name": known.class_name} if known else {}
    stamps = {"created_on": now(), "modified_on": now(), "triggered_on": None}
    counts = {"is_deleted": 0, "terminator_running": 0, "instances": {}}  # of instances nothing is known here
    ids = {"id": _id(workflow), "name": workflow, "version_id": _id(f"{workflow}/1")}
    return Answer({**sent, **names, **ids, **stamps, **counts}, "workflow")


def consumers(backend: Backend, request: Request, queue: str, consumer: str = "") -> Answer:
    """GET, POST, PUT and DELETE of a queue's consumers: the script that gets its messages."""
    account, name = backend.store.account, _queue_name(queue)
    known = account.consumers.get(name)
    if request.method == "GET":
        return Answer([_consumer(queue, known)] if known else [])
    if request.method == "DELETE":
        kept = {one: found for one, found in account.consumers.items() if one != name}
        _take(backend, msgspec.structs.replace(account, consumers=kept))
        return Answer(None, "queue consumer")
    sent = _as_object(request.get_json(force=True, silent=True))
    script = sent.get("script_name") or sent.get("service") or (known.script if known else "")
    settings, dead = _as_object(sent.get("settings") or {}), sent.get("dead_letter_queue")
    made = Consumer(str(script), settings, str(dead) if dead else None)
    _take(backend, msgspec.structs.replace(account, consumers={**account.consumers, name: made}))
    return Answer({**_consumer(queue, made), "consumer_id": consumer or _id(queue)}, "queue consumer")


def bucket(_: Backend, __: Request, bucket: str) -> Answer:
    """GET A/r2/buckets/NAME: whatever bucket is asked for is there."""
    return Answer({"name": bucket, "creation_date": now(), "location": "weur", "storage_class": "Standard"})


def zones(_: Backend, request: Request) -> Answer:
    """GET /zones: whatever zone is asked for is there."""
    name = request.args.get("name", "")
    return Answer([{"id": _id(name), "name": name, "status": "active"}] if name else [])


def unknown(backend: Backend, request: Request) -> Answer:
    """Any other request: an empty answer, so that a wrangler that asks something new goes on."""
    del backend
    return Answer([]) if request.method in {"GET", "HEAD"} else Answer({})


def not_run(backend: Backend, unrouted: Iterable[str]) -> list[str]:
    """What this cloud took and does not run: each binding with its kind, and writes that it does not know."""
    lacking = sorted(
        f"{name} ({kind})" for name, kind in stand_ins(backend.store.account, backend.hyperdrives)
    )
    calls = sorted(
        {f"{call.partition(' ')[0]} {_short(call)}" for call in unrouted if not call.startswith("GET ")}
    )
    return [*lacking, *calls]


def _take(backend: Backend, account: Account) -> None:
    try:
        backend.take(account)
    except ScriptError as error:
        raise ApiError(400, BAD_TRIGGER, str(error)) from error


def _answers_at(backend: Backend, name: str, found: list[str]) -> None:
    account = backend.store.account
    addresses = {**account.addresses, name: tuple(found)}
    backend.store.save(msgspec.structs.replace(account, addresses=addresses))


def _route(pattern: str) -> dict[str, str]:
    return {"id": _id(pattern), "pattern": pattern}


def _consumer(queue: str, known: Consumer) -> dict[str, Any]:
    return {
        "consumer_id": _id(queue),
        "type": "worker",
        "script": known.script,
        "script_name": known.script,
        "service": known.script,
        "settings": known.settings,
        "dead_letter_queue": known.dead_letter_queue,
        "queue_name": _queue_name(queue),
    }


def _short(call: str) -> str:
    """The path of a request behind the account."""
    path = call.partition(" ")[2]
    parts = path.split("/accounts/", 1)
    return f"/{parts[1].partition('/')[2]}" if len(parts) > 1 else path


def _queue(name: str, backend: Backend) -> dict[str, Any]:
    known = backend.store.account.consumers.get(name)
    found = [_consumer(_queue_id(name), known)] if known else []
    lists: dict[str, list[Any]] = {"producers": [], "consumers": found}
    return {"queue_id": _queue_id(name), "queue_name": name, **lists, "settings": {"delivery_delay": 0}}


def _queue_id(name: str) -> str:
    """An id that holds the name, so that a queue that nobody made can be asked for by it."""
    return f"{_PREFIX}{name.encode().hex()}"


def _queue_name(queue: str) -> str:
    try:
        return bytes.fromhex(queue.removeprefix(_PREFIX)).decode() if queue.startswith(_PREFIX) else queue
    except ValueError:
        return queue


def _sent(request: Request) -> list[Any]:
    found = request.get_json(force=True, silent=True)
    return found if isinstance(found, list) else []


def _as_object(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {"pattern": str(found)}


def _id(name: str) -> str:
    return uuid.uuid5(_NAMESPACE, name).hex
