"""What is told of the rows of a sample that would be set aside."""

from __future__ import annotations

import csv
import io
import json

from pipelines.connect.rejected import LONGEST_EXAMPLE, Rejected


def reject(reasons: str, row: dict[str, object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(["key", reasons, json.dumps(row), "", "true"])
    return line.getvalue()


def test_a_reason_tells_how_many_rows_and_up_to_three_different_values():
    dates = ["0000-00-00", "31.06.2026", "0000-00-00", 'Li "Wei"\n', "x" * 99, "y"]
    found = Rejected.of(reject("ordered_on is no date", {"ordered_on": value, "order_id": "7"}) for value in dates)
    assert found.reasons == {"ordered_on is no date": 6}
    assert found.said("ordered_on is no date") == (
        'ordered_on is no date ("0000-00-00", "31.06.2026", "Li \\"Wei\\"\\n", ...)'
    )
    assert Rejected.of([reject("a is no date", {"a": "x" * 99})]).said("a is no date") == (
        f'a is no date ("{"x" * LONGEST_EXAMPLE}...")'
    )


def test_each_reason_of_a_row_has_the_values_of_its_own_column_and_a_missing_value_has_none():
    row = {"quantity": "-1", "kind": "Z9", "customer_id": None, "order_id": ""}
    reasons = [
        "quantity must be above 0",
        "kind: code is not in the mapping",
        "customer_id is missing",
        "order_id is missing",
    ]
    found = Rejected.of([reject("; ".join(reasons), row)])
    assert [found.said(reason) for reason in reasons] == [
        'quantity must be above 0 ("-1")', 'kind: code is not in the mapping ("Z9")', "customer_id is missing",
        "order_id is missing",
    ]  # fmt: skip


def test_of_an_expression_that_fails_it_is_told_what_it_read():
    row = {"quantity": None, "expression_columns": {"quantity": {"Menge": "1.234,5", "ME": None}}}
    reason = "quantity: the mapping's expression fails"
    assert Rejected.of([reject(reason, row)]).said(reason) == f'{reason} ("Menge: 1.234,5")'


def test_a_reason_without_a_column_is_told_as_it_is():
    found = Rejected.of([reject("the deletion flag LOEKZ is no yes or no: give its values in the mapping", {"a": "1"})])
    assert [found.said(reason) for reason in found.reasons] == list(found.reasons)
