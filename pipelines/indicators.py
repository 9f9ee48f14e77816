"""The registry of the value indicators: read from the headers of their dbt models, where each fact stands once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines import transform
from pipelines.settings import Settings

DIMENSIONS = ("current", "potential")
_ALLOWED = {"dimension": DIMENSIONS, "better": ("higher", "lower"), "scale": ("linear", "asinh")}


class RegistryError(Exception):
    """An indicator's header lacks a fact or holds an unknown one; the message names the indicator and the fact."""


@dataclass(frozen=True)
class Indicator:
    """One indicator's facts; `scale` is the transform that turns its values into points."""

    indicator_id: str
    name: str
    name_en: str
    name_zh: str
    dimension: Literal["current", "potential"]
    group: str
    unit: str
    better: Literal["higher", "lower"]
    scale: Literal["linear", "asinh"]
    formula: str

    @property
    def higher_is_better(self) -> bool:
        return self.better == "higher"


def load_indicators(settings: Settings) -> tuple[Indicator, ...]:
    """All indicators of the parsed dbt project, by id.

    Raises:
        RegistryError: a header is incomplete, or two claim the same id or name.
    """
    nodes = transform.project_manifest(settings).nodes.values()
    return indicators_from(node.config.meta["indicator"] for node in nodes if "indicator" in node.config.meta)


def indicators_from(headers: Iterable[Mapping[str, str]]) -> tuple[Indicator, ...]:
    """The indicators that these headers (`meta.indicator` of the models) describe, by id.

    Raises:
        RegistryError: a header is incomplete, or two claim the same id or name.
    """
    indicators = sorted((_indicator(header) for header in headers), key=lambda one: one.indicator_id)
    for fact in ("indicator_id", "name"):
        counts = Counter(getattr(one, fact) for one in indicators)
        doubled = [value for value, count in counts.items() if count > 1]
        if doubled:
            raise RegistryError(f"more than one indicator model claims the {fact} {', '.join(doubled)}")
    return tuple(indicators)


def _indicator(header: Mapping[str, str]) -> Indicator:
    label = f"indicator {header.get('id') or header.get('name') or 'without id'}"
    needed = ("id", "name", "name_en", "name_zh", "dimension", "group", "unit", "better", "scale", "formula")
    missing = [fact for fact in needed if not header.get(fact)]
    if missing:
        raise RegistryError(f"{label}: its model's header lacks {', '.join(missing)}")
    for fact, allowed in _ALLOWED.items():
        if header[fact] not in allowed:
            raise RegistryError(f"{label}: {fact} is {header[fact]!r}; allowed: {', '.join(allowed)}")
    facts = {fact: header[fact] for fact in needed if fact != "id"}
    return Indicator(indicator_id=header["id"], **facts)  # type: ignore[arg-type]
