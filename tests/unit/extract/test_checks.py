"""The contract's rules on single rows: exact at the bounds, every reason named, never a value in it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.contract import ENTITIES, Column, Entity, Kind
from pipelines.contract import entity as contract_of
from pipelines.extract.checks import faults_of, reason_of
from pipelines.sources.mapping import ColumnMapping


def bound(evaluate, column: Column, text: str) -> bool:
    """Whether a number text breaks a column's bounds."""
    entity = Entity("thing", (), (column,))
    sql = reason_of(faults_of(entity, {column.name: ColumnMapping(column="x")}))
    return evaluate(f"({sql})", **{f"raw_{column.name}": text, f"value_{column.name}": text}) is not None


@pytest.mark.parametrize(
    ("text", "broken"),
    [("0", True), ("-0", True), ("0.000", True), ("0e5", True), ("1e-20", False), ("1e-400", False), ("-1e-400", True)]
    + [("0.001", False), ("-0.001", True), ("1e400", False), ("-1e400", True), ("+1", False)],
)
def test_above_zero_is_exact_however_small_or_large(evaluate, text, broken):
    assert bound(evaluate, Column("q", Kind.NUMERIC, above=Decimal(0)), text) is broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [("0", False), ("-0", False), ("-0.0", False), ("-1e-400", True), ("-1", True), ("1e-400", False)],
)
def test_at_least_zero_admits_zero_and_minus_zero(evaluate, text, broken):
    assert bound(evaluate, Column("q", Kind.NUMERIC, minimum=Decimal(0)), text) is broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [("1", False), ("10", False), ("1.0", False), ("10.000", False), ("0.99999999999999999999", True)]
    + [("10.00000000000000000001", True), ("10.5", True), ("0", True), ("1e1", False), ("5.5", False), ("1e400", True)],
)
def test_bounds_other_than_zero_are_exact_beyond_a_doubles_digits(evaluate, text, broken):
    assert bound(evaluate, Column("q", Kind.NUMERIC, minimum=Decimal(1), maximum=Decimal(10)), text) is broken


def test_every_entitys_rules_are_valid_sql(engine):
    for entity in ENTITIES:
        origins = {column.name: ColumnMapping(column="x") for column in entity.columns}
        types = {Kind.DATE: "date", Kind.INTEGER: "bigint", Kind.BOOLEAN: "boolean"}
        row = ", ".join(
            f"cast(null as varchar) as raw_{column.name},"
            f" cast(null as {types.get(column.kind, 'varchar')}) as value_{column.name}"
            for column in entity.columns
        )
        found = engine.execute(f"select {reason_of(faults_of(entity, origins))} from (select {row}) as t").fetchall()
        missing = [f"{column.name} is missing" for column in entity.columns if column.required]
        assert found == [("; ".join(missing),)]


@pytest.mark.parametrize(
    ("failed", "raw", "reason"),
    [
        ("true", "null", "q: the mapping's expression fails"),
        ("false", "null", "q is missing"),
        ("false", "''", "q is missing"),
        ("false", "'x'", "q is no number"),
    ],
)
def test_where_an_expression_fails_nothing_is_called_missing(engine, failed, raw, reason):
    entity = Entity("thing", (), (Column("q", Kind.NUMERIC, required=True),))
    sql = reason_of(faults_of(entity, {"q": ColumnMapping(expression="a * b")}))
    row = f"select {failed} as failed_q, {raw} as raw_q, cast(null as varchar) as value_q"
    assert engine.execute(f"select {sql} from ({row}) as t").fetchall() == [(reason,)]


def test_a_reason_names_the_rule_and_never_the_value(engine):
    entity = contract_of("service_record")
    origins = {column.name: ColumnMapping(column="x") for column in entity.columns}
    row = (
        "select 'S1' as raw_service_id, 'S1' as value_service_id, '' as raw_customer_id,"
        " cast(null as varchar) as value_customer_id, 'O' as raw_order_id, 'O' as value_order_id,"
        " 'secret' as raw_kind, 'secret' as value_kind, '5' as raw_severity, 5 as value_severity,"
        " '2024-01-02' as raw_opened_on, date '2024-01-02' as value_opened_on, '2024-01-01' as raw_closed_on,"
        " date '2024-01-01' as value_closed_on, 'NaN' as raw_cost, cast(null as varchar) as value_cost"
    )
    ((found,),) = engine.execute(f"select {reason_of(faults_of(entity, origins))} from ({row}) as t").fetchall()
    assert found == (
        "customer_id is missing; kind is none of complaint, return, technical_support, inquiry;"
        " severity must be at most 4; cost is no number; closed_on lies before opened_on"
    )
