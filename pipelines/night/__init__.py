"""A night: its ledger, its steps in order, its summary."""
