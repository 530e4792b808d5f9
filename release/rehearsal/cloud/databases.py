"""The routes of D1: query, import, export, Time Travel."""

from __future__ import annotations

import hashlib
import secrets
import uuid as uuids
from typing import TYPE_CHECKING, Any

import msgspec

from release.formats.d1_splitter import received
from release.rehearsal.cloud import snapshots
from release.rehearsal.cloud.backend import now
from release.rehearsal.cloud.bodies import Import, NewDatabase, Queries, body
from release.rehearsal.cloud.envelope import Answer, ApiError
from release.rehearsal.cloud.runtime import SqlError
from release.rehearsal.cloud.state import Database
from release.rehearsal.cloud.statements import Statement, reads_only, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.backend import Backend
    from release.rehearsal.cloud.bodies import Query
    from release.rehearsal.cloud.runtime import Result

SQL_FAILED = 7500
NAME_TAKEN = 7502
BAD_REQUEST = 7400
FILES = "/files/"


def listing(backend: Backend, request: Request) -> Answer:
    """GET A/d1/database, of one `?name=` if given."""
    name = request.args.get("name")
    found = backend.store.account.databases.values()
    return Answer([_shown(database) for database in found if name in {None, database.name}])


def create(backend: Backend, request: Request) -> Answer:
    """POST A/d1/database {name}."""
    name = body(request, NewDatabase).name
    if any(database.name == name for database in backend.store.account.databases.values()):
        raise ApiError(400, NAME_TAKEN, f"Database with name '{name}' already exists")
    database = Database(str(uuids.uuid4()), name)
    backend.runtime.add_database(database.uuid)
    backend.store.save(backend.store.account.with_database(database))
    return Answer(_shown(database), f"create database {name}")


def info(backend: Backend, _: Request, uuid: str) -> Answer:
    """GET Q."""
    database = backend.database(uuid)
    count = (
        "SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table' "
        "AND NOT (name GLOB '_cf_*' OR name GLOB 'sqlite_*')"
    )
    rows = _run(backend, database.uuid, [Statement(count)])[0].rows
    return Answer({**_shown(database), "num_tables": rows[0]["tables"], "running_in_region": "WEUR"})


def query(backend: Backend, request: Request, uuid: str) -> Answer:
    """POST Q/query {sql, params} or {batch: [{sql, params}]}: all statements in one transaction."""
    database = backend.database(uuid)
    parts = body(request, Queries).parts
    statements = [statement for part in parts for statement in _statements(part)]
    writes = not all(reads_only(statement.sql) for statement in statements)
    if backend.stops_half_way:
        _begun(backend, uuid, statements)
    results = _run(backend, uuid, statements)
    if writes:
        _moved(backend, uuid)
    shown = [{"results": list(result.rows), "success": True, "meta": dict(result.meta)} for result in results]
    return Answer(shown, f"query {database.name} {_first_line(statements)}" if writes else "")


def import_file(backend: Backend, request: Request, uuid: str) -> Answer:
    """POST Q/import: `init` gives an address for the file, `ingest` runs it as one transaction."""
    database = backend.database(uuid)
    sent = body(request, Import)
    if sent.action == "init":
        name = secrets.token_urlsafe(24)
        return Answer({"filename": name, "upload_url": f"{request.host_url.rstrip('/')}{FILES}{name}"})
    if sent.action == "poll":
        return Answer({"success": True, "status": "complete", "at_bookmark": snapshots.bookmark(database)})
    content = backend.files.pop(sent.filename, None)
    if content is None:
        raise ApiError(400, BAD_REQUEST, "No file was uploaded under this name.")
    statements = [Statement(sql) for sql in split(content.decode())]
    results = _run(backend, uuid, statements)
    reached = snapshots.bookmark(_moved(backend, uuid))
    meta = {
        "served_by": "local",
        "duration": 0,
        "changes": 0,
        "size_after": 0,
        "rows_read": 0,
        "changed_db": True,
    }
    meta["rows_written"] = sum(result.meta["rows_written"] for result in results)
    summary = {"num_queries": len(statements), "final_bookmark": reached, "meta": {**meta, "last_row_id": 0}}
    done = {"type": "import", "success": True, "status": "complete", "messages": [], "at_bookmark": reached}
    return Answer({**done, "result": summary}, f"import {database.name}")


def export(backend: Backend, request: Request, uuid: str) -> Answer:
    """POST Q/export: the dump is ready at once, at an address of its own."""
    database = backend.database(uuid)
    name = secrets.token_urlsafe(24)
    backend.files[name] = _dumped(backend, uuid).encode()
    address = f"{request.host_url.rstrip('/')}{FILES}{name}"
    result = {"filename": f"{database.name}.sql", "signed_url": address}
    done = {"type": "export", "success": True, "status": "complete", "messages": []}
    return Answer({**done, "at_bookmark": snapshots.bookmark(database), "result": result})


