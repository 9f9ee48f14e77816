"""Find one customer of a published night by its id or a part of its name."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

LISTED = 20
NEAREST = 5
# difflib is exact and slow: it sees those that share the most pairs of letters
PRESELECTED = 200


@dataclass(frozen=True)
class Named:
    """A customer's id and name; the name is None where only facts name the customer."""

    customer_id: str
    customer_name: str | None


class CustomerNotFound(Exception):
    """Nobody is called so; `nearest` holds who is called nearly so."""

    def __init__(self, text: str, nearest: Sequence[Named]) -> None:
        super().__init__(f"no customer has the id {text!r} or a name with it")
        self.nearest = list(nearest)


class CustomerAmbiguous(Exception):
    """Several are called so; `found` holds the first `LISTED` of them by rank, `count` says how many there are."""

    def __init__(self, text: str, found: Sequence[Named], count: int) -> None:
        super().__init__(f"{count} customers have {text!r} in their id or name")
        self.found, self.count = list(found), count


def find_customer(connection: sa.Connection, as_of: date, text: str) -> str:
    """The id of the customer of the night `as_of` that `text` names: its id, its whole name, or a part of one only.

    Raises:
        CustomerAmbiguous, CustomerNotFound: several or none fit.
    """
    rows = connection.execute(
        sa.text(
            "select customer_id, customer_name from published.customer_tier_history where as_of_date = :as_of"
            " order by company_rank nulls last, customer_id"
        ),
        {"as_of": as_of},
    )
    return pick_customer([Named(row.customer_id, row.customer_name) for row in rows], text)


def pick_customer(customers: Sequence[Named], text: str) -> str:
    """The same among given customers, those to be listed first in front."""
    if any(one.customer_id == text for one in customers):
        return text
    wanted = text.strip().casefold()
    if not wanted:
        raise CustomerNotFound(text, [])
    for fits in (
        [one for one in customers if wanted in (one.customer_id.casefold(), _name(one))],
        [one for one in customers if wanted in one.customer_id.casefold() or wanted in _name(one)],
    ):
        if len(fits) == 1:
            return fits[0].customer_id
        if fits:
            raise CustomerAmbiguous(text, fits[:LISTED], len(fits))
    raise CustomerNotFound(text, _nearest(wanted, customers))


def _name(customer: Named) -> str:
    return (customer.customer_name or "").casefold()


def _pairs(text: str) -> Counter[str]:
    return Counter(text[place : place + 2] for place in range(max(1, len(text) - 1)))


def _nearest(wanted: str, customers: Sequence[Named]) -> list[Named]:
    by_call: dict[str, Named] = {}
    for one in customers:
        by_call.setdefault(one.customer_id.casefold(), one)
        if one.customer_name:
            by_call.setdefault(_name(one), one)
    pairs = _pairs(wanted)
    likely = sorted(by_call, key=lambda call: -(pairs & _pairs(call)).total() / (len(call) + len(wanted)))
    close = difflib.get_close_matches(wanted, likely[:PRESELECTED], n=NEAREST, cutoff=0.3)
    return list(dict.fromkeys(by_call[call] for call in close))
