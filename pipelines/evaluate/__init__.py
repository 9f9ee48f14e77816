"""Evaluations aside: the night's own models over schemas of their own, for replays, comparisons and measurements."""

from pipelines.evaluate.aside import Aside, AsideBusy, aside, drop_leftovers

__all__ = ["Aside", "AsideBusy", "aside", "drop_leftovers"]
