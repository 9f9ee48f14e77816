"""The second gate: what is about to be published."""

from expectations.candidates import (
    customer,
    customer_indicator,
    customer_tier,
    exchange_rate,
    indicator,
)

SUITES = (customer_tier.SUITE, customer_indicator.SUITE, indicator.SUITE, exchange_rate.SUITE, customer.SUITE)
