"""Small companies built around one case each: equal customers, rhythms on a cut, a population that left, reasons on an
edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.reference.parameters import Company, Row, months_before


def _company(orders: Iterable[tuple[str, date]], costs: Mapping[str, Decimal] | None = None) -> Company:
    """Customers who order 7 t of one product on the given dates, at 1.11 a tonne or the costs given for a customer."""
    placed = sorted(orders)
    names = sorted({customer for customer, _ in placed})
    return {
        "customer": [{"customer_id": name, "customer_name": name} for name in names],
        "product": [{"product_id": "P", "product_family": "plate"}],
        "sales_order": [
            {"order_id": f"O{number}", "customer_id": customer, "ordered_on": day}
            for number, (customer, day) in enumerate(placed)
        ],
        "sales_order_line": [
            {
                "order_id": f"O{number}",
                "line_number": 1,
                "product_id": "P",
                "quantity": Decimal(7),
                "unit_price": Decimal("3.33"),
                "unit_cost": (costs or {}).get(customer, Decimal("1.11")),
            }
            for number, (customer, _) in enumerate(placed)
        ],
    }


def equal_customers(count: int, as_of: date) -> Company:
    """Customers that are alike in everything: shares of 1/count each, all scores tied."""
    return _company((f"E{number:02d}", as_of - timedelta(days=30)) for number in range(count))


def twenty_equal_customers(as_of: date) -> Company:
    """Sixteen of them are core, the seventeenth stays it where it was; 1/20 and its sums are exact in decimals."""
    return equal_customers(20, as_of)


def fifteen_equal_customers(as_of: date) -> Company:
    """Twelve of them are core: twelve times 1/15 is the line, which no decimal fraction of 1/15 adds up to."""
    return equal_customers(15, as_of)


def volume_line_met_exactly(as_of: date) -> Company:
    """Five customers of equal volume, the last by id with the best margin: by volume alone it is just outside."""
    orders = ((f"V{number}", as_of - timedelta(days=30)) for number in range(5))
    return _company(orders, {"V4": Decimal("0.50")})


def rhythms_on_cuts(as_of: date) -> Company:
    """Customers whose silence is exactly 1/2, 1, 3/2, 2 and 3 times their usual gap; the typical gap is 20/3 days.

    Too few for a probability, so the level shows the rhythm. A customer of three gaps that sum to x has the usual gap
    (x + 3 * 20/3) / 6.
    """
    orders = [
        (f"typical {number:02d}", as_of - timedelta(days=back)) for number in range(21) for back in (1, 7, 14, 21)
    ]
    for total, usual in ((10, 5), (16, 6), (22, 7), (28, 8)):
        for halves in (1, 2, 3, 4, 6):
            silent = usual * halves / 2
            if silent == int(silent):
                backs = (0, 1, 2, total)
                name = f"gap {usual}, silent {int(silent)}"
                orders += [(name, as_of - timedelta(days=int(silent) + back)) for back in backs]
    return _company(orders)


def everyone_left(as_of: date, customers: int = 25) -> Company:
    """All who could be seen ordered once more and never again: the base rate is 1. One dormant customer came back."""
    orders = [(f"L{number:02d}", as_of - timedelta(days=back)) for number in range(customers) for back in (756, 400)]
    orders += [("silent", as_of - timedelta(days=720)), ("back", as_of - timedelta(days=756))]
    return _company([*orders, ("back", as_of - timedelta(days=200))])


def _steady(as_of: date, slices: int, customers: int, late: int = 0) -> Company:
    """Customers who order every 30 days since twelve months before the oldest slice; the late ones only after it."""
    oldest_slice = as_of - timedelta(days=180 + 30 * (slices - 1))
    first = months_before(oldest_slice, 12)
    days = [first + timedelta(days=back) for back in range(0, (as_of - first).days, 30)]
    return _company(
        (f"S{number:03d}", day) for number in range(customers) for day in days if number >= late or day > oldest_slice
    )


def just_enough(as_of: date) -> Company:
    """Three slices and 200 customer-slices: enough for a probability, which is 0, as nobody ever left."""
    return _steady(as_of, slices=3, customers=67, late=1)


def one_short_of_enough(as_of: date) -> Company:
    """Three slices and 199 customer-slices."""
    return _steady(as_of, slices=3, customers=67, late=2)


def two_slices(as_of: date) -> Company:
    """Customer-slices enough, but of two slices only."""
    return _steady(as_of, slices=2, customers=101)


def growth_and_gaps_on_cuts(as_of: date) -> Company:
    """A year of nine orders after one of ten, and the other way round; a first order on the last day outside 36 months.

    The typical gap is 10 days and there are too few customers for a probability. Without its first order the old
    customer has one gap of 10 days and is silent three times its usual gap.
    """
    last_year, year_before = (months_before(as_of, months) for months in (12, 24))
    orders = [
        (name, first + timedelta(days=10 * number))
        for name, before, after in (("falls", 10, 9), ("grows", 9, 10))
        for first, count in ((year_before, before), (last_year, after))
        for number in range(1, count + 1)
    ]
    orders += [(f"typical {number}", as_of - timedelta(days=back)) for number in range(9) for back in (3, 13, 23)]
    return _company([*orders, ("old", months_before(as_of, 36)), *(("old", as_of - timedelta(n)) for n in (30, 40))])


def nobody_ordered_twice(as_of: date) -> Company:
    """Nobody has a gap, so the horizon stands for it: silent for twice the horizon."""
    return _company((f"N{number}", as_of - timedelta(days=360)) for number in range(5))


def _shifted(as_of: date, customer: str, entity: str, backs: Iterable[int], column: str, **row: Any) -> list[Row]:
    """Rows of one customer, each dated so many days before D, numbered where they have an id."""
    key = {"interaction": "interaction_id", "service_record": "service_id"}.get(entity)
    rows = []
    for number, back in enumerate(backs):
        identity = {key: f"{customer} {number}"} if key else {}
        rows.append({**identity, "customer_id": customer, column: as_of - timedelta(days=back), **row})
    return rows


def _reason_relations(as_of: date) -> Company:
    """Contacts, assignments and records on the first day outside each window, the first inside, on D and after it."""
    found: Company = {"interaction": [], "account_assignment": [], "service_record": [], "demand_estimate": []}
    for name, back in (("outside", 180), ("inside", 179), ("today", 0), ("tomorrow", -1)):
        customer = f"manager {name}"
        for begun, person in ((900, "M1"), (back, "M2")):
            rows = _shifted(as_of, customer, "account_assignment", [begun], "valid_from_on", account_manager_id=person)
            found["account_assignment"] += rows
        records = _shifted(as_of, f"grave {name}", "service_record", [back, 5], "opened_on", kind="return", severity=3)
        found["service_record"] += [row | {"closed_on": max(as_of, row["opened_on"])} for row in records]
    for name, backs in (
        ("outside", [90, 100]),
        ("inside", [89]),
        ("seldom", [20, *range(100, 360, 30)]),
        ("often enough", [20, *range(100, 360, 40)]),
        ("after", [-1]),
    ):
        found["interaction"] += _shifted(as_of, f"contact {name}", "interaction", backs, "occurred_on", channel="call")
    for back in (14, 15):
        for closing in (None, 0, -1):
            closed = None if closing is None else as_of - timedelta(days=closing)
            customer = f"complaint of {back} days, closed {closing}"
            kind = {"kind": "complaint", "severity": 1, "closed_on": closed}
            found["service_record"] += _shifted(as_of, customer, "service_record", [back], "opened_on", **kind)
    estimates = (
        ("down a fifth", 100, 80),
        ("down less", 100, "80.01"),
        ("share ten points", 70, 70),
        ("year only", None, 9),
    )
    for name, before, now in estimates:
        for year, demand in ((as_of.year - 1, before), (as_of.year, now)):
            if demand is not None:
                row = {"customer_id": name, "demand_year": year, "total_demand_quantity": Decimal(demand)}
                found["demand_estimate"].append(row)
    return found


def _promised(as_of: date) -> list[tuple[str, int, Decimal, int]]:
    """(customer, days back of the promise, share delivered, days late) of lines on the edges of on-time delivery."""
    enough, less = Decimal("0.95"), Decimal("0.9499")
    lines = [("weighed", 10, enough, 0), ("weighed less", 10, less, 0), ("a day late", 10, Decimal(1), 1)]
    lines += [(f"promised {back} back", back, Decimal(0), 0) for back in (90, 89, 0, -1)]
    lines += [("seventeen of twenty", 5, Decimal(number < 17), 0) for number in range(20)]
    lines += [("sixteen of twenty", 5, Decimal(number < 16), 0) for number in range(20)]
    # 8 of 9 lately, 89 of 90 in 12m: ten hundredths less, exactly
    lines += [("ten points down", 5, Decimal(number < 8), 0) for number in range(9)]
    return lines + [("ten points down", 200, Decimal(1), 0) for _ in range(81)]


def reasons_on_edges(as_of: date) -> Company:
    """Customers that stopped 100 days ago after orders every 10 days, each with one signal of a reason on its edge.

    Too few for a probability, so the silence flags them all. One product family of `family at two gaps` has been silent
    for twice its usual gap, of `family a day less` for a day less, while another one goes on.
    """
    relations = _reason_relations(as_of)
    named = {row["customer_id"] for rows in relations.values() for row in rows}
    promised = _promised(as_of)
    named |= {customer for customer, *_ in promised} | {"nothing to say"}
    company = _company((name, as_of - timedelta(days=back)) for name in named for back in (100, 110, 120))
    # prior 12m: 7 t of the 70 t needed more than lately, so that the share falls by ten points exactly
    _add_line(company, "share ten points", as_of - timedelta(days=450), Decimal(28))
    for number, (customer, back, share, late) in enumerate(promised):
        day = as_of - timedelta(days=back)
        line = _add_line(company, customer, as_of - timedelta(days=300), Decimal(100)) | {"promised_on": day}
        company["sales_order_line"][-1] = line
        if share:
            delivered = {"delivered_on": day + timedelta(days=late), "quantity": 100 * share, "line_number": 1}
            row = {"delivery_id": f"L{number}", "order_id": line["order_id"], **delivered}
            company.setdefault("delivery", []).append(row)
    company["product"].append({"product_id": "Q", "product_family": "coil"})
    for customer, silent in (("family at two gaps", 60), ("family a day less", 59)):
        for product, last in (("P", 1), ("Q", silent)):
            for back in (last, last + 30, last + 60):
                _add_line(company, customer, as_of - timedelta(days=back), Decimal(7), product)
    company["customer"] = [{"customer_id": name, "customer_name": name} for name in _buyers(company)]
    return company | relations


def _buyers(company: Company) -> list[str]:
    return sorted({row["customer_id"] for row in company["sales_order"]})


def _add_line(company: Company, customer: str, day: date, quantity: Decimal, product: str = "P") -> Row:
    """One more order with one line; the line."""
    order = f"X{len(company['sales_order'])}"
    company["sales_order"].append({"order_id": order, "customer_id": customer, "ordered_on": day})
    line: Row = {
        "order_id": order,
        "line_number": 1,
        "product_id": product,
        "quantity": quantity,
        "unit_price": Decimal("3.33"),
        "unit_cost": Decimal("1.11"),
    }
    company["sales_order_line"].append(line)
    return line


SPECIAL: dict[str, Callable[[date], Company]] = {
    case.__name__: case
    for case in (
        twenty_equal_customers,
        fifteen_equal_customers,
        volume_line_met_exactly,
        rhythms_on_cuts,
        everyone_left,
        just_enough,
        one_short_of_enough,
        two_slices,
        growth_and_gaps_on_cuts,
        nobody_ordered_twice,
        reasons_on_edges,
    )
}
