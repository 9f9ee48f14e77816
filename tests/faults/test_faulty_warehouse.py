"""A warehouse that is killed, loses a session, has no room or no connection left in the middle of a landing.

It is a cluster of its own, that nobody else is hurt by; the source lives on the tests' common server.
"""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from pipelines.extract import ExtractionError, extract_source, transfer
from pipelines.extract.landing import Landing
from pipelines.settings import SettingsError, get_settings
from pipelines.warehouse import migrations
from pipelines.warehouse.connection import warehouse_engine
from pipelines.warehouse.server import EmbeddedServer
from tests.conftest import Warehouse
from tests.faults.conftest import ROWS
from tests.integration.extracting import desk_for

CONNECTIONS = 12
SMALL, LARGE = 4, 128


@dataclass(frozen=True)
class Cluster:
    server: EmbeddedServer
    home: Path

    @property
    def data(self) -> Path:
        instance = self.server.running()
        assert instance is not None
        return Path(instance.folder) / "data"

    @property
    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def backend(self, application: str) -> int:
        """The process of the newest session of that name."""
        with self.admin() as connection:
            query = "select pid from pg_stat_activity where application_name = %s order by backend_start desc limit 1"
            row = connection.execute(query, [application]).fetchone()
        assert row is not None
        return int(row[0])

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self.server.url("postgres", "postgres"), autocommit=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("cluster")
    server = EmbeddedServer(home)
    server.start()
    found = Cluster(server, home)
    with (found.data / "postgresql.conf").open("a") as handle:
        handle.write(f"max_connections = {CONNECTIONS}\nsuperuser_reserved_connections = 2\n")
    server.stop()
    server.start()
    yield found
    server.destroy()


@pytest.fixture
def desk(cluster, postgres_erp, tmp_path):
    settings = get_settings().model_copy(
        update={"home": cluster.home, "warehouse_database": "w", "warehouse_url": None}
    )
    engine = warehouse_engine(settings)
    migrations.upgrade(engine)
    found = desk_for(Warehouse(settings, engine, cluster.server.url("cvp_owner", "w")), tmp_path)
    found.source("erp", postgres_erp.location(), postgres_erp.mapping)
    found.start("night")
    yield found
    engine.dispose()


def pull(desk):
    return extract_source(desk.settings, warehouse_engine(desk.settings), "erp", "night")


def at_second_block(monkeypatch, fault: Callable[[], None]) -> None:
    """The fault strikes once, when the second block of rows has been carried to the warehouse."""
    calls = []
    original = transfer._highest

    def highest(marks):
        calls.append(1)
        if len(calls) == 2:
            fault()
        return original(marks)

    monkeypatch.setattr(transfer, "_highest", highest)


def before(monkeypatch, step: str, fault: Callable[[], None]) -> None:
    """The fault strikes before the first call of a step of the landing."""
    original = getattr(Landing, step)
    struck = []

    def stepping(*arguments):
        if not struck:
            struck.append(1)
            fault()
        return original(*arguments)

    monkeypatch.setattr(Landing, step, stepping)


STRIKES = {
    "in the middle of COPY": at_second_block,
    "between reading and merging": lambda monkeypatch, fault: before(monkeypatch, "land", fault),
    "before the commit": lambda monkeypatch, fault: before(monkeypatch, "_account", fault),
}


def assert_nothing_landed(desk) -> None:
    everything = "landing.customer union all select 1 from landing.product union all select 1 from control.watermark"
    assert desk.rows(f"select 1 from {everything} union all select 1 from control.extraction") == []
    assert desk.rows("select relname from pg_class where relname like 'pulled%%' or relname = 'delta'") == []


def assert_all_landed_once(desk, note_fault, case: str, fault: str) -> None:
    ((rows, keys),) = desk.rows("select count(*), count(distinct customer_id) from landing.customer")
    history = int(desk.scalar("select count(*) from landing.landing_history"))
    note_fault(case, fault, 1, 1, ROWS - keys, rows - keys + history)
    assert (keys, rows, history) == (ROWS, ROWS, 0)
    assert desk.scalar("select count(*) from landing.product") == 10
    assert len(desk.rows("select 1 from control.watermark")) == 2


@pytest.mark.parametrize("stage", list(STRIKES))
def test_a_warehouse_killed_under_a_landing_recovers_and_the_next_try_lands_all(
    desk, cluster, monkeypatch, note_fault, stage
):
    STRIKES[stage](monkeypatch, lambda: os.kill(cluster.postmaster, signal.SIGKILL))
    with pytest.raises(ExtractionError) as error:
        pull(desk)
    assert not error.value.is_lasting
    monkeypatch.undo()
    cluster.server.start()
    assert_nothing_landed(desk)
    pull(desk)
    assert_all_landed_once(desk, note_fault, "F07", f"kill -9 of the warehouse {stage}")


