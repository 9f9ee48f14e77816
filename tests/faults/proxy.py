"""A TCP proxy between an extraction and its source, or the warehouse, that can be cut, stalled or slowed down."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

BLOCK = 16_384


class Proxy:
    """Listens on a free port of 127.0.0.1 and forwards to another; a context manager."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.cut_after: int | None = None
        self.stall_after: int | None = None
        self.bytes_a_second: int | None = None
        self.forwarded = 0
        self.connections = 0
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()

    def refuse(self) -> None:
        """From now on nobody listens, and who is connected is cut off."""
        with suppress(OSError):
            # Closing alone would let a waiting accept take one more.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        for connected in self._sockets:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.connections += 1
            self._sockets += [client, server]
            threading.Thread(target=self._forward, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, True), daemon=True).start()

    def _forward(self, origin: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while block := origin.recv(BLOCK):
                if is_answer and not self._may_pass(len(block)):
                    return
                target.sendall(block)
        for end in (origin, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _may_pass(self, size: int) -> bool:
        self.forwarded += size
        if self.bytes_a_second:
            time.sleep(size / self.bytes_a_second)
        if self.cut_after is not None and self.forwarded > self.cut_after:
            self.cut()
            return False
        # A stalled connection stays open, and silent.
        return self.stall_after is None or self.forwarded <= self.stall_after
