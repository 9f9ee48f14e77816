"""The data contract: the fourteen source entities and the rate table, as typed values.

The one description in Python of what a source system must deliver. The landing tables, the checks at extraction,
the mapping files' validation and the landing gate are all derived from it; nothing repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds; `pipelines.warehouse.schema` gives each its PostgreSQL type."""

    TEXT = "text"
    DATE = "date"
    NUMERIC = "numeric"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Column:
    """One canonical column. Bounds are inclusive unless `above` (exclusive lower bound) is used."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    above: Decimal | None = None
    codes: tuple[str, ...] = ()

    @property
    def is_id(self) -> bool:
        """Whether it holds the id of a thing or a person, as a key or as a reference."""
        return self.kind is Kind.TEXT and self.name.endswith("_id")


@dataclass(frozen=True)
class Entity:
    """One canonical entity.

    `dated_by` is the business date that places a row in time (None: undated); `period` names the two columns of
    which the second may not lie before the first; `optional` entities may be absent from a company's systems.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    dated_by: str | None = None
    period: tuple[str, str] | None = None
    optional: bool = False
    essential: bool = False

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where the entity has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


ZERO = Decimal(0)
ONE = Decimal(1)


def _text(name: str, required: bool = False, codes: tuple[str, ...] = ()) -> Column:
    return Column(name, Kind.TEXT, required, codes=codes)


def _date(name: str, required: bool = False) -> Column:
    return Column(name, Kind.DATE, required)


def _flag(name: str) -> Column:
    return Column(name, Kind.BOOLEAN)


def _number(
    name: str,
    required: bool = False,
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
    above: Decimal | None = None,
) -> Column:
    return Column(name, Kind.NUMERIC, required, minimum, maximum, above)


ENTITIES: tuple[Entity, ...] = (
    Entity(
        "customer",
        ("customer_id",),
        (
            _text("customer_id", True),
            _text("customer_name", True),
            _text("industry"),
            _text("region"),
            _text("sales_department"),
            _date("customer_since_on"),
            _number("credit_limit"),
        ),
        essential=True,
    ),
    Entity(
        "product",
        ("product_id",),
        (
            _text("product_id", True),
            _text("product_name"),
            _text("product_family", True),
            _flag("is_premium"),
            _date("launched_on"),
        ),
        essential=True,
    ),
    Entity(
        "sales_order",
        ("order_id",),
        (
            _text("order_id", True),
            _text("customer_id", True),
            _date("ordered_on", True),
            _text("salesperson_id"),
            _text("currency"),
            _flag("is_cancelled"),
        ),
        dated_by="ordered_on",
        essential=True,
    ),
    Entity(
        "sales_order_line",
        ("order_id", "line_number"),
        (
            _text("order_id", True),
            Column("line_number", Kind.INTEGER, True),
            _text("product_id", True),
            _number("quantity", True, above=ZERO),
            _number("unit_price", True, minimum=ZERO),
            _number("unit_cost", minimum=ZERO),
            _date("promised_on"),
            _flag("is_cancelled"),
        ),
        essential=True,
    ),
    Entity(
        "delivery",
        ("delivery_id",),
        (
            _text("delivery_id", True),
            _text("order_id", True),
            Column("line_number", Kind.INTEGER, True),
            _date("delivered_on", True),
            _number("quantity", True, above=ZERO),
        ),
        dated_by="delivered_on",
    ),
    Entity(
        "invoice",
        ("invoice_id",),
        (
            _text("invoice_id", True),
            _text("customer_id", True),
            _text("order_id"),
            _date("issued_on", True),
            _date("due_on", True),
            _number("amount", True, minimum=ZERO),
            _text("currency"),
        ),
        dated_by="issued_on",
    ),
    Entity(
        "payment",
        ("payment_id",),
        (
            _text("payment_id", True),
            _text("invoice_id", True),
            _date("paid_on", True),
            _number("amount", True, above=ZERO),
            _text("currency"),
        ),
        dated_by="paid_on",
    ),
    Entity(
        "service_record",
        ("service_id",),
        (
            _text("service_id", True),
            _text("customer_id", True),
            _text("order_id"),
            _text("kind", True, ("complaint", "return", "technical_support", "inquiry")),
            Column("severity", Kind.INTEGER, minimum=ONE, maximum=Decimal(4)),
            _date("opened_on", True),
            _date("closed_on"),
            _number("cost", minimum=ZERO),
        ),
        dated_by="opened_on",
        period=("opened_on", "closed_on"),
    ),
    Entity(
        "survey_response",
        ("survey_id", "attribute"),
        (
            _text("survey_id", True),
            _text("attribute", True, ("quality", "price", "delivery", "service", "technology")),
            _text("customer_id", True),
            _date("surveyed_on", True),
            _number("expected", True, minimum=ONE, maximum=Decimal(10)),
            _number("perceived", True, minimum=ONE, maximum=Decimal(10)),
        ),
        dated_by="surveyed_on",
        optional=True,
    ),
    Entity(
        "interaction",
        ("interaction_id",),
        (
            _text("interaction_id", True),
            _text("customer_id", True),
            _date("occurred_on", True),
            _text("channel", codes=("visit", "call", "meeting", "email")),
        ),
        dated_by="occurred_on",
        optional=True,
    ),
    Entity(
        "account_assignment",
        ("customer_id", "valid_from_on"),
        (
            _text("customer_id", True),
            _date("valid_from_on", True),
            _text("account_manager_id", True),
            _date("valid_to_on"),
        ),
        dated_by="valid_from_on",
        period=("valid_from_on", "valid_to_on"),
        optional=True,
    ),
    Entity(
        "demand_estimate",
        ("customer_id", "demand_year"),
        (
            _text("customer_id", True),
            Column("demand_year", Kind.INTEGER, True),
            _number("total_demand_quantity", True, above=ZERO),
        ),
        optional=True,
    ),
    Entity(
        "contract",
        ("contract_id",),
        (
            _text("contract_id", True),
            _text("customer_id", True),
            _text("relationship_level", True, ("spot", "preferred", "partner", "strategic_alliance")),
            _date("starts_on", True),
            _date("ends_on", True),
            _number("committed_quantity"),
        ),
        dated_by="starts_on",
        period=("starts_on", "ends_on"),
        optional=True,
    ),
    Entity(
        "exchange_rate",
        ("currency", "rate_on"),
        (
            _text("currency", True),
            _date("rate_on", True),
            _number("rate", True, above=ZERO),
        ),
        dated_by="rate_on",
        optional=True,
    ),
    Entity(
        "collaboration",
        ("collaboration_id",),
        (
            _text("collaboration_id", True),
            _text("customer_id", True),
            _text("kind", True, ("joint_development", "process_improvement", "reference", "referral")),
            _date("started_on", True),
            _date("ended_on"),
            _text("referred_customer_id"),
        ),
        dated_by="started_on",
        period=("started_on", "ended_on"),
        optional=True,
    ),
)

ENTITY_BY_NAME: dict[str, Entity] = {entity.name: entity for entity in ENTITIES}


def entity(name: str) -> Entity:
    """The entity of that name; KeyError names the known ones."""
    try:
        return ENTITY_BY_NAME[name]
    except KeyError:
        raise KeyError(f"unknown entity {name!r}; known: {', '.join(ENTITY_BY_NAME)}") from None
