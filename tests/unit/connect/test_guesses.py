"""Which table is which entity and which column is which, of a German ERP and CRM with short names."""

from __future__ import annotations

import pytest

from pipelines.connect.guesses import guess, words
from pipelines.connect.reflection import SourceColumn, SourceTable

FAMILIES = {"t": "text", "n": "number", "d": "date"}


def table(name: str, key: str, columns: str) -> SourceTable:
    """Columns as `name:family`, the family by its first letter."""
    pairs = [pair.rsplit(":", 1) for pair in columns.split(", ")]
    made = [SourceColumn(column, FAMILIES[family]) for column, family in pairs]
    return SourceTable(name, name, columns=made, key=tuple(key.split()))


GERMAN = [
    table("KUNDEN", "KdNr", "KdNr:t, Name 1:t, Branche:t, Land:t, group:t, Vertriebsbüro:t, Kunde seit:d, GEAEND_AM:d"),
    table("ARTIKEL", "ArtNr", "ArtNr:t, Bezeichnung:t, WGR:n, EK_Preis:n, Einführung:d"),
    table("AUFTRAG_KOPF", "AufNr", "AufNr:t, KdNr:t, Datum:d, Währung:t, Verkäufer:t, LOEKZ:t, GEAEND_AM:d"),
    table("AUFTRAG_POS", "AufNr Pos", "AufNr:t, Pos:n, ArtNr:t, Menge:n, ME:t, Preis:n, Wunschtermin:d"),
    table("LIEFERUNG", "LfNr", "LfNr:t, AufNr:t, Pos:n, Menge:n, WA_Datum:d"),
    table("RECHNUNG", "ReNr", "ReNr:t, KdNr:t, AufNr:t, ReDatum:d, Fällig:d, Netto:n, Brutto:n, AEDAT:d"),
    table("KURS", "Währung Gültig ab", "Währung:t, Gültig ab:d, Kurs:n"),
    table("Service-Fall", "fall_id", "fall_id:n, kunde:t, typ:t, priorität:t, eröffnet:t, geschlossen:t, kosten:t"),
    table("Betreuer", "kunde von", "kunde:t, von:t, bis:t, betreuer:t"),
    table("Verträge", "", "Vertrag:t, Kunde:t, Stufe:t, Beginn:t, Ende:t"),
    table("WARENGRUPPE", "WGR", "WGR:n, Bezeichnung:t"),
]

EXPECTED = {
    "customer": ("KUNDEN", "GEAEND_AM", "KdNr, Name 1, Branche, Land, Vertriebsbüro, Kunde seit"),
    "product": ("ARTIKEL", None, "ArtNr, Bezeichnung, WGR, Einführung"),
    "sales_order": ("AUFTRAG_KOPF", "GEAEND_AM", "AufNr, KdNr, Datum, Verkäufer, Währung"),
    "sales_order_line": ("AUFTRAG_POS", None, "AufNr, Pos, ArtNr, Menge, Preis, Wunschtermin"),
    "delivery": ("LIEFERUNG", None, "LfNr, AufNr, Pos, WA_Datum, Menge"),
    "invoice": ("RECHNUNG", "AEDAT", "ReNr, KdNr, AufNr, ReDatum, Fällig, Brutto"),
    "service_record": ("Service-Fall", None, "fall_id, kunde, typ, priorität, eröffnet, geschlossen, kosten"),
    "account_assignment": ("Betreuer", None, "kunde, von, betreuer, bis"),
    "contract": ("Verträge", None, "Vertrag, Kunde, Stufe, Beginn, Ende"),
    "exchange_rate": ("KURS", None, "Währung, Gültig ab, Kurs"),
}


@pytest.fixture(scope="module")
def found():
    return {item.entity.name: item for item in guess(GERMAN)}


def test_every_entity_is_found_and_no_other(found):
    assert {name: item.table.name for name, item in found.items()} == {
        name: expected for name, (expected, _, _) in EXPECTED.items()
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_columns_and_change_marker_are_those_that_a_person_would_take(found, name):
    item, (_, marker, columns) = found[name], EXPECTED[name]
    order = [column.name for column in item.entity.columns if column.name in item.columns]
    assert ", ".join(item.columns[column].name for column in order) == columns
    assert (item.change_marker.name if item.change_marker else None) == marker


def test_chinese_tables_are_found_by_their_names():
    tables = [
        table("客户", "客户编号", "客户编号:t, 客户名称:t, 行业:t, 地区:t, 信用额度:n, 修改时间:d, 删除标志:t"),
        table("销售订单", "订单号", "订单号:t, 客户编号:t, 下单日期:d, 业务员:t, 币种:t, 更新时间:d"),
        table("订单明细", "订单号 行号", "订单号:t, 行号:n, 产品编码:t, 数量:n, 单价:n, 承诺日期:d"),
        table("产品", "产品编码", "产品编码:t, 产品名称:t, 产品类别:t, 标准成本:n"),
        table("合同", "合同号", "合同号:t, 客户编号:t, 级别:t, 开始日期:d, 结束日期:d"),
    ]
    found = {item.entity.name: item for item in guess(tables)}
    columns = {name: [guessed.name for guessed in item.columns.values()] for name, item in found.items()}
    assert {name: set(names) for name, names in columns.items()} == {
        "customer": {"客户编号", "客户名称", "行业", "地区", "信用额度"},
        "sales_order": {"订单号", "客户编号", "下单日期", "业务员", "币种"},
        "sales_order_line": {"订单号", "行号", "产品编码", "数量", "单价", "承诺日期"},
        "product": {"产品编码", "产品名称", "产品类别"},
        "contract": {"合同号", "客户编号", "级别", "开始日期", "结束日期"},
    }
    assert (found["customer"].change_marker.name, found["customer"].deletion_flag.name) == ("修改时间", "删除标志")
    assert found["sales_order"].change_marker.name == "更新时间"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        # German words in s are no plurals
        ("Preis", {"price"}),
        ("Kurs", {"rate"}),
        ("Wechselkurs", {"exchange", "rate"}),
        ("Orders", {"order"}),
        ("GEAEND_AM", {"changed", "date"}),
        ("Lieferdatum", {"delivery", "date"}),
        ("Rahmenvertrag", {"frame", "contract"}),
        ("订单行号", {"order", "line", "id"}),
        ("客户名称", {"customer", "name"}),
        ("最后修改时间", {"changed", "date"}),
    ],
)
def test_a_name_is_taken_apart_into_the_words_that_it_means(name, meant):
    assert words(name) == meant
