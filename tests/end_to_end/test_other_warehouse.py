"""`WAREHOUSE_URL`: any other PostgreSQL, from version 15 on, holds the warehouse instead of the embedded one."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

EXAMPLE = "canonical=pipelines/sources/example"
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def _as_postgres() -> list[str]:
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module", params=DEBIAN or [None], ids=lambda path: path.parts[-3] if path else "none")
def other_server(request, tmp_path_factory) -> Iterator[str]:
    """A PostgreSQL of Debian's, started for this test; the URL of an empty database that a plain role owns."""
    if request.param is None:
        if os.environ.get("CI"):
            pytest.fail("CI must not leave another PostgreSQL out: apt-get install postgresql")
        pytest.skip("another PostgreSQL is left out: none of Debian's is installed (apt-get install postgresql)")
    binaries = request.param.parent
    folder = Path("/tmp") / f"cvp-other-{secrets.token_hex(4)}"  # noqa: S108 (the server's user must reach it)
    folder.mkdir(mode=0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(*arguments: str) -> None:
        subprocess.run([*_as_postgres(), *arguments], cwd="/", check=True, capture_output=True)

    call(str(binaries / "initdb"), "-D", f"{folder}/data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    call(str(binaries / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", autocommit=True) as connection:
            connection.execute("create role company login password 'p@ss w%rd/'")
            connection.execute("create database warehouse owner company")
        yield f"postgresql://company:p%40ss%20w%25rd%2F@127.0.0.1:{port}/warehouse"
    finally:
        call(str(binaries / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "stop")
        time.sleep(0.2)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_night_runs_on_another_postgresql_with_a_role_that_owns_nothing_else(instance, other_server):
    variables = {"WAREHOUSE_URL": other_server}
    for _ in range(2):
        output = instance.run("night", "--as-of", "2024-02-29", "--sources", EXAMPLE, **variables)
        assert "tiers as of 2024-02-29" in output
    assert instance.url(**variables) == other_server
    with psycopg.connect(other_server) as connection:
        assert connection.execute("select count(*) > 0 from published.customer_tier where tier = 'core'").fetchone()[0]
        versions = connection.execute("select count(*) from published.run where status = 'published'").fetchone()
    assert versions == (2,)


def test_a_server_that_cannot_be_reached_is_named_without_its_password(instance):
    output = instance.run("status", expect=2, WAREHOUSE_URL="postgresql://u:topsecret@127.0.0.1:9/w")
    assert "127.0.0.1:9" in output
    assert "topsecret" not in output
