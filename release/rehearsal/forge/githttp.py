"""Smart-HTTP git: one request handed to `git http-backend` as CGI, and the ref updates that it asked for."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from werkzeug.wrappers import Response

from release.rehearsal.forge.bare import ZERO, isolated_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from release.rehearsal.forge.bare import Bare

_CHUNK = 64 * 1024
_LENGTH_DIGITS = 4
_UPDATE_WORDS = 3


@dataclass(frozen=True)
class RefUpdate:
    """One ref that a push wants to move: full name, old and new object (forty zeros: none), and success."""

    name: str
    old: str
    new: str
    accepted: bool


def serve(
    bare: Bare, request: Request, path: str, login: str, pushed: Callable[[tuple[RefUpdate, ...]], None]
) -> Response:
    """Answer one git request for `path` inside the repository (`/info/refs`, `/git-receive-pack`, ...).

    The request's body goes through an unlinked file and the answer through a pipe, so that a pack's size does
    not matter. After a push, `pushed` gets its ref updates before the answer is sent.
    """
    with tempfile.TemporaryFile(buffering=0) as body:  # git reads the descriptor, past any buffer of ours
        shutil.copyfileobj(_body(request), body, _CHUNK)
        body.seek(0)
        wanted = list(_commands(body)) if path == "/git-receive-pack" else []
        body.seek(0)
        process = subprocess.Popen(
            [bare.backend], stdin=body, stdout=subprocess.PIPE, env=_environment(bare, request, path, login)
        )
    response = _from_cgi(process)
    if wanted:
        response.get_data()  # a push's answer is short, and it is complete only when the refs have moved
        now = {ref.name: ref.sha for ref in bare.refs()}
        pushed(tuple(RefUpdate(n, o, new, accepted=now.get(n, ZERO) == new) for o, new, n in wanted))
    return response


def _body(request: Request) -> IO[bytes]:
    # a fault hook may have read the body already; werkzeug then holds it as cached data
    cached = getattr(request, "_cached_data", None)
    stream = io.BytesIO(cached) if cached is not None else request.stream
    if request.headers.get("Content-Encoding") in ("gzip", "x-gzip"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    return stream


def _environment(bare: Bare, request: Request, path: str, login: str) -> dict[str, str]:
    """The CGI variables; the body arrives decoded, hence neither length nor encoding are passed on."""
    return isolated_environment() | {
        "GIT_PROJECT_ROOT": str(bare.folder.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "PATH_INFO": f"/{bare.folder.name}{path}",
        "QUERY_STRING": request.query_string.decode(),
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.content_type or "",
        "REMOTE_USER": login,
        "REMOTE_ADDR": request.remote_addr or "",
    }


def _commands(body: IO[bytes]) -> Iterator[tuple[str, str, str]]:
    """Old, new and name of each ref in a push: pkt-lines up to the first flush (gitprotocol-pack)."""
    while (size := int(body.read(_LENGTH_DIGITS) or b"0", 16)) > _LENGTH_DIGITS:
        line = body.read(size - _LENGTH_DIGITS).split(b"\0")[0].decode().rstrip("\n")
        words = line.split(" ", 2)
        if len(words) == _UPDATE_WORDS:  # a `shallow SHA` line has two
            yield words[0], words[1], words[2]


def _from_cgi(process: subprocess.Popen[bytes]) -> Response:
    output = cast("IO[bytes]", process.stdout)
    status, headers = 200, []
    while line := output.readline().strip().decode("latin-1"):
        name, _, value = line.partition(": ")
        if name == "Status":
            status = int(value.split()[0])
        else:
            headers.append((name, value))
    response = Response(_chunks(process, output), status, headers)
    response.call_on_close(lambda: _finish(process))
    return response


def _chunks(process: subprocess.Popen[bytes], output: IO[bytes]) -> Iterator[bytes]:
    while chunk := output.read(_CHUNK):
        yield chunk
    process.wait()


def _finish(process: subprocess.Popen[bytes]) -> None:
    """Leave no process: when the client hung up, git still writes."""
    cast("IO[bytes]", process.stdout).close()
    if process.poll() is None:
        process.terminate()
    process.wait()