def bookmark(backend: Backend, request: Request, uuid: str) -> Answer:
    """GET Q/time_travel/bookmark: of this moment; what the database holds now is kept under it."""
    backend.database(uuid)
    if "timestamp" in request.args:
        raise ApiError(400, BAD_REQUEST, "This local D1 knows bookmarks, not timestamps.")
    return Answer({"bookmark": _keep_moment(backend, uuid)})


def restore(backend: Backend, request: Request, uuid: str) -> Answer:
    """POST Q/time_travel/restore?bookmark=, for a bookmark that was asked for before."""
    database = backend.database(uuid)
    wanted = request.args.get("bookmark", "")
    kept = backend.store.directory / "bookmarks" / uuid / f"{wanted}.sql"
    if wanted not in {path.stem for path in kept.parent.glob("*.sql")}:
        raise ApiError(
            400,
            BAD_REQUEST,
            f"No content was kept for the bookmark {wanted!r}: this local D1 keeps it when asked for one.",
        )
    previous = _keep_moment(backend, uuid)
    try:
        snapshots.restore(backend.runtime, uuid, kept.read_text("utf-8"))
    except SqlError as error:
        raise ApiError(400, SQL_FAILED, str(error)) from error
    _moved(backend, uuid)
    result = {"bookmark": _keep_moment(backend, uuid), "previous_bookmark": previous}
    return Answer({**result, "message": f"Restored to {wanted}"}, f"restore {database.name} {wanted}")


def _run(backend: Backend, uuid: str, statements: Sequence[Statement]) -> tuple[Result, ...]:
    try:
        return backend.runtime.d1(uuid, statements)
    except SqlError as error:
        raise ApiError(400, SQL_FAILED, str(error)) from error


def _begun(backend: Backend, uuid: str, statements: Sequence[Statement]) -> None:
    """Run what is before a statement that fails, each by itself: D1 was seen to stop half way through a file so."""
    before = snapshots.dump(backend.runtime, uuid)
    for at, statement in enumerate(statements):
        try:
            backend.runtime.d1(uuid, [statement])
        except SqlError as error:
            if at:
                _moved(backend, uuid)
            raise ApiError(400, SQL_FAILED, str(error)) from error
    snapshots.restore(backend.runtime, uuid, before)  # none fails: they run once more, as one transaction


def _statements(part: Query) -> list[Statement]:
    params = part.params or ()
    pieces = received(part.sql)
    if params and len(pieces) > 1:
        raise ApiError(400, SQL_FAILED, "Parameters go with one statement.")
    return [Statement(piece, params) for piece in pieces]


def _moved(backend: Backend, uuid: str) -> Database:
    """Count a write, and forget the digest of what was before it."""
    with backend.store.guard:
        before = backend.database(uuid)
        database = msgspec.structs.replace(before, moment=before.moment + 1, digest="")
        backend.store.save(backend.store.account.with_database(database))
    return database


def _keep_moment(backend: Backend, uuid: str) -> str:
    """Keep the database's content under its bookmark; a worker's own writes move the bookmark here.

    What cannot be exported cannot be kept: it has a bookmark all the same, which a restore then refuses.
    """
    try:
        text = snapshots.dump(backend.runtime, uuid)
    except SqlError:
        return snapshots.bookmark(backend.database(uuid))
    digest = hashlib.sha256(text.encode()).hexdigest()
    with backend.store.guard:
        database = backend.database(uuid)
        if database.digest not in {"", digest}:
            database = _moved(backend, uuid)
        backend.store.save(
            backend.store.account.with_database(msgspec.structs.replace(database, digest=digest))
        )
    name = snapshots.bookmark(database)
    kept = backend.store.directory / "bookmarks" / uuid / f"{name}.sql"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(text, "utf-8")
    return name


def _dumped(backend: Backend, uuid: str) -> str:
    try:
        return snapshots.dump(backend.runtime, uuid)
    except SqlError as error:
        raise ApiError(400, SQL_FAILED, str(error)) from error


def _first_line(statements: Sequence[Statement]) -> str:
    changing = next(statement.sql for statement in statements if not reads_only(statement.sql))
    return " ".join(changing.split())[:80]


def _shown(database: Database) -> dict[str, Any]:
    return {
        "uuid": database.uuid,
        "name": database.name,
        "version": "production",
        "created_at": now(),
        "file_size": 0,
    }
