"""The body of an answer, bounded while it comes: in bytes as sent, in bytes unpacked, and in time."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

STEP = 64 * 1024  # bytes that are unpacked at once
GZIP = 16 + zlib.MAX_WBITS  # zlib's word for gzip
LATE = "it did not answer in time"


class PassingError(Exception):
    """A failure that may pass: no connection, no answer, 429 or 5xx. `wait` is what the server asked for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class OversizeError(PassingError):
    """An answer that is larger than anything that was asked for. It is not asked for again."""


def bounded(response: httpx.Response, most: int, until: float, *, cut: bool) -> bytes:
    """A body: a server must not fill the memory, packed or not, nor keep a release waiting by a byte now and then."""
    body = bytearray()
    for part in _inflated(response, most):
        body += part
        if len(body) > most and not cut:
            raise OversizeError(f"its answer is larger than {most // 1024} KB")
        if len(body) >= most and cut:
            break
        if time.monotonic() > until:
            raise PassingError(LATE)
    return bytes(body[:most])


def _inflated(response: httpx.Response, most: int) -> Iterator[bytes]:
    """The parts of a body, none larger than `STEP`; httpx itself unpacks whatever comes in one piece."""
    if response.is_stream_consumed:  # a test's transport hands out what was read already
        yield response.content
        return
    encoding = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise PassingError(f"it answered in the encoding {encoding[:40]!r}, which was not asked for")
    raw, unpacker = 0, zlib.decompressobj(GZIP)
    for packed in response.iter_raw():
        raw += len(packed)
        if encoding == "identity":
            yield packed
            continue
        while True:
            part = unpacker.decompress(packed, STEP)
            yield part
            packed = unpacker.unconsumed_tail  # noqa: PLW2901 - what is left of it
            if unpacker.eof:
                packed, unpacker = unpacker.unused_data, zlib.decompressobj(GZIP)  # noqa: PLW2901
            if not packed and len(part) < STEP:  # a full part may have more behind it
                break
        if raw > most:
            raise OversizeError(f"its answer is larger than {most // 1024} KB")
