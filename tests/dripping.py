"""Servers that keep whoever asks them waiting: they are silent, or send a byte now and then."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from typing import Self

EVERY = 0.05  # seconds between two bytes


class Dripping:
    """Takes every connection, sends `start` and then a byte now and then; nothing at all where `start` is empty.

    `asked` gets something for each request, `left` for each connection that the other side has ended.
    """

    def __init__(self, start: bytes = b"") -> None:
        self.asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.left: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._start = start
        self._over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.asked.put(connection.recv(65536))
            connection.settimeout(EVERY)
            connection.sendall(self._start)
            while not self._over.is_set():
                try:
                    if not connection.recv(65536):
                        break
                except TimeoutError:
                    connection.sendall(b"x" if self._start else b"")
        self.left.put(None)
