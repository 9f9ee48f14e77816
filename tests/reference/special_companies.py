"""Small companies built around one case each: equal customers, rhythms on a cut, a population that left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.reference.parameters import Company, months_before


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
    )
}
