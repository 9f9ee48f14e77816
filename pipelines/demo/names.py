"""Company names, Chinese at home and in the region's manner abroad, as UTF-8 bytes."""

from __future__ import annotations

import numpy as np

from pipelines.demo import vocabulary as words
from pipelines.demo.rows import stream
from pipelines.demo.timeline import Array


def _chinese(rng: np.random.Generator, industry: words.Industry) -> str:
    city, first, second, form = rng.integers(
        0, (len(words.CITIES), len(words.STEM_FIRST), len(words.STEM_SECOND), len(words.LEGAL_FORMS))
    )
    stem = words.STEM_FIRST[first] + words.STEM_SECOND[second]
    return f"{words.CITIES[city]}{stem}{industry.chinese}{words.LEGAL_FORMS[form]}"


def _foreign(rng: np.random.Generator, industry: words.Industry, region: words.Region) -> str:
    places, forms = words.FOREIGN_PLACES[region.code], words.FOREIGN_FORMS[region.code]
    place, stem, form = rng.integers(0, (len(places), len(words.FOREIGN_STEMS), len(forms)))
    trade = words.FOREIGN_TRADES[industry.code]
    return f"{words.FOREIGN_STEMS[stem]} {places[place]} {trade} {forms[form]}"


def company_names(seed: int, industries: Array, regions: Array) -> Array:
    """One name per customer; names may repeat, as they do among real companies."""
    rng = stream(seed, "names")
    names = []
    for industry_index, region_index in zip(industries.tolist(), regions.tolist(), strict=True):
        industry, region = words.INDUSTRIES[industry_index], words.REGIONS[region_index]
        at_home = region.currency == "CNY"
        names.append(_chinese(rng, industry) if at_home else _foreign(rng, industry, region))
    return np.array([name.encode() for name in names])


def renamed(names: Array) -> Array:
    """The names after a change of firm: groups at home, holdings abroad."""
    changed = []
    for raw in names.tolist():
        name = raw.decode()
        at_home = name.endswith("公司")
        changed.append(name.replace("有限公司", "控股有限公司") if at_home else f"{name} (formerly), now Holding")
    return np.array([name.encode() for name in changed])