@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGTERM"])
def test_a_session_that_is_killed_lands_nothing_and_the_next_try_all(
    desk, cluster, monkeypatch, note_fault, signal_name
):
    """-9 makes PostgreSQL end every session and recover; SIGTERM is what pg_terminate_backend sends."""
    at_second_block(monkeypatch, lambda: os.kill(cluster.backend("cvp"), getattr(signal, signal_name)))
    with pytest.raises(ExtractionError) as error:
        pull(desk)
    assert not error.value.is_lasting
    monkeypatch.undo()
    cluster.server.start()
    assert_nothing_landed(desk)
    pull(desk)
    assert_all_landed_once(desk, note_fault, "F08", f"{signal_name} of the warehouse's session")


def test_a_warehouse_without_a_free_connection_is_named_and_tried_again(desk, cluster, note_fault):
    desk.engine.dispose()
    held = []
    with pytest.raises(psycopg.OperationalError, match="connection slots"):
        while len(held) <= CONNECTIONS:
            held.append(psycopg.connect(cluster.server.url("cvp_owner", "w")))
    with pytest.raises((ExtractionError, SettingsError), match="connection slots|too many clients") as error:
        pull(desk)
    assert not getattr(error.value, "is_lasting", False)
    for connection in held:
        connection.close()
    pull(desk)
    assert_all_landed_once(desk, note_fault, "F29", "warehouse without a free connection")


@contextmanager
def little_room(cluster: Cluster) -> Iterator[tuple[str, Callable[[], None]]]:
    """A tablespace on a disk of SMALL megabytes, or server processes that may write no more; and what makes room."""
    folder = Path(f"/tmp/cvp-small-{secrets.token_hex(4)}")  # noqa: S108 - the server's user must reach it
    folder.mkdir()
    owner = cluster.data.stat()
    options = f"size={SMALL}m,uid={owner.st_uid},gid={owner.st_gid},mode=700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False).returncode == 0
    try:
        if mounted:
            more = ["mount", "-o", f"remount,size={LARGE}m", str(folder)]
            yield "a full disk", lambda: subprocess.run(more, check=True) and None
        else:
            folder.chmod(0o700)
            os.chown(folder, owner.st_uid, owner.st_gid)
            limit = resource.prlimit(cluster.postmaster, resource.RLIMIT_FSIZE)
            resource.prlimit(cluster.postmaster, resource.RLIMIT_FSIZE, (SMALL << 20, limit[1]))
            yield (
                "no room (a limit on the server's files)",
                lambda: resource.prlimit(cluster.postmaster, resource.RLIMIT_FSIZE, limit) and None,
            )
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("pulled_before", [False, True], ids=["first pull", "later pull"])
def test_a_full_disk_is_said_what_is_landed_stands_and_with_room_the_next_try_lands_all(
    desk, cluster, note_fault, pulled_before
):
    if pulled_before:
        values = "('other', 'X', 'kept', now())"
        desk.run(
            f"insert into landing.customer (source_system, customer_id, customer_name, extracted_at) values {values}"
        )
    with little_room(cluster) as (how, make_room), cluster.admin() as admin:
        folder = next(Path("/tmp").glob("cvp-small-*"))  # noqa: S108
        admin.execute(f"create tablespace small owner cvp_owner location '{folder}'")
        try:
            desk.engine.dispose()
            if not pulled_before:
                desk.run("alter table landing.customer set tablespace small")
            admin.execute("alter database w set temp_tablespaces = 'small'")
            desk.engine.dispose()
            no_room = r"could not (extend|write).*(No space left|File too large)"
            with pytest.raises(ExtractionError, match=no_room) as error:
                pull(desk)
            assert not error.value.is_lasting
            kept = [("X",)] if pulled_before else []
            assert desk.rows("select customer_id from landing.customer") == kept
            assert desk.rows("select 1 from control.watermark union all select 1 from control.extraction") == []
            make_room()
            desk.engine.dispose()
            pull(desk)
            desk.run("delete from landing.customer where source_system = 'other'")
            what = "later" if pulled_before else "first"
            assert_all_landed_once(desk, note_fault, "F20", f"{how} under a {what} pull")
        finally:
            admin.execute("alter database w reset temp_tablespaces")
            desk.engine.dispose()
            desk.run("alter table landing.customer set tablespace pg_default")
            desk.engine.dispose()
            admin.execute("drop tablespace small")
