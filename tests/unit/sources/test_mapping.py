"""Mapping files: what is refused at load, and that each refusal names file, line, entity, column and cure."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.contract import ENTITIES
from pipelines.settings import PROJECT, Settings
from pipelines.sources.reading import SHIPPED, MappingError, load_mapping, read_mapping

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


def test_a_date_format_of_another_language_is_refused(tmp_path):
    text = HEAD + ORDER.replace("ordered_on: audat", "ordered_on: {column: audat, format: dd.mm.yyyy}")
    assert "'dd.mm.yyyy' names no part of a date: write it as in %d.%m.%Y" in refusal(tmp_path, text)


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
        ("{delimiter: '|~~~|'}", "files.delimiter"),
        ("{delimiter: '§§§'}", "longer than 4 bytes"),
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


@pytest.mark.parametrize(
    ("deletion", "found"),
    [
        ("none", None),
        ("{flag: loekz, values: X}", ("loekz", ["X"], None)),
        ("{flag: loekz, values: [X, 1, true]}", ("loekz", ["X", "1", "true"], None)),
        ("{flag: deleted_at, values: any}", ("deleted_at", ["any"], None)),
        ("{flag: is_deleted}", ("is_deleted", None, None)),
    ],
)
def test_a_deletion_is_a_flag_or_none(tmp_path, deletion, found):
    mapping = read_mapping(write(tmp_path, f"{HEAD}{ORDER}    deletion: {deletion}\n"))
    read = mapping.entities["sales_order"].deletion
    assert (read and (read.flag, read.values, read.reconcile_every_nights)) == found


def test_keys_are_reconciled_only_where_a_marker_hides_what_vanished(tmp_path):
    deletion = "    deletion: {reconcile_every_nights: 7}\n"
    marked = read_mapping(write(tmp_path, f"{HEAD}{ORDER}    change_marker: {{column: aedat}}\n{deletion}"))
    assert marked.entities["sales_order"].deletion.reconcile_every_nights == 7
    message = refusal(tmp_path, HEAD + ORDER + deletion)
    assert "erp.yml:11: sales_order.deletion.reconcile_every_nights: without a change_marker everything is" in message


@pytest.mark.parametrize(
    ("deletion", "fault"),
    [
        ("{}", "give flag or reconcile_every_nights (or both)"),
        ("{values: X, flag: a, every: 7}", "every"),
        ("{reconcile_every_nights: 0}", "deletion.reconcile_every_nights"),
        ("{reconcile_every_nights: 7, values: X}", "values are the texts in the flag's column"),
        ("{flag: a, values: []}", "values are the texts in the flag's column"),
        ("sometimes", "deletion"),
    ],
)
def test_a_deletion_that_cannot_be_right_is_refused(tmp_path, deletion, fault):
    message = refusal(tmp_path, f"{HEAD}{ORDER}    change_marker: {{column: aedat}}\n    deletion: {deletion}\n")
    assert fault in message
    assert "erp.yml:12: sales_order.deletion" in message


def test_ids_are_prefixed_but_for_those_that_are_shared_and_what_is_no_id(tmp_path):
    mapping = read_mapping(
        write(tmp_path, HEAD + "id_prefix: {text: 'erp2:', shared: [salesperson_id, product_id]}\n" + ORDER)
    )
    prefixed = {column.name for entity in ENTITIES for column in entity.columns if mapping.prefix_of(column)}
    assert prefixed == {
        "customer_id", "order_id", "delivery_id", "invoice_id", "payment_id", "service_id", "survey_id",
        "interaction_id", "account_manager_id", "contract_id", "collaboration_id", "referred_customer_id",
    }  # fmt: skip
    short = read_mapping(write(tmp_path, HEAD + "id_prefix: 2\n" + ORDER))
    assert (short.id_prefix.text, short.id_prefix.shared) == ("2", [])


@pytest.mark.parametrize(
    ("prefix", "fault"),
    [
        ("'erp 2'", "erp.yml:4: id_prefix"),
        ("''", "erp.yml:4: id_prefix"),
        ("{text: a, shared: [product]}", "id_prefix.shared: 'product' is no id of the contract; did you mean product_"),
    ],
)
def test_a_prefix_that_cannot_be_right_is_refused(tmp_path, prefix, fault):
    assert fault in refusal(tmp_path, HEAD + f"id_prefix: {prefix}\n" + ORDER)


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("1=1); drop schema sd; --", "the bracket at"),
        ("1=1; drop schema sd", "it holds a semicolon"),
        ("a = 'x", "a quote or comment that opens at"),
        ("a = 1 /* x", "a quote or comment that opens at"),
        ("(a = 1", "a bracket is never closed: ) is missing"),
    ],
)
def test_a_condition_that_could_end_the_statement_around_it_is_refused(tmp_path, where, fault):
    message = refusal(tmp_path, f'{HEAD}{ORDER}    where: "{where}"\n')
    assert f"erp.yml:11: sales_order.where: {fault}" in message


def test_the_guides_example_of_dates_at_the_order_is_how_northwind_is_read():
    guide = (PROJECT / "pipelines" / "sources" / "README.md").read_text("utf-8")
    block = guide.partition("### Dates that stand at the order\n")[2].partition("```yaml\n")[2].partition("```")[0]
    shipped = yaml.safe_load((SHIPPED / "northwind.yml").read_text("utf-8"))["entities"]
    shown = yaml.safe_load(block)["entities"]
    assert shown == {name: shipped[name] for name in ("sales_order_line", "delivery")}
