"""Every cause of leaving leaves its trace in the data, and the others show it far less often."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipelines.demo.catalogue import PER_FAMILY
from pipelines.demo.fates import CAUSES
from pipelines.demo.timeline import day_number

FIRST, D = day_number(date(2022, 9, 1)), day_number(date(2026, 6, 30))
SIX_MONTHS = 180


def account(customers: pd.Index) -> pd.Index:
    """The CRM's codes of ERP customer numbers."""
    return "AC" + customers.str[2:]


@pytest.fixture(scope="session")
def gone(truth) -> pd.DataFrame:
    """Customers that left for a cause within the history: cause, shows_from, gone_from."""
    return truth[truth["gone_from"].between(FIRST, D) & truth["cause"].isin(CAUSES)]


@pytest.fixture(scope="session")
def stayed(truth, tables) -> pd.Index:
    """Customers that stay and were there for the last two years."""
    first = tables["vbak"].groupby("kunnr")["audat"].min()
    return truth.index[truth["cause"].isna() & (truth.index.map(first).fillna(D) < D - 730)]


def of_cause(gone: pd.DataFrame, cause: str) -> pd.DataFrame:
    chosen = gone[gone["cause"] == cause]
    assert len(chosen) >= 15, "every cause takes its share"
    return chosen


def test_the_causes_take_small_and_large_customers_alike(world):
    leavers = np.isin(world.fates.cause, range(len(CAUSES)))
    for cause in range(len(CAUSES)):
        size = world.people.size[world.fates.cause == cause]
        assert abs(np.median(size) - np.median(world.people.size[leavers])) < 0.45, CAUSES[cause]


def test_nobody_orders_after_leaving(tables, truth):
    last = tables["vbak"].groupby("kunnr")["audat"].max()
    left = truth["gone_from"].dropna()
    assert (last.reindex(left.index).dropna() < left[left.index.isin(last.index)]).all()


def test_manager_changed(tables, gone, stayed):
    starts = tables["AccountOwner"].groupby("AccountCode")["FromDate"].max()
    chosen = of_cause(gone, "manager_changed")
    since = chosen["gone_from"].to_numpy() - starts.reindex(account(chosen.index)).to_numpy()
    assert (since <= SIX_MONTHS).mean() > 0.9
    assert (D - starts.reindex(account(stayed)).dropna() <= SIX_MONTHS).mean() < 0.2


def test_competitor_gain(tables, gone, world):
    lines = tables["vbap"].merge(tables["vbak"][["vbeln", "kunnr", "audat"]], on="vbeln")
    family = (lines["matnr"].str[1:].astype(int) - 100_000) // 10 // PER_FAMILY
    chosen = of_cause(gone, "competitor_gain")
    bought_before = 0
    for customer, row in chosen.iterrows():
        lost = world.fates.lost_family[int(customer) - 100_001]
        mine = (lines["kunnr"] == customer) & (lines["posnr"] < 990)
        in_family = mine & (family == lost)
        bought_before += bool((in_family & lines["audat"].between(row["shows_from"] - 365, row["shows_from"])).any())
        assert not (in_family & (lines["audat"] >= row["shows_from"])).any()
    assert bought_before / len(chosen) > 0.6


def test_a_competitor_takes_share_while_the_demand_stays(tables, gone):
    chosen = of_cause(gone, "competitor_gain")
    lines = tables["vbap"].merge(tables["vbak"][["vbeln", "kunnr", "audat"]], on="vbeln")
    left = []
    for customer, row in chosen.iterrows():
        mine = lines[(lines["kunnr"] == customer) & (lines["posnr"] < 990)]
        span = row["gone_from"] - row["shows_from"]
        after = mine.loc[mine["audat"].between(row["shows_from"], row["gone_from"]), "kwmeng"].sum() / span
        year = mine["audat"].between(row["shows_from"] - 365, row["shows_from"] - 1)
        left.append(after / (mine.loc[year, "kwmeng"].sum() / 365))
    assert np.median(left) < 0.75


def test_contact_lapsed(tables, gone, stayed):
    activities = tables["Activity"]
    chosen = of_cause(gone, "contact_lapsed")
    last = activities.groupby("AccountCode")["ActivityDate"].max()
    silent = chosen["gone_from"].to_numpy() - last.reindex(account(chosen.index)).to_numpy()
    assert (silent > 90).mean() > 0.95
    regular = activities[activities["ActivityDate"] > D - 730].groupby("AccountCode").size()
    called_on = account(stayed)[account(stayed).isin(regular.index[regular >= 12])]
    assert (D - last.reindex(called_on) > 90).mean() < 0.25


def test_promises_broken(tables, gone):
    sent = tables["lips"].merge(tables["vbap"], left_on=["vgbel", "vgpos"], right_on=["vbeln", "posnr"])
    first = sent.groupby(["vgbel", "vgpos"]).agg(delivered=("wadat_ist", "min"), promised=("edatu", "first"))
    first = first.reset_index().merge(tables["vbak"][["vbeln", "kunnr"]], left_on="vgbel", right_on="vbeln").dropna()
    first["in_time"] = first["delivered"] <= first["promised"]
    chosen = of_cause(gone, "promises_broken")
    last_days = first.merge(chosen, left_on="kunnr", right_index=True)
    last_days = last_days[last_days["promised"].between(last_days["shows_from"], last_days["gone_from"])]
    assert last_days["in_time"].mean() < 0.6
    assert first.loc[~first["kunnr"].isin(chosen.index), "in_time"].mean() > 0.85


def test_customer_contracts(tables, gone, stayed):
    potential = tables["MarketPotential"].pivot(index="AccountCode", columns="PotentialYear", values="TotalKg")
    chosen = of_cause(gone, "customer_contracts")
    years = [(date(2000, 1, 1).toordinal() + int(day)) for day in chosen["shows_from"]]
    ratios = []
    for code, ordinal in zip(account(chosen.index), years, strict=True):
        year = date.fromordinal(ordinal).year
        if code in potential.index and year - 1 in potential:
            ratios.append(potential.loc[code, year] / potential.loc[code, year - 1])
    shrunk = pd.Series(ratios, dtype="Float64").dropna()
    assert len(shrunk) >= 10
    assert (shrunk <= 0.8).mean() > 0.9
    others = (potential[2026] / potential[2025]).reindex(account(stayed)).dropna()
    assert (others <= 0.8).mean() < 0.1


def test_complaint_unresolved(tables, gone, stayed):
    grave = tables["Ticket"][tables["Ticket"]["TicketType"].isin(["CMP", "RET"])].copy()
    grave["open_days"] = (grave["ClosedAt"].fillna((D + 1) * 86_400) - grave["OpenedAt"]) / 86_400
    chosen = of_cause(gone, "complaint_unresolved")
    mine = grave.merge(chosen, left_on=grave["AccountCode"].str[2:].radd("00"), right_index=True)
    mine = mine[(mine["Priority"] >= 3) & (mine["OpenedAt"] // 86_400 >= mine["shows_from"]) & (mine["open_days"] > 14)]
    assert set(mine["AccountCode"].str[2:].radd("00")) == set(chosen.index)
    long_open = grave[(grave["open_days"] > 14) & (grave["OpenedAt"] > (D - 365) * 86_400)]["AccountCode"]
    assert account(stayed).isin(long_open).mean() < 0.15


def test_large_customers_stopped_shortly_before_the_history_ends(world, truth):
    recent = truth[truth["gone_from"].between(D - 75, D)]
    size = pd.Series(world.people.size, index=truth.index)
    large = recent[size[recent.index] > size.quantile(0.85)]
    assert set(large["cause"]) >= set(CAUSES)
