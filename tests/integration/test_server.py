"""The embedded server: two starters, dead servers, taken ports, spaces and closed folders."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from pipelines.warehouse.server import EmbeddedServer, Instance


@pytest.fixture
def own_server(tmp_path):
    """A server of this test's own, in a folder with a space and a quote in its name."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.name.startswith("pytest-"):
            parent.chmod(0o755)
    home = tmp_path / "it's a folder"
    server = EmbeddedServer(home)
    yield server
    server.destroy()


def _postmaster(instance: Instance) -> int:
    return int((Path(instance.folder) / "data" / "postmaster.pid").read_text().splitlines()[0])


def test_nobody_gets_in_without_a_password(own_server):
    instance = own_server.start()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=instance.port, user="postgres", dbname="postgres", password="x")  # noqa: S106
    with psycopg.connect(own_server.url("postgres", "postgres")) as connection:
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)
        hashed = "select count(*) from pg_authid where rolcanlogin and rolpassword not like 'SCRAM-SHA-256$%'"
        assert connection.execute(hashed).fetchone() == (0,)
        assert connection.execute("show password_encryption").fetchone() == ("scram-sha-256",)
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        locale = "select datlocale from pg_database where datname = 'postgres'"
        assert connection.execute(locale).fetchone() == ("C.UTF-8",)


def test_two_starters_at_once_get_the_same_server(own_server):
    with ThreadPoolExecutor(4) as pool:
        instances = list(pool.map(lambda _: EmbeddedServer(own_server.home).start(), range(4)))
    assert len({(instance.port, instance.folder) for instance in instances}) == 1


def test_a_killed_server_is_noticed_and_started_again(own_server):
    instance = own_server.start()
    own_server.ensure_database("kept", "cvp_owner")
    os.kill(_postmaster(instance), signal.SIGKILL)
    time.sleep(0.5)
    assert own_server.running() is None
    with psycopg.connect(own_server.url("cvp_owner", "kept")) as connection:
        assert connection.execute("select current_database()").fetchone() == ("kept",)


def test_a_taken_port_makes_it_move_and_a_foreign_listener_is_not_taken_for_it(own_server):
    instance = own_server.start()
    own_server.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", instance.port))
        squatter.listen()
        moved = own_server.start()
    assert moved.port != instance.port
    assert own_server.running() == moved


def test_stopping_twice_and_destroying_leave_nothing(own_server):
    instance = own_server.start()
    pid = _postmaster(instance)
    assert own_server.stop() is True
    assert own_server.stop() is False
    own_server.destroy()
    assert not Path(instance.folder, "data").exists()
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_root_with_a_closed_folder_changes_no_permission(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    server = EmbeddedServer(closed / "home")
    try:
        instance = server.start()
        assert instance.folder.startswith("/var/lib/cvp-postgres/")
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        server.destroy()
    assert not Path(instance.folder).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="root can become an ordinary user; an ordinary user already is one")
def test_an_ordinary_user_runs_it_as_himself(tmp_path):
    import pwd

    for folder in (tmp_path, *[parent for parent in tmp_path.parents if parent.name.startswith("pytest-")]):
        folder.chmod(0o755)
    home = tmp_path / "mine"
    home.mkdir()
    user = pwd.getpwnam("nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    script = (
        "from pathlib import Path; from pipelines.warehouse.server import EmbeddedServer;"
        f"s = EmbeddedServer(Path({str(home)!r})); s.start(); print(s.running().folder); s.destroy()"
    )
    # He may read what he must not enter (this interpreter may lie in root's home), and is otherwise an ordinary user.
    become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*become, *reading, sys.executable, "-c", script],
        cwd="/", env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(home / "postgres")
