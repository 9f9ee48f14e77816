"""A warehouse that is killed, loses a session, has no room or no connection left in the middle of a landing.

It is a cluster of its own, that nobody else is hurt by; the source lives on the tests' common server.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
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
from tests.faults.small_disk import ROOMY, SmallDisk, small_disk
from tests.integration.extracting import desk_for

CONNECTIONS = 12
SMALL = 4


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
def _limited_files(process: int, megabytes: int) -> Iterator[Callable[[], None]]:
    """The process, and whom it starts, may write so much in a file; and what lifts that again."""
    limit = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (megabytes << 20, limit[1]))

    def lift() -> None:
        resource.prlimit(process, resource.RLIMIT_FSIZE, limit)

    try:
        yield lift
    finally:
        lift()


@contextmanager
def little_room(cluster: Cluster, megabytes: int = SMALL) -> Iterator[tuple[str, Callable[[], None]]]:
    """A tablespace `small` on a disk of so many megabytes, or server processes that may write no more in a file; and
    what makes room."""
    owner = cluster.data.stat()
    with small_disk(megabytes, owner.st_uid, owner.st_gid) as disk, cluster.admin() as admin:
        admin.execute(f"create tablespace small owner cvp_owner location '{disk.folder}'")
        try:
            if disk.is_mounted:
                yield "a full disk", lambda: disk.resize(ROOMY)
            else:
                with _limited_files(cluster.postmaster, megabytes) as lift:
                    yield "no room (a limit on the server's files)", lift
        finally:
            for setting in ("temp_tablespaces", "default_tablespace"):
                admin.execute(f"alter database w reset {setting}")
            with psycopg.connect(cluster.server.url("postgres", "w"), autocommit=True) as inside:
                for kind in ("table", "index"):
                    inside.execute(f"alter {kind} all in tablespace small set tablespace pg_default")
            admin.execute("drop tablespace small")


NO_ROOM = r"could not (extend|write).*(No space left|File too large)"


def place(cluster: Cluster, where: str) -> None:
    """What is going to find no room: a database's setting or a table of the landing schema."""
    with psycopg.connect(cluster.server.url("postgres", "w"), autocommit=True) as admin:
        if "." in where:
            admin.execute(f"alter table {where} set tablespace small")
        else:
            admin.execute(f"alter database w set {where} = 'small'")


@pytest.mark.parametrize(
    ("where", "megabytes", "what"),
    [
        ("landing.customer", SMALL, "COPY of a first pull"),
        ("default_tablespace", 1, "the key's index of a first pull"),
        ("temp_tablespaces", SMALL, "COPY of a later pull"),
    ],
)
def test_a_full_disk_is_said_what_is_landed_stands_and_with_room_the_next_try_lands_all(
    desk, cluster, note_fault, where, megabytes, what
):
    is_later = where == "temp_tablespaces"
    if is_later:
        values = "('other', 'X', 'kept', now())"
        desk.run(
            f"insert into landing.customer (source_system, customer_id, customer_name, extracted_at) values {values}"
        )
    with little_room(cluster, megabytes) as (how, make_room):
        desk.engine.dispose()
        place(cluster, where)
        with pytest.raises(ExtractionError, match=NO_ROOM) as error:
            pull(desk)
        assert not error.value.is_lasting
        assert desk.rows("select customer_id from landing.customer") == ([("X",)] if is_later else [])
        assert desk.rows("select 1 from control.watermark union all select 1 from control.extraction") == []
        make_room()
        desk.engine.dispose()
        pull(desk)
        desk.run("delete from landing.customer where source_system = 'other'")
        assert_all_landed_once(desk, note_fault, "F20", f"{how} under {what}")
        desk.engine.dispose()


@pytest.fixture
def changed_source(desk, postgres_erp) -> Iterator[None]:
    """All customers have landed, and all of them change at the source."""
    pull(desk)
    with psycopg.connect(postgres_erp.location(), autocommit=True) as source:
        source.execute("update customers set name = 'M', changed = '2024-01-02'")
        desk.start("second")
        yield
        source.execute("update customers set name = 'N', changed = '2024-01-01'")


