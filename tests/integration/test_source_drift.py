"""What changes at a source between two nights is named before anything is overwritten."""

from __future__ import annotations

import sqlite3
from unittest.mock import Mock

import duckdb
import pytest

from pipelines.extract import ExtractionError
from pipelines.extract.landing import Landing
from tests.integration.extracting import desk_for

MAPPING = """
    kind: {kind}
    entities:
      customer:
        table: kna1
        {more}
        columns: {{customer_id: kunnr, customer_name: name1, industry: brsch, credit_limit: klimk}}
"""
MARKED = "change_marker: {column: aedat, type: timestamp, overlap_minutes: 0}"


@pytest.fixture
def desk(module_warehouse, tmp_path):
    return desk_for(module_warehouse, tmp_path)


@pytest.fixture
def erp(tmp_path):
    """Two hundred customers, all with an industry, one in ten with a credit limit."""
    connection = sqlite3.connect(tmp_path / "erp.sqlite", isolation_level=None)
    connection.execute("create table kna1 (kunnr integer primary key, name1, brsch, klimk, aedat)")
    connection.executemany(
        "insert into kna1 values (?, 'N', 'AU', ?, '2024-01-01 10:00')",
        [(number, number if number % 10 == 0 else None) for number in range(200)],
    )
    yield connection
    connection.close()


@pytest.fixture
def place(desk, tmp_path):
    def put(more: str = "", kind: str = "sqlite", file: str = "erp.sqlite") -> None:
        desk.source("erp", str(tmp_path / file), MAPPING.format(kind=kind, more=more))

    return put


def landed_state(desk) -> list[tuple]:
    return desk.rows('select * from landing.customer order by customer_id collate "C"')


@pytest.fixture
def retyped(desk, tmp_path):
    """A DuckDB file whose credit limits were numbers in the first night and are text, one of them unreadable, now."""
    desk.source("erp", str(tmp_path / "erp.duckdb"), MAPPING.format(kind="duckdb", more=""))
    with duckdb.connect(str(tmp_path / "erp.duckdb")) as source:
        source.execute("create table kna1 (kunnr integer, name1 varchar, brsch varchar, klimk decimal(12, 2))")
        source.execute("insert into kna1 values (1, 'N', 'AU', 10), (2, 'N', 'AU', 20)")
    desk.extract("erp", "customer")
    with duckdb.connect(str(tmp_path / "erp.duckdb")) as source:
        source.execute("alter table kna1 alter klimk type varchar")
        source.execute("update kna1 set klimk = case kunnr when 1 then '11.00' else 'much' end")
    return desk


