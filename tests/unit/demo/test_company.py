"""The demo company looks like a steel supplier: sizes, seasons, money, and the handful of wrong rows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipelines.demo.timeline import day_number

D = day_number(date(2026, 6, 30))
RATE = {"CNY": 1.0, "USD": 7.1, "EUR": 7.75, "JPY": 0.0485}


@pytest.fixture(scope="session")
def lines(tables) -> pd.DataFrame:
    """Order lines that are neither flawed nor cancelled, in tonnes and CNY."""
    rows = tables["vbap"].merge(tables["vbak"][["vbeln", "kunnr", "audat", "waerk", "abstk"]], on="vbeln")
    rows = rows[(rows["posnr"] < 990) & (rows["abgru"] == "00") & (rows["abstk"] == "A")].copy()
    rate = rows["waerk"].fillna("CNY").map(RATE).astype(float)
    rows["tonnes"] = rows["kwmeng"].astype(float) / 1e6
    rows["revenue"] = rows["tonnes"] * rows["netpr"].astype(float) / 100 * rate
    rows["margin"] = rows["tonnes"] * (rows["netpr"] - rows["stprs"]).astype("Float64") / 100 * rate
    return rows


def test_the_history_holds_about_the_lines_asked_for(tables):
    assert len(tables["vbap"]) == pytest.approx(60_000, rel=0.03)


def test_a_fifth_of_the_customers_brings_about_four_fifths_of_the_revenue(lines):
    revenue = lines[lines["audat"] > D - 365].groupby("kunnr")["revenue"].sum().sort_values(ascending=False)
    share = revenue.iloc[: len(revenue) // 5].sum() / revenue.sum()
    assert 0.72 < share < 0.88


def test_prices_leave_a_margin_and_a_few_customers_lose_money(lines):
    last_year = lines[lines["audat"] > D - 365]
    costed = last_year[last_year["margin"].notna()]
    assert 0.06 < costed["margin"].sum() / costed["revenue"].sum() < 0.18
    losing = (costed.groupby("kunnr")["margin"].sum() < 0).mean()
    assert 0.003 < losing < 0.08


def test_some_lines_and_some_customers_have_no_cost(lines):
    unknown = lines["stprs"].isna()
    assert 0.005 < unknown.mean() < 0.06
    assert (unknown.groupby(lines["kunnr"]).mean() > 0.5).sum() >= 3


def test_winter_is_slow_and_spring_is_busy(lines):
    month = pd.to_datetime("2000-01-01") + pd.to_timedelta(lines["audat"].astype(int), unit="D")
    by_month = month.dt.month[(lines["audat"] > D - 4 * 365)].value_counts()
    assert by_month[2] < 0.85 * by_month[[3, 4, 5]].mean()


def test_customers_grow_shrink_and_come(lines):
    weight = lines.groupby("kunnr").apply(
        lambda rows: pd.Series(
            {
                "last": rows.loc[rows["audat"] > D - 365, "tonnes"].sum(),
                "before": rows.loc[(rows["audat"] <= D - 365) & (rows["audat"] > D - 730), "tonnes"].sum(),
                "first": rows["audat"].min(),
            }
        ),
        include_groups=False,
    )
    both = weight[(weight["last"] > 0) & (weight["before"] > 0)]
    assert (both["last"] > 1.3 * both["before"]).mean() > 0.1
    assert (both["last"] < 0.7 * both["before"]).mean() > 0.1
    assert (weight["first"] > D - 730).mean() > 0.05


def test_payments_come_late_in_parts_and_sometimes_not_at_all(tables):
    due = tables["vbrk"][tables["vbrk"]["faedt"] < D - 120]
    paid = tables["zahlung"].merge(due[["vbeln_vf", "faedt", "netwr"]], left_on="rebzg", right_on="vbeln_vf")
    assert 0.1 < (paid["augdt"] > paid["faedt"] + 3).mean() < 0.5
    assert 0.05 < (paid.groupby("rebzg").size() > 1).mean() < 0.3
    sums = paid.groupby("rebzg")["wrbtr"].sum().reindex(due["vbeln_vf"]).fillna(0)
    short = (sums.to_numpy(dtype=float) < due["netwr"].to_numpy(dtype=float)).mean()
    assert 0.01 < short < 0.06


def test_invoices_bill_what_was_ordered_to_the_cent(tables):
    invoices = tables["vbrk"][tables["vbrk"]["vbeln_vf"] < "0099999000"].dropna(subset=["aubel"])
    head = invoices.set_index("aubel")["netwr"]
    rows = tables["vbap"][(tables["vbap"]["posnr"] < 990) & (tables["vbap"]["abgru"] == "00")]
    cents = (rows["kwmeng"] * rows["netpr"] + 500_000) // 1_000_000
    assert (cents.groupby(rows["vbeln"]).sum().reindex(head.index) == head).all()


def test_deliveries_are_mostly_in_time_and_carry_the_weight_ordered(tables):
    sent = tables["lips"][tables["lips"]["vbeln_vl"] < "0089999000"].merge(
        tables["vbap"], left_on=["vgbel", "vgpos"], right_on=["vbeln", "posnr"]
    )
    in_time = (sent["wadat_ist"] <= sent["edatu"])[sent["edatu"].notna()].mean()
    assert 0.8 < in_time < 0.95
    total = sent.groupby(["vgbel", "vgpos"]).agg(sent=("lfimg", "sum"), ordered=("kwmeng", "first"))
    old = total.index.get_level_values(0) < tables["vbak"]["vbeln"].sort_values().iloc[5_000]
    ratio = (total["sent"] / total["ordered"])[old].astype(float)
    assert ratio.median() == pytest.approx(1.0)
    assert ratio[total["ordered"][old] > 2_000_000].between(0.97, 1.03).all()


def test_nothing_is_delivered_of_a_cancelled_line(tables):
    struck = tables["vbap"][tables["vbap"]["abgru"] != "00"]
    called_off = tables["vbak"][tables["vbak"]["abstk"] == "C"]
    assert len(struck)
    assert len(called_off)
    delivered = tables["lips"]
    assert not delivered["vgbel"].isin(called_off["vbeln"]).any()
    assert delivered.merge(struck, left_on=["vgbel", "vgpos"], right_on=["vbeln", "posnr"]).empty


def test_names_are_chinese_at_home_and_latin_abroad(tables):
    customers = tables["kna1"].dropna(subset=["name1", "regio"])
    at_home = customers["regio"].isin(["EC", "SC", "NC", "CC", "WC"])
    is_chinese = customers["name1"].str.contains("[\u4e00-\u9fff]")
    assert (is_chinese == at_home).all()
    assert customers["name1"].str.contains("[À-ž]").any()


def test_a_handful_of_facts_point_nowhere(tables):
    orders = tables["vbak"]
    unknown = set(orders["kunnr"]) - set(tables["kna1"]["kunnr"])
    assert 1 <= len(unknown) <= 9
    assert len(set(tables["vbap"]["matnr"]) - set(tables["mara"]["matnr"])) == 1
    lost = set(tables["zahlung"]["rebzg"]) - set(tables["vbrk"]["vbeln_vf"])
    assert lost == {"0098888001", "0098888002"}
    assert set(tables["lips"]["vgbel"]) - set(orders["vbeln"]) == {"0019999777"}


def test_a_missing_customer_is_entered_on_each_of_the_last_two_days(world, rows_between):
    held = [
        set(rows_between(world, None, day)["kna1"]["kunnr"])
        for day in (date(2026, 6, 28), date(2026, 6, 29), date(2026, 6, 30))
    ]
    buying = set(rows_between(world, None, date(2026, 6, 28))["vbak"]["kunnr"])
    assert (held[1] - held[0]) & buying
    assert (held[2] - held[1]) & buying


def test_one_ticket_ends_before_it_starts(tables):
    tickets = tables["Ticket"]
    assert (tickets["ClosedAt"] < tickets["OpenedAt"]).fillna(False).sum() == 1


def test_referrals_name_a_customer_that_came_after_them(tables, world):
    referrals = tables["JointProject"].dropna(subset=["ReferredAccountCode"])
    assert len(referrals) > 20
    assert (referrals["ProjectType"] == "RFL").all()
    newcomer = referrals["ReferredAccountCode"].str[2:].astype(int) - 100_001
    assert (world.people.enters[newcomer.to_numpy()] > referrals["StartDate"].to_numpy(dtype=np.int64)).all()


def test_every_column_holds_something_and_every_nullable_one_also_nothing(tables):
    for name, rows in tables.items():
        for column in rows:
            assert rows[column].notna().any(), f"{name}.{column}"
    for name, column in (
        ("vbap", "stprs"), ("vbap", "edatu"), ("vbak", "pernr"), ("vbak", "waerk"), ("vbrk", "aubel"),
        ("zahlung", "waers"), ("kna1", "brsch"), ("kna1", "klimk"), ("kna1", "erdat"), ("mara", "mstde"),
        ("Ticket", "SalesOrderRef"), ("Ticket", "Priority"), ("Ticket", "ClosedAt"), ("Activity", "Channel"),
        ("AccountOwner", "ToDate"), ("JointProject", "EndDate"),
    ):  # fmt: skip
        assert tables[name][column].isna().any(), f"{name}.{column}"
