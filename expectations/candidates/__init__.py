"""The second gate: what is about to be published."""

from expectations.candidates import (
    customer_indicator,
    customer_tier,
    indicator,
    landed_together,
    master_data,
    tier_override,
)

SUITES = (
    customer_tier.SUITE,
    customer_indicator.SUITE,
    indicator.SUITE,
    landed_together.EXCHANGE_RATE,
    landed_together.KEY,
    master_data.CUSTOMER,
    master_data.PRODUCT,
    tier_override.SUITE,
)
