"""Landing, on the canonical folder: merge by key, history, rejects, deletions and the account, in one transaction."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from pipelines.extract import ExtractionError, check_rejections, extract_entity, list_extractions
from pipelines.settings import PROJECT
from tests.integration.extracting import desk_for, text_table

CUSTOMERS = """
    customer_id,customer_name,credit_limit
    C1,One,100
    C2,Two,200.50
    C3,Three,
"""


@pytest.fixture
def desk(module_warehouse, tmp_path):
    found = desk_for(module_warehouse, tmp_path)
    found.source("canonical", str(tmp_path / "data"))
    return found


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_a_first_pull_lands_every_row_and_accounts_for_it(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    result = desk.extract("canonical", "customer")
    assert (result.rows_read, result.rows_landed, result.rows_held, result.is_full_pull) == (3, 3, 3, True)
    assert desk.landed("customer", "source_system, customer_id, customer_name, credit_limit") == [
        ("canonical", "C1", "One", Decimal(100)),
        ("canonical", "C2", "Two", Decimal("200.50")),
        ("canonical", "C3", "Three", None),
    ]
    account = "rows_read, rows_landed, rows_unchanged, rows_rejected, rows_deleted, rows_held"
    assert desk.rows(f"select {account} from control.extraction") == [(3, 3, 0, 0, 0, 3)]
    assert desk.rows("select indexdef from pg_indexes where indexname = 'customer_pkey'")


def test_a_first_pulls_rows_lie_as_they_will_stay_so_that_no_reader_writes_their_pages_again(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("set local enable_seqscan = off; set local enable_bitmapscan = off")
        counted = "explain (analyze, format json) select count(customer_id) from landing.customer"
        (plan,) = connection.exec_driver_sql(counted).scalar()
    read = plan["Plan"]["Plans"][0]
    assert (read["Node Type"], read["Actual Rows"], read["Heap Fetches"]) == ("Index Only Scan", 3, 0)


def test_the_same_rows_again_are_unchanged_and_not_rewritten(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    before = desk.rows("select customer_id, xmin, extracted_at from landing.customer order by 1")
    text_table(data, "customer.csv", CUSTOMERS.replace("C1,One,100", "C1,One,100.00"))
    again = desk.extract("canonical", "customer")
    assert (again.rows_landed, again.rows_unchanged) == (0, 3)
    assert desk.rows("select customer_id, xmin, extracted_at from landing.customer order by 1") == before
    assert desk.rows("select * from landing.landing_history") == []


def test_a_changed_row_is_replaced_and_its_old_version_kept_with_the_time_it_was_known(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    known_from = desk.scalar("select extracted_at from landing.customer where customer_id = 'C2'")
    text_table(data, "customer.csv", CUSTOMERS.replace("C2,Two,200.50", "C2,Deux,"))
    result = desk.extract("canonical", "customer", "second")
    assert (result.rows_landed, result.rows_unchanged) == (1, 2)
    ((name, limit, known_to),) = desk.rows(
        "select customer_name, credit_limit, extracted_at from landing.customer where customer_id = 'C2'"
    )
    assert (name, limit) == ("Deux", None)
    columns = "key, row, known_from, known_to, superseded_by, run_id, entity, source_system"
    ((key, row, *rest),) = desk.rows(f"select {columns} from landing.landing_history")
    assert (key, row["customer_name"], row["credit_limit"]) == ("C2", "Two", 200.5)
    assert rest == [known_from, known_to, "update", "second", "customer", "canonical"]


def test_changed_and_changed_back_leaves_two_versions_without_overlap(desk, data):
    for number, name in enumerate(("One", "Uno", "One")):
        text_table(data, "customer.csv", f"customer_id,customer_name\nC1,{name}\n")
        desk.extract("canonical", "customer", f"run {number}")
    history = desk.rows(
        "select row->>'customer_name', known_from, known_to from landing.landing_history order by known_from"
    )
    assert [row[0] for row in history] == ["One", "Uno"]
    assert history[0][2] == history[1][1]
    assert history[1][2] == desk.scalar("select extracted_at from landing.customer")


def test_rows_no_longer_delivered_leave_landing_for_the_history(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    text_table(data, "customer.csv", "customer_id,customer_name,credit_limit\nC1,One,100\n")
    result = desk.extract("canonical", "customer", "second")
    assert (result.rows_read, result.rows_deleted, result.rows_held) == (1, 2, 1)
    assert desk.rows("select key, superseded_by, run_id from landing.landing_history order by key") == [
        ("C2", "delete", "second"),
        ("C3", "delete", "second"),
    ]


def test_a_pull_that_would_remove_most_rows_is_refused_and_changes_nothing(desk, data):
    many = "customer_id,customer_name\n" + "".join(f"C{number},N\n" for number in range(101))
    text_table(data, "customer.csv", many)
    desk.extract("canonical", "customer")
    text_table(data, "customer.csv", "customer_id,customer_name\nC1,changed\n")
    with pytest.raises(ExtractionError, match=r"canonical\.customer: 100 of 101 landed rows are no longer delivered"):
        desk.extract("canonical", "customer", "second")
    (data / "customer.csv").unlink()
    with pytest.raises(ExtractionError, match="101 of 101"):
        desk.extract("canonical", "customer", "second")
    assert desk.scalar("select count(*) from landing.customer where customer_name = 'N'") == 101
    assert desk.rows("select run_id from control.extraction") == [("night",)]


def test_of_a_hundred_rows_or_fewer_all_but_one_may_vanish(desk, data):
    text_table(data, "customer.csv", "customer_id,customer_name\n" + "".join(f"C{n},N\n" for n in range(100)))
    desk.extract("canonical", "customer")
    text_table(data, "customer.csv", "customer_id,customer_name\nC0,N\n")
    assert desk.extract("canonical", "customer", "second").rows_deleted == 99


def test_a_view_that_hangs_on_the_primary_key_hinders_no_first_pull(desk, data):
    desk.run(
        "create view landing.hanging as"
        " select customer_id, customer_name from landing.customer group by customer_id, source_system"
    )
    try:
        text_table(data, "customer.csv", CUSTOMERS)
        assert desk.extract("canonical", "customer").rows_landed == 3
    finally:
        desk.run("drop view landing.hanging")


def test_extraction_imports_no_pandas(desk, data):
    """It would cost each task a second and 60 MB; DuckDB and pyarrow import it when they only get the chance."""
    text_table(data, "customer.csv", CUSTOMERS + "    C4,,\n    C4,Two,\n")
    script = (
        "import sys\nfrom pipelines.extract import extract_entity\nfrom pipelines.settings import get_settings\n"
        "from pipelines.warehouse.connection import warehouse_engine\nsettings = get_settings()\n"
        "extract_entity(settings, warehouse_engine(settings), 'canonical', 'customer', 'night')\n"
        "sys.exit('pandas' in sys.modules)"
    )
    desk.start("night")
    environment = os.environ | {
        "CVP_HOME": str(desk.settings.home),
        "CVP_WAREHOUSE_DATABASE": desk.settings.warehouse_database,
        "CVP_SOURCES__canonical": str(data),
    }
    subprocess.run([sys.executable, "-c", script], env=environment, cwd=PROJECT, check=True)
    assert desk.scalar("select count(*) from landing.customer") == 3


def test_every_copy_of_a_doubled_key_is_set_aside_bad_copies_included(desk, data):
    head = "order_id,line_number,product_id,quantity,unit_price\n"
    rows = "O1,1,P,1,1\nO1,01,P,2,1\nO1,2,P,1,1\nO2,1,P,1,1\nO2,1,P,-1,1\n"
    text_table(data, "sales_order_line.csv", head + rows)
    for run_id in ("first", "second"):
        result = desk.extract("canonical", "sales_order_line", run_id)
        assert (result.rows_read, result.rows_rejected, result.rows_held) == (5, 4, 1)
        assert desk.rejected("key, occurrence, reason") == [
            ("O1\x1f1", 1, "duplicate key"),
            ("O1\x1f1", 2, "duplicate key"),
            ("O2\x1f1", 1, "duplicate key"),
            ("O2\x1f1", 2, "quantity must be above 0; duplicate key"),
        ]


def test_a_good_row_beside_two_bad_ones_of_its_key_is_set_aside_once(desk, data):
    head = "customer_id,customer_name,credit_limit\n"
    text_table(data, "customer.csv", head + "C1,One,x\nC1,One,y\nC1,One,1\nC2,Two,2\n")
    for run_id, landed in (("first", 1), ("second", 0)):
        result = desk.extract("canonical", "customer", run_id)
        assert (result.rows_read, result.rows_landed, result.rows_rejected) == (4, landed, 3)
        assert len(desk.rejected()) == 3


def test_keys_that_differ_in_case_or_trailing_space_are_different_keys(desk, data):
    text_table(data, "customer.csv", 'customer_id,customer_name\nc1,a\nC1,b\n"C1 ",c\n')
    assert desk.extract("canonical", "customer").rows_landed == 3
    assert desk.landed("customer", "customer_id") == [("C1",), ("C1 ",), ("c1",)]


def test_a_key_that_was_single_and_comes_doubled_keeps_its_last_good_version(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    text_table(data, "customer.csv", CUSTOMERS + "    C1,Another,1\n")
    result = desk.extract("canonical", "customer", "second")
    assert (result.rows_rejected, result.rows_unchanged, result.rows_deleted) == (2, 2, 0)
    assert desk.scalar("select customer_name from landing.customer where customer_id = 'C1'") == "One"


def test_a_row_set_aside_carries_all_reasons_and_the_row_as_delivered(desk, data):
    text_table(
        data,
        "service_record.csv",
        """
        service_id,customer_id,kind,severity,opened_on,closed_on,cost,unknown
        S1,,refund,5,2024-02-02,2024-02-01,"1,5",x
        S2,C1,return,4,2024-02-01,2024-02-01,0,x
        """,
    )
    assert desk.extract("canonical", "service_record").rows_landed == 1
    ((key, reason, row),) = desk.rejected("key, reason, row")
    assert (key, reason) == (
        "S1",
        "customer_id is missing; kind is none of complaint, return, technical_support, inquiry;"
        " severity must be at most 4; cost is no number; closed_on lies before opened_on",
    )
    assert row == {
        "service_id": "S1", "customer_id": None, "kind": "refund", "severity": "5", "opened_on": "2024-02-02",
        "closed_on": "2024-02-01", "cost": "1,5",
    }  # fmt: skip


def test_a_row_mended_at_the_source_lands_and_leaves_the_rejects(desk, data):
    text_table(data, "customer.csv", CUSTOMERS.replace("Two", ""))
    desk.extract("canonical", "customer")
    assert desk.rejected() == [("C2", "customer_name is missing")]
    first = desk.rejected("first_rejected_at, last_rejected_at")
    desk.extract("canonical", "customer", "second")
    ((kept, newer),) = desk.rejected("first_rejected_at, last_rejected_at")
    assert kept == first[0][0]
    assert newer > first[0][1]
    text_table(data, "customer.csv", CUSTOMERS)
    assert desk.extract("canonical", "customer", "third").rows_landed == 1
    assert desk.rejected() == []


def test_a_row_set_aside_that_disappears_from_the_source_leaves_the_rejects(desk, data):
    text_table(data, "customer.csv", CUSTOMERS.replace("Two", ""))
    desk.extract("canonical", "customer")
    text_table(data, "customer.csv", CUSTOMERS.replace("    C2,Two,200.50\n", ""))
    desk.extract("canonical", "customer", "second")
    assert desk.rejected() == []


def test_a_row_without_a_key_is_set_aside_too(desk, data):
    text_table(data, "customer.csv", "customer_id,customer_name\n,A\n,B\nC,D\n")
    assert desk.extract("canonical", "customer").rows_rejected == 2
    assert desk.rejected("key, occurrence, reason") == [
        ("", 1, "customer_id is missing"),
        ("", 2, "customer_id is missing"),
    ]


def test_a_key_too_long_for_an_index_is_set_aside(desk, data):
    rows = "".join(
        f"{letter * length},N\n" for letter, length in (("a", 600), ("b", 601), ("c", 1_000_000), ("名", 201))
    )
    text_table(data, "customer.csv", "customer_id,customer_name\n" + rows)
    desk.extract("canonical", "customer")
    assert desk.landed("customer", "left(customer_id, 1), length(customer_id)") == [("a", 600)]
    assert desk.rejected("left(key, 1), length(key), reason") == [
        ("b", 600, "customer_id is longer than 600 bytes"),
        ("c", 600, "customer_id is longer than 600 bytes"),
        ("名", 201, "customer_id is longer than 600 bytes"),
    ]


def test_two_sources_of_one_entity_keep_their_rows_apart(desk, data, tmp_path):
    text_table(data, "customer.csv", CUSTOMERS)
    mapping = """
        kind: files
        entities:
          customer:
            table: customer
            columns: {customer_id: customer_id, customer_name: customer_name}
    """
    desk.source("other", str(data), mapping)
    assert desk.extract("canonical", "customer").rows_landed == 3
    assert desk.extract("other", "customer").rows_landed == 3
    text_table(data, "customer.csv", "customer_id,customer_name\nC1,One\n")
    assert desk.extract("other", "customer").rows_deleted == 2
    assert desk.rows("select source_system, count(*) from landing.customer group by 1 order by 1") == [
        ("canonical", 3),
        ("other", 1),
    ]
    assert desk.rows("select indexdef from pg_indexes where indexname = 'customer_pkey'")


def test_an_absent_file_is_an_absent_entity_but_orders_and_lines_are_needed(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    result = desk.extract("canonical", "delivery")
    assert (result.is_delivered, result.rows_read, result.rows_held) == (False, 0, 0)
    for entity in ("sales_order", "sales_order_line"):
        with pytest.raises(
            ExtractionError, match=rf"canonical\.{entity}: the source has no file .*{entity} .*provide it"
        ):
            desk.extract("canonical", entity)


def test_a_missing_optional_column_is_null_and_a_missing_required_one_an_error_with_file_and_column(desk, data):
    text_table(data, "sales_order.csv", "order_id,customer_id,odered_on\nO1,C1,2024-01-01\n")
    with pytest.raises(ExtractionError) as error:
        desk.extract("canonical", "sales_order")
    assert "canonical.sales_order: sales_order has no column 'ordered_on'" in str(error.value)
    assert "did you mean odered_on?" in str(error.value)
    text_table(data, "sales_order.csv", "order_id,customer_id,ordered_on\nO1,C1,2024-01-01\n")
    desk.extract("canonical", "sales_order")
    assert desk.landed("sales_order", "ordered_on, is_cancelled, currency") == [(date(2024, 1, 1), None, None)]


def test_updated_at_of_a_file_is_carried_along(desk, data):
    text_table(data, "customer.csv", "customer_id,customer_name,updated_at\nC1,A,2024-01-02 08:00:00\nC2,B,nonsense\n")
    desk.extract("canonical", "customer")
    assert (
        desk.rows("select customer_id, updated_at at time zone 'UTC' from landing.customer order by 1")[0][1].hour == 0
    )
    assert desk.scalar("select updated_at from landing.customer where customer_id = 'C2'") is None


def test_a_pull_that_fails_leaves_nothing_at_all(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    before = desk.rows("select * from landing.customer order by 2")
    text_table(data, "customer.csv", CUSTOMERS.replace("Two", '"Two never closed'))
    with pytest.raises(ExtractionError, match="a quote that opens here is never closed"):
        desk.extract("canonical", "customer", "second")
    assert desk.rows("select * from landing.customer order by 2") == before
    assert desk.rejected() == []
    assert desk.rows("select run_id from control.extraction") == [("night",)]
    assert desk.rows("select 1 from pg_class where relname ~ '^(pulled|rejected|delta|doubled)'") == []


def test_repeating_an_extraction_in_one_run_accounts_for_its_last_time(desk, data):
    text_table(data, "customer.csv", CUSTOMERS)
    desk.extract("canonical", "customer")
    desk.extract("canonical", "customer")
    assert desk.rows("select rows_landed, rows_unchanged from control.extraction") == [(0, 3)]


def test_too_many_rows_set_aside_stop_the_night_with_reasons_and_keys(desk, data):
    rows = "".join(f"C{number:02},{'N' if number >= 21 else ''},1\n" for number in range(100))
    text_table(data, "customer.csv", "customer_id,customer_name,credit_limit\n" + rows)
    desk.extract("canonical", "customer")
    with pytest.raises(ExtractionError) as error:
        check_rejections(desk.settings, desk.engine, "night")
    message = str(error.value)
    assert message.startswith("canonical.customer: 21 of 100 rows were set aside, more than 5.0%")
    assert "21 x customer_name is missing (keys C00, C01, C02)" in message
    assert desk.scalar("select count(*) from landing.customer") == 79
    check_rejections(desk.settings, desk.engine, "another night")


def test_doubled_keys_that_stop_the_night_are_named_once_each(desk, data):
    text_table(data, "customer.csv", "customer_id,customer_name\n" + "C1,N\n" * 20 + "C2,N\n" * 20)
    desk.extract("canonical", "customer")
    with pytest.raises(ExtractionError, match=r"40 x duplicate key \(keys C1, C2\)"):
        check_rejections(desk.settings, desk.engine, "night")


def test_few_rows_or_a_small_share_stop_no_night(desk, data):
    rows = "".join(f"C{number},{'N' if number >= 20 else ''}\n" for number in range(40))
    text_table(data, "customer.csv", "customer_id,customer_name\n" + rows)
    desk.extract("canonical", "customer")
    check_rejections(desk.settings, desk.engine, "night")
    rows = "".join(f"C{number},{'N' if number >= 50 else ''}\n" for number in range(1000))
    text_table(data, "customer.csv", "customer_id,customer_name\n" + rows)
    desk.extract("canonical", "customer", "second")
    check_rejections(desk.settings, desk.engine, "second")


def test_a_share_that_the_mapping_accepts_stops_no_night(desk, data):
    mapping = """
        kind: files
        entities:
          customer:
            table: customer
            accepted_rejects: {share: 0.5, reason: half of them are prospects, decided_on: 2024-01-31}
            columns: {customer_id: customer_id, customer_name: customer_name}
    """
    desk.source("accepting", str(data), mapping)
    rows = "".join(f"C{number},{'N' if number >= 50 else ''}\n" for number in range(100))
    text_table(data, "customer.csv", "customer_id,customer_name\n" + rows)
    assert desk.extract("accepting", "customer").rows_rejected == 50
    check_rejections(desk.settings, desk.engine, "night")


def test_what_is_to_be_extracted_follows_the_mapping_and_needs_a_place(desk):
    found = list_extractions(desk.settings, ["canonical"])
    assert [(item.source_system, item.entity) for item in found[:2]] == [
        ("canonical", "customer"),
        ("canonical", "product"),
    ]
    assert len(found) == 15
    with pytest.raises(
        ExtractionError, match="northwind: the settings do not say where it is: set CVP_SOURCES__northwind"
    ):
        list_extractions(desk.settings, ["northwind"])


def test_an_entity_that_the_mapping_does_not_have_is_refused(desk):
    desk.source("northwind", "nowhere")
    with pytest.raises(ExtractionError, match=r"northwind\.invoice: .*northwind\.yml does not map it"):
        extract_entity(desk.settings, desk.engine, "northwind", "invoice", "night")


def test_a_folder_that_does_not_exist_is_named(desk):
    desk.source("canonical", "/nowhere/at/all")
    with pytest.raises(ExtractionError, match="there is no folder /nowhere/at/all: mend this source's location"):
        desk.extract("canonical", "customer")


def test_rejected_rows_are_json_that_can_be_read(desk, data):
    text_table(data, "customer.csv", 'customer_id,customer_name,credit_limit\n"C""1\\\n\t,",名,"x\u0000y\U0001f600"\n')
    desk.extract("canonical", "customer")
    ((row,),) = desk.rejected("row")
    assert json.loads(json.dumps(row)) == {
        "customer_id": 'C"1\\\n\t,', "customer_name": "名", "credit_limit": "x\u2400y\U0001f600"
    }  # fmt: skip
