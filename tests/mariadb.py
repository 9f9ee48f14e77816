"""Debian's MariaDB as a source of the tests: a server of its own on a free port, gone with the session."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

SERVER, INSTALLER = (
    shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("mariadbd", "mariadb-install-db")
)
START_SECONDS = 60
USER = "erp"
PASSWORD = "p@ss w'rd\"\\:/%"  # noqa: S105 - of a server that lives as long as the test


def require_mariadb() -> None:
    """Leave the test out, and say so, where there is no MariaDB; a gate that leaves it out has failed."""
    if SERVER and INSTALLER:
        return
    if os.environ.get("CI"):
        pytest.fail("mariadb-server is not installed; .ci/run installs it where it runs as root")
    pytest.skip("MySQL is left out: mariadb-server is not installed (apt-get install mariadb-server)")


@contextmanager
def running_mariadb() -> Iterator[sa.URL]:
    """A server with the database `erp`, and a user whose password is hard to quote; he may make others (`erp_...`)."""
    folder = Path(f"/tmp/cvp-mariadb-{secrets.token_hex(4)}")  # noqa: S108 - sockets' paths must be short
    folder.mkdir(mode=0o700)
    user = pwd.getpwuid(os.geteuid()).pw_name
    given = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={user}"]
    install = [str(INSTALLER), *given, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    setup = folder / "setup.sql"
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    setup.write_text(
        f"create database erp character set utf8mb4;\ncreate user {USER}@'%' identified by '{quoted}';\n"
        f"grant all on `erp%`.* to {USER}@'%';\n"
    )
    port = _free_port()
    place = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 's'}", f"--init-file={setup}"]
    zone = "--default-time-zone=+03:00"
    process = subprocess.Popen([str(SERVER), *given, *place, zone], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield sa.URL.create("mysql", USER, PASSWORD, "127.0.0.1", port, "erp")
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 10):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "mariadbd ended at its start"
        time.sleep(0.1)
    pytest.fail(f"mariadbd does not listen after {START_SECONDS} s")
