"""The product catalogue: eight families of twelve materials, the last of each new to the market during the life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.demo import vocabulary as words
from pipelines.demo.rows import Batch, encoded, last_change, never, numbered, stream
from pipelines.demo.timeline import DAY, LIFE_END, LIFE_START, NULL, Array, day_number

PER_FAMILY = 12
OLD_PER_FAMILY = 8
COUNT = len(words.FAMILIES) * PER_FAMILY
# sold, but never entered into the material master
MISSING_IN_MASTER = COUNT - PER_FAMILY - 1
LAUNCHED_DURING_LIFE = (day_number(date(2022, 3, 1)), day_number(date(2026, 5, 1)))


@dataclass(frozen=True)
class Catalogue:
    """Arrays over the materials: family, cost and list price in CNY a tonne, launch day (NULL unknown), premium."""

    family: Array
    cost: Array
    price: Array
    launched: Array
    premium: Array
    never_costed: Array

    @property
    def numbers(self) -> Array:
        return material_numbers(np.arange(COUNT))


def material_numbers(indexes: Array) -> Array:
    """Material numbers of catalogue positions, as bytes."""
    return numbered("M", 100_000 + 10 * np.asarray(indexes), 7)


def make_catalogue(seed: int) -> Catalogue:
    """The catalogue of one company."""
    rng = stream(seed, "catalogue")
    family = np.repeat(np.arange(len(words.FAMILIES)), PER_FAMILY)
    place = np.tile(np.arange(PER_FAMILY), len(words.FAMILIES))
    premium = place % len(words.FAMILIES[0].grades) >= words.GRADES_PREMIUM_FROM
    base = np.array([item.cost for item in words.FAMILIES])[family]
    margin = np.array([item.margin for item in words.FAMILIES])[family]
    cost = base * (1.0 + 0.04 * (place % 6)) * np.where(premium, 1.12, 1.0)
    price = cost * (1.0 + margin + np.where(premium, 0.12, 0.0))
    old = rng.integers(day_number(date(2004, 1, 1)), day_number(date(2020, 1, 1)), COUNT)
    new = np.sort(rng.integers(*LAUNCHED_DURING_LIFE, COUNT))
    launched = np.where(place >= OLD_PER_FAMILY, rng.permutation(new), old)
    launched[rng.choice(np.flatnonzero(place < OLD_PER_FAMILY), 3, replace=False)] = NULL
    launched[MISSING_IN_MASTER] = old[MISSING_IN_MASTER]
    never_costed = np.zeros(COUNT, dtype=bool)
    never_costed[rng.integers(0, COUNT)] = True
    return Catalogue(family, cost, price, launched, premium, never_costed)


def _texts() -> Array:
    names = []
    for family in words.FAMILIES:
        for place in range(PER_FAMILY):
            grade = family.grades[place % len(family.grades)]
            size = words.SIZES[place // len(family.grades)]
            names.append(f"{family.chinese} {grade} {size} / {family.name.replace('_', ' ')} {grade}")
    return encoded(names)


def material_table(seed: int, catalogue: Catalogue, until: int) -> Batch:
    """`mm.mara` as it stands at `until`; a material is entered at its launch, a few are put up to premium later."""
    rng = stream(seed, "materials")
    in_life = (catalogue.launched != NULL) & (catalogue.launched > LIFE_START)
    created = np.where(in_life, catalogue.launched, LIFE_START - 1) * DAY + 10 * 3600
    upgraded = never(COUNT)
    chosen = rng.choice(np.flatnonzero(~catalogue.premium & ~in_life), 4, replace=False)
    upgraded[chosen] = rng.integers(LIFE_START + 200, LIFE_END, 4) * DAY + 15 * 3600
    premium = np.where(catalogue.premium | (upgraded <= until), b"X", b"-").astype("S1")
    premium[rng.choice(np.flatnonzero(~catalogue.premium & (upgraded > LIFE_END * DAY)), 2, replace=False)] = b""
    texts = _texts()
    texts[rng.integers(0, COUNT)] = b""
    codes = encoded([family.code for family in words.FAMILIES])
    changed = last_change(created, until, upgraded)
    columns = {
        "matnr": catalogue.numbers,
        "maktx": texts,
        "matkl": codes[catalogue.family],
        "zzpremium": premium,
        "mstde": catalogue.launched,
        "aedat": changed,
    }
    held = np.arange(COUNT) != MISSING_IN_MASTER
    return Batch({name: values[held] for name, values in columns.items()}, created[held], changed[held])
