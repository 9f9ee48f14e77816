"""Connecting a company's systems: a first mapping from what a database looks like, and a check before the first night.

The doors: `check_source`, `check_together`, `scaffold`.
"""
