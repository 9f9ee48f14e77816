"""Explanation: why a score is what it is and why it moved, from what was published."""
