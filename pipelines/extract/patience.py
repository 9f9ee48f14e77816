"""Ends a read that stalls or takes too long: no driver in the engine has a time-out for a server that is silent.

The engine waits inside a driver, where nothing can interrupt it; what ends the wait is its socket being shut. The
driver then says that the connection is lost, and the extraction fails with the reason and leaves nothing behind.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import sqlalchemy as sa

from pipelines.extract.errors import ExtractionError
from pipelines.settings import Settings

LOOKS_A_SECOND = 4
OPEN_FILES = Path("/proc/self/fd")


class Patience(threading.Thread):
    """Watches one source from before it is opened; `heard` is called whenever something has come."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="patience", daemon=True)
        self.stall_seconds, self.limit_seconds = settings.source_stall_seconds, settings.source_timeout_minutes * 60
        self.began_at = self.heard_at = time.monotonic()
        self.lost: str | None = None
        self._others = _sockets()
        self._is_over = threading.Event()

    def heard(self) -> None:
        self.heard_at = time.monotonic()

    def over(self) -> None:
        self._is_over.set()
        self.join()

    def run(self) -> None:
        while not self._is_over.wait(1 / LOOKS_A_SECOND):
            now = time.monotonic()
            if now - self.heard_at > self.stall_seconds:
                self.lost = f"nothing came for {self.stall_seconds} s (source_stall_seconds): the connection was ended"
            elif now - self.began_at > self.limit_seconds:
                minutes = f"{self.limit_seconds // 60} minutes (source_timeout_minutes)"
                self.lost = f"it was not read within {minutes}: the connection was ended"
            if self.lost:
                _shut(_sockets() - self._others)


@contextmanager
def patience(settings: Settings, source: str) -> Iterator[Patience]:
    """For as long as a source is opened and read.

    Raises:
        ExtractionError: the read failed because patience ended.
    """
    watch = Patience(settings)
    watch.start()
    try:
        yield watch
    except (duckdb.Error, sa.exc.SQLAlchemyError, OSError, ExtractionError) as error:
        if watch.lost is not None:
            raise ExtractionError(source, None, watch.lost, is_lasting=False) from error
        raise
    finally:
        watch.over()


def _sockets() -> set[str]:
    """This process's sockets, by their names in /proc (`socket:[inode]`)."""
    found = set()
    for path in OPEN_FILES.iterdir():
        with suppress(OSError):
            found.add(str(path.readlink()))
    return {name for name in found if name.startswith("socket:")}


def _shut(names: set[str]) -> None:
    for path in OPEN_FILES.iterdir():
        with suppress(OSError):
            if str(path.readlink()) in names:
                with socket.socket(fileno=os.dup(int(path.name))) as copy:
                    copy.shutdown(socket.SHUT_RDWR)
