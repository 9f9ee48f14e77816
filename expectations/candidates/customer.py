"""What is worth knowing of the customers behind the night."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SUITE = Suite(
    "staging",
    "stg_customer",
    (
        Rule(
            name="customers_are_in_the_master_data",
            severity=Severity.WARN,
            since=date(2026, 11, 22),
            expected="no customer that only facts name",
            reason="Customers that left are often gone from the master data and must stay; their name, industry and "
            "department are unknown, so the count is published.",
            cure="deliver them as entity customer; the inferred row is then replaced",
            unexpected_rows="""
                -- one row per inferred customer
                select stg_customer.customer_id
                from staging.stg_customer as stg_customer
                where stg_customer.is_inferred
            """,
        ),
    ),
)