def test_a_column_of_another_type_is_named_before_anything_is_overwritten(retyped, caplog, monkeypatch):
    """And what can no longer be read overwrites nothing."""
    before = landed_state(retyped)
    with monkeypatch.context() as patch:
        patch.setattr(Landing, "land", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            retyped.extract("erp", "customer", "second")
    assert "erp.customer: the source's column klimk is VARCHAR, it was DECIMAL(12,2) for the night of" in caplog.text
    assert landed_state(retyped) == before
    result = retyped.extract("erp", "customer", "second")
    assert (result.rows_landed, result.rows_unchanged, result.rows_rejected) == (1, 0, 1)
    limits = retyped.rows("select customer_id, credit_limit from landing.customer order by 1")
    assert limits == [("1", 11), ("2", 20)]


def test_a_column_that_disappears_is_named_and_nothing_is_overwritten(desk, erp, place):
    place()
    desk.extract("erp", "customer")
    before = landed_state(desk)
    erp.execute("alter table kna1 rename column brsch to branche")
    with pytest.raises(ExtractionError, match=r"kna1 has no column 'brsch' \(for industry in .*erp\.yml\)"):
        desk.extract("erp", "customer", "second")
    place("absent_columns: allowed")
    with pytest.raises(ExtractionError, match=r"lost brsch, read last for the night of 2024-01-31: nothing was"):
        desk.extract("erp", "customer", "third")
    assert landed_state(desk) == before
    # taken out of the mapping it is a decision
    file = desk.folder / "erp.yml"
    file.write_text(file.read_text("utf-8").replace("industry: brsch, ", ""), "utf-8")
    assert desk.extract("erp", "customer", "fourth").rows_landed == 200


@pytest.mark.parametrize(
    ("more", "change", "named"),
    [
        ("", "update kna1 set brsch = null", "industry"),
        ("", "update kna1 set brsch = '', klimk = null", "industry, credit_limit"),
        ("", "update kna1 set klimk = null", "credit_limit"),
        (MARKED, "update kna1 set brsch = null, aedat = '2024-01-02 10:00' where kunnr < 20", "industry"),
        (MARKED, "update kna1 set klimk = null, aedat = '2024-01-02 10:00' where kunnr < 150", "credit_limit"),
    ],
)
def test_a_column_that_turns_empty_is_named_and_nothing_is_overwritten(desk, erp, place, more, change, named):
    place(more)
    desk.extract("erp", "customer")
    before = landed_state(desk)
    # the hour for clocks without zone would re-read the rest
    erp.execute("update kna1 set aedat = '2023-12-31 10:00' where kunnr >= 150")
    if more:
        desk.run("update control.watermark set marker = '2024-01-02T01:00:00+00:00'")
    erp.execute(change)
    with pytest.raises(ExtractionError, match=rf"erp\.customer: {named} came empty in all .* nothing was changed"):
        desk.extract("erp", "customer", "second")
    assert landed_state(desk) == before


@pytest.mark.parametrize(
    "change",
    [
        "update kna1 set brsch = null, aedat = '2024-01-02 10:00' where kunnr < 19",
        "update kna1 set klimk = null, aedat = '2024-01-02 10:00' where kunnr < 100",
        "update kna1 set brsch = case kunnr when 7 then 'AU' end, aedat = '2024-01-02 10:00' where kunnr < 100",
    ],
    ids=["few rows", "a column that was seldom filled", "one is filled still"],
)
def test_empty_values_that_may_be_chance_stop_nothing(desk, erp, place, change):
    place(MARKED)
    desk.extract("erp", "customer")
    desk.run("update control.watermark set marker = '2024-01-02T01:00:00+00:00'")
    erp.execute(change)
    assert desk.extract("erp", "customer", "second").rows_landed > 0


def test_columns_and_types_are_remembered_and_a_new_one_is_ignored(desk, tmp_path, place):
    with duckdb.connect(str(tmp_path / "erp.duckdb")) as connection:
        connection.execute("create table kna1 (kunnr int, name1 text, brsch text, klimk decimal(10, 2), memo blob)")
        connection.execute("insert into kna1 values (1, 'A', 'AU', 1.5, null)")
    place("", "duckdb", "erp.duckdb")
    desk.extract("erp", "customer")
    remembered = "select source_columns, columns_read from control.extraction where run_id = '{}'"
    columns, read = desk.rows(remembered.format("night"))[0]
    assert columns == {
        "kunnr": "INTEGER", "name1": "VARCHAR", "brsch": "VARCHAR", "klimk": "DECIMAL(10,2)", "memo": "BLOB",
    }  # fmt: skip
    assert set(read) == {"kunnr", "name1", "brsch", "klimk"}
    with duckdb.connect(str(tmp_path / "erp.duckdb")) as connection:
        connection.execute("alter table kna1 alter klimk type varchar; alter table kna1 add column neu date")
    assert desk.extract("erp", "customer", "second").rows_unchanged == 1
    columns, _ = desk.rows(remembered.format("second"))[0]
    assert (columns["klimk"], columns["neu"]) == ("VARCHAR", "DATE")


def test_values_that_no_longer_parse_stop_the_night_by_their_share(desk, erp, place):
    from pipelines.extract import check_rejections

    place()
    desk.extract("erp", "customer")
    erp.execute("update kna1 set klimk = 'n/a' where kunnr < 50")
    assert desk.extract("erp", "customer", "second").rows_rejected == 50
    with pytest.raises(ExtractionError, match="50 of 200 rows were set aside, more than 5.0%: 50 x credit_limit is no"):
        check_rejections(desk.settings, desk.engine, "second")


@pytest.mark.parametrize("more", ["", MARKED])
def test_a_table_that_is_empty_tonight_is_refused(desk, erp, place, more):
    place(more)
    erp.execute("delete from kna1 where kunnr > 50")
    desk.extract("erp", "customer")
    erp.execute("delete from kna1")
    with pytest.raises(ExtractionError, match="the source is empty and 51 rows of it are landed"):
        desk.extract("erp", "customer", "second")
    assert desk.scalar("select count(*) from landing.customer") == 51
    desk.settings.deleted_share_limit = 1
    assert desk.extract("erp", "customer", "third").rows_deleted == (0 if more else 51)


def test_a_changed_mapping_reads_everything_again_and_other_words_in_it_do_not(desk, erp, place):
    place(MARKED)
    desk.extract("erp", "customer")
    erp.execute("update kna1 set aedat = '2023-12-01 10:00' where kunnr < 150")
    file = desk.folder / "erp.yml"
    file.write_text(file.read_text("utf-8").replace("overlap_minutes: 0", "overlap_minutes: 5"), "utf-8")
    second = desk.extract("erp", "customer", "second")
    assert (second.rows_read, second.is_full_pull) == (50, False)
    expression = 'industry: {expression: "lower(brsch)"}'
    file.write_text(file.read_text("utf-8").replace("industry: brsch", expression), "utf-8")
    third = desk.extract("erp", "customer", "third")
    assert (third.rows_read, third.rows_landed, third.is_full_pull) == (200, 200, True)
    assert desk.rows("select distinct industry from landing.customer") == [("au",)]
    assert desk.extract("erp", "customer", "fourth").is_full_pull is False
