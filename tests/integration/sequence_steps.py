"""Random sequences of what happens to a source and of the pulls in between, made of a seed.

A step is plain data that can be played whatever came before it, so that a sequence stays one when steps are left out:
that is how a failing one is made short.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.integration.sequence_source import SHAPES, Reading, Record, Shape

KEYS = ("K1", "k1", "K1 ", "O'B\\", "名")
# Few keys, of which one is met often: what happens to a key depends on what happened to it before.
OFTEN = (5, 2, 1, 1, 1)
NUMBERS = (1, 1, 2)
WHEN = ("now", "same", "edge", "before the edge", "overlap", "old", "none", "future", "keep")
STATEMENTS_A_NIGHT = 70


@dataclass(frozen=True)
class Step:
    """What happens: `what` names a method of Play, `with_` are its arguments."""

    what: str
    with_: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.what}({', '.join(f'{name}={value!r}' for name, value in self.with_.items())})"


def steps_of(seed: int, length: int = 50) -> list[Step]:
    dice = random.Random(seed)
    weighted = [(maker, weight) for maker, weight in MAKERS]
    makers, weights = zip(*weighted, strict=True)
    modes = _dealt(dice)
    steps = [
        Step(
            "map",
            {
                "source": source,
                "reading": Reading(
                    modes[source], may_be_absent=source == "shop", key_is_expression=dice.random() < 0.4
                ),
            },
        )
        for source in ("erp", "shop")
    ]
    steps += [dice.choice((_put, _another, _spoil))(dice) for _ in range(14)] + [_night(dice, "erp")]
    return steps + [dice.choices(makers, weights)[0](dice) for _ in range(length)]


def _dealt(dice: random.Random) -> dict[str, tuple[tuple[str, str], ...]]:
    modes = ("flag", "flag", "reconcile", "reconcile", "reconcile_flag", "none", "id", "id_flag", "whole", "whole_flag")
    erp = tuple((entity, dice.choice(modes)) for entity in SHAPES)
    return {"erp": erp, "shop": (("customer", dice.choice(modes)),)}


def _where(dice: random.Random) -> dict[str, Any]:
    source = dice.choice(("erp", "erp", "erp", "shop"))
    entity = "customer" if source == "shop" else dice.choice(list(SHAPES))
    key = [dice.choices(KEYS, OFTEN)[0]] + ([dice.choice(NUMBERS)] if entity == "sales_order_line" else [])
    return {"source": source, "entity": entity, "key": tuple(key)}


def _values(dice: random.Random, shape: Shape) -> Record:
    return {column: dice.choice(values) for column, values in shape.good.items()}


def _when(dice: random.Random) -> str:
    return dice.choices(WHEN, (6, 2, 2, 2, 3, 2, 1, 1, 3))[0]


def _put(dice: random.Random) -> Step:
    where = _where(dice)
    return Step("put", where | {"values": _values(dice, SHAPES[where["entity"]]), "when": _when(dice)})


def _another(dice: random.Random) -> Step:
    return Step("insert", _put(dice).with_)


def _late(dice: random.Random) -> Step:
    return Step("insert_late", _put(dice).with_)


def _spoil(dice: random.Random) -> Step:
    where = _where(dice)
    column, values = dice.choice(list(SHAPES[where["entity"]].bad.items()))
    return Step("put", where | {"values": {column: dice.choice(values)[0]}, "when": _when(dice)})


def _flag(dice: random.Random) -> Step:
    return Step("put", _where(dice) | {"values": {"gone": dice.choice(("X", "X", ""))}, "when": _when(dice)})


def _delete(dice: random.Random) -> Step:
    return Step("delete", _where(dice) | {"copies": dice.choice(("all", "one"))})


def _lose_key(dice: random.Random) -> Step:
    return Step("lose_key", _where(dice) | {"when": _when(dice)})


def _rename(dice: random.Random) -> Step:
    return Step("rename", _where(dice) | {"to": dice.choice(KEYS), "when": _when(dice)})


def _empty(dice: random.Random) -> Step:
    where = _where(dice)
    return Step("empty", {"source": where["source"], "entity": where["entity"]})


def _hide(dice: random.Random) -> Step:
    where = _where(dice)
    return Step("hide", {"source": where["source"], "entity": where["entity"]})


def _commit(dice: random.Random) -> Step:
    return Step("commit", {"source": _where(dice)["source"]})


def _remap(dice: random.Random) -> Step:
    where = _where(dice)
    change = dice.choice(
        [
            {"zone": dice.choice(("UTC", "Asia/Shanghai"))},
            {"prefix": dice.choice(("", "x:"))},
            {"overlap_minutes": dice.choice((0, 60, 180))},
            {"overlap_minutes": dice.choice((0, 60, 180))},
            {"marker": dice.choice(("changed", "touched"))},
            {"has_credit": dice.random() < 0.5},
            {"knows_z": dice.random() < 0.5},
            {"key_is_expression": dice.random() < 0.5},
            {"mode": dice.choice(("flag", "reconcile", "none", "id", "whole"))},
        ]
    )
    return Step("remap", {"source": where["source"], "entity": where["entity"], "change": change})


def _night(dice: random.Random, source: str | None = None) -> Step:
    under_way = tuple(dice.choice((_put, _flag, _delete))(dice) for _ in range(dice.choice((0, 0, 0, 2))))
    return Step(
        "night",
        {
            "source": source or dice.choice(("erp", "erp", "erp", "shop")),
            "date": dice.choices(("next", "same", "same run"), (7, 1, 2))[0],
            "fails_at": dice.randrange(1, STATEMENTS_A_NIGHT) if dice.random() < 0.15 else None,
            "looks_up": dice.random() < 0.3,
            "under_way": under_way,
        },
    )


def _reload(dice: random.Random) -> Step:
    where = _where(dice)
    return Step("reload", {"source": where["source"], "entity": where["entity"]})


def _backfill(dice: random.Random) -> Step:
    where = _where(dice)
    days = dice.choice((1, 2, 1000))
    return Step("backfill", {"source": where["source"], "entity": dice.choice((where["entity"], None)), "days": days})


MAKERS: tuple[tuple[Callable[[random.Random], Step], int], ...] = (
    (_put, 14), (_another, 4), (_late, 3), (_commit, 3), (_spoil, 7), (_flag, 6), (_delete, 5), (_lose_key, 3),
    (_rename, 2), (_empty, 1), (_hide, 1), (_remap, 3), (_night, 16), (_reload, 1), (_backfill, 1),
)  # fmt: skip


def shrunk(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], tries: int = 150) -> list[Step]:
    """As few of these steps as still fail, found by leaving out runs of steps, longer ones first, then what disturbs a
    night.
    """
    fixed = [step for step in steps if step.what == "map"]
    kept = [step for step in steps if step.what != "map"]
    size = max(1, len(kept) // 2)
    while size:
        place = 0
        while place < len(kept) and tries > 0:
            shorter = kept[:place] + kept[place + size :]
            tries -= 1
            if fails(fixed + shorter):
                kept = shorter
            else:
                place += size
        size //= 2
    for place, step in enumerate(kept):
        for name, none in {"under_way": (), "fails_at": None, "looks_up": False}.items():
            calmer = Step(step.what, step.with_ | {name: none})
            if step.with_.get(name, none) != none and fails([*fixed, *kept[:place], calmer, *kept[place + 1 :]]):
                kept[place] = step = calmer
    return fixed + kept


def shown(steps: Sequence[Step]) -> str:
    return "\n".join(f"    {step}" for step in steps)
