"""The second gate: what is about to be published."""

from expectations.candidates import customer_indicator, customer_tier, exchange_rate, indicator, master_data

SUITES = (
    customer_tier.SUITE,
    customer_indicator.SUITE,
    indicator.SUITE,
    exchange_rate.SUITE,
    master_data.CUSTOMER,
    master_data.PRODUCT,
)
