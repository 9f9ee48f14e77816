"""The first gate: what was landed tonight."""

from expectations.landing import extraction, sales_order, sales_order_line

SUITES = (sales_order.SUITE, sales_order_line.SUITE, extraction.SUITE)
