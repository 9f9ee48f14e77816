"""What must hold of what several sources landed together."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

EXCHANGE_RATE = Suite(
    "intermediate",
    "int_missing_exchange_rate",
    (
        Rule(
            name="every_exchange_rate_is_there",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="a rate on or at most 7 days before every date on which money was in another currency",
            reason="Money without a rate cannot be summed, and leaving it out would understate a customer. 7 days is "
            "the data contract's limit.",
            cure="deliver the rates of the currencies and dates named here as entity exchange_rate, or correct the "
            "currency in the source",
            unexpected_rows="""
                -- one row per currency and date without a rate
                select
                    missing.currency,
                    missing.rate_date,
                    sum(missing.row_count) as row_count
                from intermediate.int_missing_exchange_rate as missing
                group by missing.currency, missing.rate_date
                order by currency, rate_date
            """,
        ),
    ),
)

KEY = Suite(
    "staging",
    "base_key_collision",
    (
        Rule(
            name="keys_come_from_one_source",
            severity=Severity.FAIL,
            since=date(2026, 11, 22),
            expected="every key of an entity delivered by one source system only",
            reason="A key is unique per entity; what two systems deliver under one key would count twice in every sum.",
            cure="leave the entity out of one of the two mappings, or make its keys differ with an expression",
            unexpected_rows="""
                -- one row per entity and key that more than one source system delivers
                select
                    collision.entity,
                    collision.entity_key
                from staging.base_key_collision as collision
                order by entity, entity_key
            """,
        ),
    ),
)