def pull_again(desk):
    return extract_source(desk.settings, warehouse_engine(desk.settings), "erp", "second")


def names(desk) -> list[tuple]:
    return desk.rows("select customer_name, count(*) from landing.customer group by 1")


def assert_nothing_was_merged(desk) -> None:
    assert names(desk) == [("N", ROWS)]
    reached = "select 1 from control.extraction where run_id = 'second' union all select 1 from landing.landing_history"
    assert desk.rows(reached) == []
    assert desk.rows("select distinct run_id from control.watermark") == [("night",)]


def assert_all_was_merged_once(desk, note_fault, fault: str) -> None:
    history = desk.rows("select row ->> 'customer_name', count(*), count(distinct key) from landing.landing_history"
                        " group by 1")  # fmt: skip
    landed = names(desk)
    note_fault("F20", fault, 1, 1, ROWS - landed[0][1], history[0][1] - ROWS)
    assert (landed, history) == ([("M", ROWS)], [("N", ROWS, ROWS)])


def test_a_disk_that_fills_up_while_changes_are_merged_leaves_every_version_as_it_was(
    desk, cluster, changed_source, note_fault
):
    with little_room(cluster) as (how, make_room):
        place(cluster, "landing.customer_history")
        desk.engine.dispose()
        with pytest.raises(ExtractionError, match=NO_ROOM) as error:
            pull_again(desk)
        assert not error.value.is_lasting
        assert_nothing_was_merged(desk)
        make_room()
        desk.engine.dispose()
        pull_again(desk)
        assert_all_was_merged_once(desk, note_fault, f"{how} while changes are merged")
        desk.engine.dispose()


def _copied(origin: Path, target: Path) -> None:
    """A folder copied with its owner."""
    shutil.copytree(origin, target)
    owner = origin.stat()
    target.chmod(0o700)
    for path in [target, *target.rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def log_on(cluster: Cluster, disk: SmallDisk) -> Iterator[None]:
    """The warehouse's write-ahead log on another disk."""
    log, elsewhere = cluster.data / "pg_wal", disk.folder / "pg_wal"
    cluster.server.stop()
    _copied(log, elsewhere)
    shutil.rmtree(log)
    log.symlink_to(elsewhere)
    cluster.server.start()
    try:
        yield
    finally:
        cluster.server.stop()
        log.unlink()
        _copied(elsewhere, log)
        cluster.server.start()


def test_a_full_disk_of_the_log_stops_the_warehouse_and_with_room_it_recovers_and_all_lands(
    desk, cluster, changed_source, monkeypatch, note_fault
):
    data = cluster.data
    owner = data.stat()
    desk.engine.dispose()
    with small_disk(ROOMY, owner.st_uid, owner.st_gid) as disk, log_on(cluster, disk):

        def no_room() -> None:
            if disk.is_mounted:
                with cluster.admin() as admin:
                    # older log that is kept to be written over is room, too
                    for _ in list((disk.folder / "pg_wal").glob("0*"))[1:]:
                        admin.execute("select pg_logical_emit_message(false, 'fill', 'x')")
                        admin.execute("select pg_switch_wal()")
                disk.fill()
            else:
                limit = (SMALL << 20, resource.RLIM_INFINITY)
                resource.prlimit(cluster.backend("cvp"), resource.RLIMIT_FSIZE, limit)

        before(monkeypatch, "_merge", no_room)
        with pytest.raises(ExtractionError) as error:
            pull_again(desk)
        assert not error.value.is_lasting
        monkeypatch.undo()
        if disk.is_mounted:
            said = (data.parent / "server.log").read_text("utf-8", "replace").partition("PANIC")[2]
            assert "No space left on device" in said, "it was the log that found no room"
        disk.empty()
        cluster.server.start()
        desk.engine.dispose()
        assert_nothing_was_merged(desk)
        pull_again(desk)
        assert_all_was_merged_once(desk, note_fault, "a full disk of the warehouse's log")
        desk.engine.dispose()
