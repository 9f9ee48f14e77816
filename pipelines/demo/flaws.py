"""A handful of rows that break the data contract or point nowhere, as every grown system has some.

Most lie in the past; on each of the last two days of the history one order line comes in with a negative weight.
"""

from __future__ import annotations

import numpy as np

from pipelines.demo import catalogue as goods
from pipelines.demo.population import account_codes, customer_numbers
from pipelines.demo.rows import Batch
from pipelines.demo.sales import World, order_numbers
from pipelines.demo.timeline import DAY, HISTORY_END, NULL, Array

DAYS_BACK = (400, 200, 90, 1, 0)
HOUR = 12 * 3600


def _batch(instants: Array, columns: dict[str, object], stamp: str = "aedat") -> Batch:
    count = len(instants)
    arrays = {name: np.broadcast_to(np.asarray(values), count).copy() for name, values in columns.items()}
    return Batch({**arrays, stamp: instants}, instants, instants)


def sales_flaws(world: World) -> dict[str, Batch]:
    """Table -> flawed rows of the sales system; each stands beside real rows of about its day."""
    days = HISTORY_END - np.array(DAYS_BACK)
    position = np.maximum(np.searchsorted(world.orders.placed, (days + 1) * DAY) - 1, 0)
    order, customer = order_numbers(position), customer_numbers(world.orders.customer[position])
    return {**_order_flaws(days, order, customer), **_money_flaws(days, order, customer)}


def _order_flaws(days: Array, order: Array, customer: Array) -> dict[str, Batch]:
    """An unknown status, impossible weights and a price below zero, a delivery of nothing and one of no order."""
    instant = days * DAY + HOUR
    one, two = slice(0, 1), slice(0, 2)
    return {
        "vbak": _batch(
            instant[one],
            {"vbeln": b"0019999001", "auart": b"TA", "kunnr": customer[one], "audat": days[one], "pernr": b"E1000",
             "waerk": b"CNY", "abstk": b"X", "gbstk": b"A", "erdat": instant[one]},
        ),
        "vbap": _batch(
            instant,
            {"vbeln": order, "posnr": 990 + np.arange(len(days)), "matnr": goods.material_numbers(np.arange(len(days))),
             "kwmeng": np.array([0, -2_500_000, 1_000_000, -500_000, -750_000]), "vrkme": b"KG",
             "netpr": np.array([410_000, 410_000, -1, 380_000, 395_000]), "kpein": 1000, "stprs": 350_000,
             "edatu": days + 14, "abgru": b"00"},
        ),
        "lips": _batch(
            instant[two],
            {"vbeln_vl": np.array([b"0089999001", b"0089999002"]), "posnr_vl": 10,
             "vgbel": np.array([order[0], b"0019999777"]), "vgpos": 10, "wadat_ist": days[two],
             "lfimg": np.array([0, 3_000_000]), "vrkme": b"KG"},
        ),
    }  # fmt: skip


def _money_flaws(days: Array, order: Array, customer: Array) -> dict[str, Batch]:
    """An invoice never due, payments of nothing and of no invoice, a contract that ends first, a nameless customer."""
    instant = days * DAY + HOUR
    one, three = slice(0, 1), slice(0, 3)
    return {
        "vbrk": _batch(
            instant[one],
            {"vbeln_vf": b"0099999001", "kunag": customer[one], "aubel": order[one], "fkdat": days[one], "faedt": NULL,
             "netwr": 1_250_000, "waerk": b"CNY", "augst": b"O"},
        ),
        "zahlung": _batch(
            instant[three],
            {"belnr": np.array([b"1599999001", b"1599999002", b"1599999003"]),
             "rebzg": np.array([b"0099999001", b"0098888001", b"0098888002"]), "augdt": days[three],
             "wrbtr": np.array([0, 500_000, 730_000]), "waers": b"CNY"},
        ),
        "vbkk": _batch(
            instant[one],
            {"vbeln_k": b"0049999001", "kunnr": customer[one], "ktart": b"K1", "guebg": days[one],
             "gueen": days[one] - 365},
        ),
        "kna1": _batch(
            instant[one],
            {"kunnr": b"0000099001", "name1": b"", "brsch": b"TR", "regio": b"EC", "vkbur": b"VE10",
             "erdat": days[one], "klimk": NULL, "waers": b"CNY"},
        ),
    }  # fmt: skip


def service_flaws(world: World) -> dict[str, Batch]:
    """Table -> flawed rows of the CRM; among them the one ticket that was closed before it was opened."""
    days = HISTORY_END - np.array(DAYS_BACK[:2])
    position = np.maximum(np.searchsorted(world.orders.placed, (days + 1) * DAY) - 1, 0)
    account = account_codes(world.orders.customer[position])
    instant = days * DAY + HOUR
    one = slice(0, 1)
    return {
        "Ticket": _batch(
            instant,
            {"TicketNo": np.array([b"T9999001", b"T9999002"]), "AccountCode": account, "SalesOrderRef": b"",
             "TicketType": np.array([b"CMP", b"XXX"]), "Priority": 2, "Subject": "录入错误 / typing error".encode(),
             "OpenedAt": instant, "ClosedAt": instant - np.array([30 * DAY, -DAY]), "CostFen": 0},
            "ModifiedAt",
        ),
        "SurveyAnswer": _batch(
            instant[one],
            {"SurveyNo": b"S999999999001", "Question": b"QLT", "AccountCode": account[one], "AnsweredOn": days[one],
             "ExpectedScore": 8, "PerceivedScore": 12},
            "ModifiedAt",
        ),
        "MarketPotential": _batch(
            instant[one],
            {"AccountCode": b"AC00099001", "PotentialYear": 2025, "TotalKg": 0},
            "ModifiedAt",
        ),
        "JointProject": _batch(
            instant[one],
            {"ProjectNo": b"J999001", "AccountCode": account[one], "ProjectType": b"JD", "StartDate": days[one],
             "EndDate": days[one] - 10, "ReferredAccountCode": b""},
            "ModifiedAt",
        ),
    }  # fmt: skip
