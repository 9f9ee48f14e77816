"""Mapping files: what is refused at load, and that each refusal names file, line, entity, column and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contract import ENTITIES
from pipelines.settings import Settings
from pipelines.sources.mapping import SHIPPED, MappingError, load_mapping, read_mapping

HEAD = "source_system: erp\ndescription: test\nkind: postgres\n"
ORDER = """entities:
  sales_order:
    table: sd.vbak
    columns:
      order_id: vbeln
      customer_id: kunnr
      ordered_on: audat
"""


def write(folder: Path, text: str, name: str = "erp.yml") -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(MappingError) as error:
        read_mapping(write(folder, text))
    return str(error.value)


def test_a_file_is_read_into_typed_values(tmp_path):
    text = (
        HEAD
        + ORDER
        + '      is_cancelled: {column: abstk, codes: {"C": true, N: false}}\n      currency: {constant: CNY}\n'
    )
    entity = read_mapping(write(tmp_path, text)).entities["sales_order"]
    assert entity.columns["order_id"].column == "vbeln"
    assert entity.columns["is_cancelled"].codes == {"C": "true", "N": "false"}
    assert entity.columns["currency"].constant == "CNY"


def test_an_unknown_key_is_refused_with_file_line_and_column(tmp_path):
    message = refusal(tmp_path, HEAD + ORDER + "      salesperson_id: {colum: pernr}\n")
    assert f"{tmp_path}/erp.yml:11: sales_order.salesperson_id.colum: unknown key" in message


def test_an_unknown_entity_and_an_unknown_column_are_refused_with_the_nearest_name(tmp_path):
    message = refusal(tmp_path, HEAD + ORDER.replace("  sales_order:", "  sales_orders:"))
    assert "erp.yml:5: sales_orders: unknown entity; did you mean sales_order?" in message
    message = refusal(tmp_path, HEAD + ORDER + "      custmer_id: x\n")
    assert "erp.yml:11: sales_order.custmer_id: unknown column of sales_order; did you mean customer_id?" in message


def test_a_missing_key_or_required_column_is_refused(tmp_path):
    message = refusal(tmp_path, HEAD + ORDER.replace("      order_id: vbeln\n      customer_id: kunnr\n", ""))
    assert "sales_order.columns: the key column order_id is not mapped: add `order_id: ...`" in message
    assert "sales_order.columns: the required column customer_id is not mapped" in message


def test_an_entity_or_column_given_twice_is_refused(tmp_path):
    assert ":11: 'order_id' is given twice" in refusal(tmp_path, HEAD + ORDER + "      order_id: other\n")
    doubled = HEAD + ORDER + ORDER.removeprefix("entities:\n")
    assert ":11: 'sales_order' is given twice" in refusal(tmp_path, doubled)


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("is_cancelled: {column: a, codes: {X: maybe}}", "codes.X: 'maybe' is none of true, false"),
        ("ordered_on2: a", "unknown column"),
        (
            "salesperson_id: {column: a, constant: b}",
            "exactly one of column, constant, expression; found column, constant",
        ),
        ("salesperson_id: {}", "exactly one of column, constant, expression; found none"),
        ("salesperson_id: {column: a, format: '%d'}", "only a date column takes a format; salesperson_id is text"),
        ("currency: {constant: CNY, codes: {a: b}}", "a constant takes neither codes nor a format"),
        ("is_cancelled: {constant: perhaps}", "'perhaps' is none of true, false"),
        ("updated_at: {columns: a}", "unknown key"),
    ],
)
def test_a_column_that_cannot_be_right_is_refused(tmp_path, column, fault):
    message = refusal(tmp_path, f"{HEAD}{ORDER}      {column}\n")
    assert fault in message
    assert "erp.yml:11: sales_order." in message


def test_codes_outside_the_contract_and_null_for_a_required_column_are_refused(tmp_path):
    text = HEAD + (
        "entities:\n  service_record:\n    table: t\n    columns:\n      service_id: a\n      customer_id: b\n"
        "      opened_on: c\n      kind: {column: d, codes: {'1': complaint, '2': refund, '3': null}}\n"
    )
    message = refusal(tmp_path, text)
    assert "erp.yml:11: service_record.kind.codes.2: 'refund' is none of complaint, return" in message
    assert "service_record.kind.codes.3: kind is required: a code cannot mean null" in message


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD.replace("postgres", "oracle") + ORDER, "erp.yml:3: kind: Input should be 'postgres'"),
        (HEAD.replace("source_system: erp", "source_system: other") + ORDER, "name them alike"),
        (HEAD.replace("source_system: erp", "source_system: Erp; drop") + ORDER, "erp.yml:1: source_system"),
        (HEAD + "time_zone: Shanghai\n" + ORDER, "erp.yml:4: time_zone: 'Shanghai' is no IANA time zone"),
        (HEAD + "files: {delimiter: ';'}\n" + ORDER, "erp.yml:4: files: only kind files takes it"),
        (HEAD + ORDER.replace("    table: sd.vbak\n", ""), "exactly one of table and query"),
        (HEAD + ORDER.replace("table: sd.vbak", "table: a\n    query: select 1"), "exactly one of table and query"),
        (HEAD.replace("postgres", "files") + ORDER + "    change_marker: {column: a}\n", "files are pulled whole"),
        (HEAD + ORDER + "      updated_at: a\n    change_marker: {column: a}\n", "the change marker fills it"),
        (HEAD + "entities: {}\n", "erp.yml:4: entities: Dictionary should have at least 1 item"),
        (HEAD + "entities: {sales_order: {table: a}}\n", "sales_order.columns: Field required"),
        ("- 1\n", "a mapping file starts with source_system"),
        ("a: [", "erp.yml:"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(tmp_path, text, fault):
    assert fault in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ("{encoding: klingon}", "unknown encoding 'klingon'"),
        ("{delimiter: '||'}", "files.delimiter"),
        ("{decimal: ',', thousands: ','}", "must differ"),
    ],
)
def test_a_file_format_that_cannot_be_right_is_refused(tmp_path, files, fault):
    assert fault in refusal(tmp_path, HEAD.replace("postgres", "files") + f"files: {files}\n" + ORDER)


def test_all_faults_are_reported_at_once_in_the_order_of_the_file(tmp_path):
    message = refusal(tmp_path, HEAD + ORDER + "      nonsense: a\n      is_cancelled: {constant: x}\n")
    assert [line.split(":")[1] for line in message.splitlines()] == ["11", "12"]


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    file = tmp_path / "erp.yml"
    file.write_bytes(b"description: \xff\n")
    with pytest.raises(MappingError, match="is not UTF-8"):
        read_mapping(file)


def test_own_folders_come_before_the_shipped_ones_and_an_unknown_name_lists_the_known(tmp_path):
    write(tmp_path, HEAD.replace("erp", "canonical") + ORDER, "canonical.yml")
    settings = Settings(mapping_folders=[tmp_path])
    assert load_mapping("canonical", settings).file == tmp_path / "canonical.yml"
    with pytest.raises(MappingError, match=r"no mapping 'sap' .*known: .*canonical"):
        load_mapping("sap", settings)


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yml")), ids=lambda file: file.stem)
def test_the_shipped_mappings_are_in_order(file):
    assert read_mapping(file).source_system == file.stem


def test_the_canonical_mapping_maps_every_column_of_every_entity_to_itself():
    canonical = read_mapping(SHIPPED / "canonical.yml")
    assert list(canonical.entities) == [entity.name for entity in ENTITIES]
    for entity in ENTITIES:
        columns = {name: origin.column for name, origin in canonical.entities[entity.name].columns.items()}
        assert columns == {name: name for name in (*entity.column_names, "updated_at")}


def test_no_shipped_mapping_says_where_its_source_is():
    for file in SHIPPED.glob("*.yml"):
        assert "://" not in file.read_text("utf-8")
        assert "/work" not in file.read_text("utf-8")
