"""The judgement sets: which customers are weighed by which folder of judgement files.

A trader is not an end user: a company may judge kinds of customers apart. A set is a folder with the files of the nodes
that it judges and `set.yml`, which says whom it is for. The set `default` is for everybody that no other set is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from pipelines.calibrate.tree import DESCRIPTION, JudgementError, WeighedNode, weigh_tree
from pipelines.indicators import Indicator
from pipelines.settings import DEFAULT_SET

SHIPPED_JUDGEMENTS = Path(__file__).resolve().parent / "judgements"

Text = Annotated[StrictStr, Field(min_length=1)]
# columns of the customer that say what kind it is; `scores.customer_judgement_set` reads these and no others
RuleColumn = Literal["industry", "region", "sales_department"]


class Description(BaseModel):
    """`set.yml`: what the set is for. A customer belongs where every named column holds one of the listed values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name_en: Text
    name_zh: Text
    reason: Text
    when: dict[RuleColumn, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(default_factory=dict)


@dataclass(frozen=True)
class JudgementSet:
    """One set, weighed: its nodes by name, and whom it is for (`rule`: column -> values; empty for everybody)."""

    name: str
    name_en: str
    name_zh: str
    reason: str
    rule: Mapping[str, tuple[str, ...]]
    nodes: Mapping[str, WeighedNode]


def read_sets(names: Sequence[str], indicators: Iterable[Indicator], folder: Path | None = None) -> list[JudgementSet]:
    """The named sets of a folder of sets (the shipped one where none is given), in their order of precedence.

    Raises:
        JudgementError: a set is missing or faulty, or contradicts itself; `default` is not the last of the names.
    """
    registry = tuple(indicators)
    where = folder or SHIPPED_JUDGEMENTS
    if not names or names[-1] != DEFAULT_SET or len(set(names)) < len(names):
        raise JudgementError(
            f"judgement sets {', '.join(names) or '(none)'}: name each once, in order of precedence, and"
            f" {DEFAULT_SET!r} last"
        )
    return [_read_set(where, name, registry) for name in names]


def _read_set(where: Path, name: str, registry: tuple[Indicator, ...]) -> JudgementSet:
    folder = where / name
    if not folder.is_dir():
        known = sorted(path.parent.name for path in where.glob(f"*/{DESCRIPTION}"))
        raise JudgementError(f"{where} holds no judgement set {name!r}; it holds {', '.join(known) or 'none'}")
    description = _describe(folder / DESCRIPTION)
    if bool(description.when) == (name == DEFAULT_SET):
        cure = "everybody has it" if description.when else "say whom it is for"
        raise JudgementError(f"{folder / DESCRIPTION}: `when`: {cure}")
    nodes = weigh_tree(folder, registry, None if name == DEFAULT_SET else where / DEFAULT_SET)
    return JudgementSet(
        name, description.name_en, description.name_zh, description.reason, description.when, nodes  # type: ignore[arg-type]
    )  # fmt: skip


def _describe(path: Path) -> Description:
    try:
        return Description.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise JudgementError(f"{path} is missing: say what the set is for (name_en, name_zh, reason, when)") from None
    except yaml.YAMLError as error:
        raise JudgementError(f"{path} is no valid YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()]
        raise JudgementError(f"{path}: " + "; ".join(faults)) from error
