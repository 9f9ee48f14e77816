"""The benchmark's own place: a throw-away server and folder, databases, processes with a settings file of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import psycopg
from psycopg import sql
from rich.console import Console

from pipelines.settings import PROJECT, home_folder
from pipelines.warehouse.server import EmbeddedServer, wheel_binaries

PSQL = wheel_binaries() / "psql"
SOURCE, RIVALS, EMPTY = "source", "rivals", "warehouse_empty"
# The file cache is full where reading so much takes less than so much of what is free.
READ_AT_ONCE, STILL_TAKEN = 256 << 20, 64 << 20
EMPTY_FILE_BYTES = 1 << 42


@dataclass
class Place:
    """Where everything of one run lies. `sources`: mapping name -> location, for every extraction.

    `fills_memory`: whether no memory is free when a measurement begins, which takes a minute at first.
    """

    home: Path
    server: EmbeddedServer
    console: Console
    sources: dict[str, str] = field(default_factory=dict)
    fills_memory: bool = False
    _read_so_far: int = 0
    _started: list[subprocess.Popen] = field(default_factory=list)

    @property
    def mappings(self) -> Path:
        return self.home / "mappings"

    def url(self, database: str) -> str:
        return self.server.url("cvp_owner", database)

    def environment(self, database: str) -> dict[str, str]:
        """For a process of ours: nothing of the user's own settings, one warehouse database."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CVP_", "WAREHOUSE_"))}
        return kept | {
            "CVP_HOME": str(self.home),
            "CVP_CONFIG": str(self.home / "bench.toml"),
            "CVP_WAREHOUSE_DATABASE": database,
            "CVP_MAPPING_FOLDERS": str(self.mappings),
            **{f"CVP_SOURCES__{name}": location for name, location in self.sources.items()},
        }

    def start(self, module: str, *arguments: str, python: Path | None = None, **environment: str) -> subprocess.Popen:
        """A module of this folder in a process of its own, spoken with by its standard streams.

        Another Python runs it as a script. `environment` is all that it gets.
        """
        what = ["-m", module] if python is None else ["-P", str(PROJECT / f"{module.replace('.', '/')}.py")]
        process = subprocess.Popen(
            [str(python or sys.executable), *what, *arguments], cwd=PROJECT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._started.append(process)
        return process

    def end_processes(self) -> None:
        """End those that are still at work."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()

    def run(self, database: str, *statements: str) -> None:
        """Statements in a database, each in a transaction of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def row(self, database: str, statement: str) -> tuple:
        """The one row that a select gives."""
        with psycopg.connect(self.url(database)) as connection:
            return connection.execute(statement).fetchone()

    def settle(self) -> None:
        """Write out what is still to be written and leave no memory free, so that nobody pays for what came before.

        A virtual machine's host takes back what is free for seconds: of a database just dropped, of files just deleted.
        To write a gigabyte into memory that it must give again takes up to ten seconds, else half a second. A server
        that has been up for days has no free memory either: its file cache is full.
        """
        self._as_admin(sql.SQL("checkpoint"))
        os.sync()
        if self.fills_memory:
            self._fill_file_cache()

    def _fill_file_cache(self) -> None:
        """Read on in an endless empty file until that takes nothing more of what is free."""
        block, free = bytearray(1 << 20), free_memory()
        with FileIO(self.home / "empty_file", "a+") as file:
            file.truncate(EMPTY_FILE_BYTES)
            file.seek(self._read_so_far)
            while True:
                for _ in range(READ_AT_ONCE // len(block)):
                    file.readinto(block)
                free, before = free_memory(), free
                if free > before - STILL_TAKEN:
                    break
            self._read_so_far = file.tell()

    def copy_database(self, template: str, name: str) -> None:
        """A database like another one, owned by the warehouse's owner."""
        self.server.drop_database(name)
        statement = sql.SQL("create database {} template {} owner cvp_owner")
        self._as_admin(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def _as_admin(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.server.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def forget_files(self) -> str:
        """Drop the stopped server's data from the system's file cache; says how far that was permitted."""
        os.sync()
        data = Path(self.server.start().folder) / "data"
        self.server.stop()
        dropped = refused = 0
        for file in (path for path in data.rglob("*") if path.is_file()):
            try:
                handle = os.open(file, os.O_RDONLY)
            except PermissionError:
                refused += 1
                continue
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)
            dropped += 1
        return f"{dropped} data files dropped from the file cache" + (f", {refused} not permitted" if refused else "")


def free_memory() -> int:
    """Bytes of memory that hold nothing, no file either."""
    lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemFree:")) * 1024


@contextmanager
def own_place(console: Console) -> Iterator[Place]:
    """An instance folder with a running server; both are gone afterwards, and what a killed run left before."""
    home = home_folder() / "bench"
    server = EmbeddedServer(home)
    server.destroy()
    shutil.rmtree(home, ignore_errors=True)
    place = Place(home, server, console)
    place.mappings.mkdir(parents=True)
    (home / "bench.toml").write_text("", "utf-8")
    try:
        server.start()
        for name in (SOURCE, RIVALS, EMPTY):
            server.ensure_database(name, "cvp_owner")
        yield place
    finally:
        place.end_processes()
        server.destroy()
        shutil.rmtree(home, ignore_errors=True)
