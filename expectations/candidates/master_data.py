"""What is worth knowing of the customers and products behind the night."""

from datetime import date

from expectations.rule import Rule, Severity, Suite

SINCE = date(2026, 11, 22)

CUSTOMER = Suite(
    "staging",
    "stg_customer",
    (
        Rule(
            name="customers_are_in_the_master_data",
            severity=Severity.WARN,
            since=SINCE,
            expected="no customer that only facts name",
            reason="Customers that left are often gone from the master data and must stay; their name, industry and "
            "department are unknown, so the count is published.",
            cure="deliver them as entity customer; the inferred row is then replaced",
            unexpected_rows="""
                -- one row per inferred customer
                select stg_customer.customer_id
                from staging.stg_customer as stg_customer
                where stg_customer.is_inferred
                order by customer_id
            """,
        ),
    ),
)

PRODUCT = Suite(
    "staging",
    "stg_product",
    (
        Rule(
            name="products_are_in_the_master_data",
            severity=Severity.WARN,
            since=SINCE,
            expected="no product that only order lines name",
            reason="Products that are no longer sold are often gone from the master data and must stay; their family "
            "and launch date are unknown and count in no indicator, so the count is published.",
            cure="deliver them as entity product; the inferred row is then replaced",
            unexpected_rows="""
                -- one row per inferred product
                select stg_product.product_id
                from staging.stg_product as stg_product
                where stg_product.is_inferred
                order by product_id
            """,
        ),
    ),
)
