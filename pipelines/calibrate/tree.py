"""The judgement files: pairwise comparisons that people edit, one YAML file per node of the tree.

The tree is dimension > group > indicator. `value.yml` compares the dimensions, `<dimension>.yml` its groups,
`<group>.yml` its indicators; a folder of such files is one opinion of what makes a customer valuable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.calibrate import ahp
from pipelines.indicators import DIMENSIONS, Indicator

ROOT = "value"
# the one file of a set's folder that is no node
DESCRIPTION = "set.yml"


class JudgementError(Exception):
    """A judgement file cannot be used; the message names file, node and cure."""


class Judgement(BaseModel):
    """`more` matters `times` (1 equally, 3 moderately, 5 strongly, 7 very strongly, 9 extremely) as much as `less`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    more: str
    less: str
    times: Annotated[float, Field(ge=1, le=9)]
    reason: Annotated[str, Field(min_length=1)]


class Node(BaseModel):
    """One file: a node of the tree, its children and every pair of them judged once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    node: str
    children: Annotated[tuple[str, ...], Field(min_length=1, max_length=ahp.MOST_CHILDREN)]
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True)
class WeighedNode:
    """A node's children with their weights (sum 1) and the consistency ratio of its judgements."""

    node: str
    weights: Mapping[str, float]
    consistency_ratio: float
    judgements: tuple[Judgement, ...] = ()


def read_node(path: Path) -> Node:
    """One judgement file, checked for itself.

    Raises:
        JudgementError: it is missing or no valid YAML, or its pairs are not each judged once.
    """
    try:
        node = Node.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise JudgementError(f"{path} is missing: write the judgements of node {path.stem}") from None
    except yaml.YAMLError as error:
        raise JudgementError(f"{path} is no valid YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()]
        raise JudgementError(f"{path}: " + "; ".join(faults)) from error
    if node.node != path.stem:
        raise JudgementError(f"{path} says node {node.node}; the file's name and the node's are one")
    if len(set(node.children)) < len(node.children):
        raise JudgementError(f"{path}: a child is named twice")
    _check_pairs(path, node)
    return node


def _check_pairs(path: Path, node: Node) -> None:
    wanted = {frozenset(pair) for pair in combinations(node.children, 2)}
    given = [frozenset((one.more, one.less)) for one in node.judgements]
    for pair in given:
        if pair not in wanted:
            raise JudgementError(f"{path}: {' against '.join(sorted(pair))} is no pair of children of {node.node}")
        if given.count(pair) > 1:
            raise JudgementError(f"{path}: {' against '.join(sorted(pair))} is judged twice")
    missing = sorted(" against ".join(sorted(pair)) for pair in wanted - set(given))
    if missing:
        raise JudgementError(f"{path}: not judged: {', '.join(missing)}")


def weigh(path: Path, node: Node) -> WeighedNode:
    """The weights of a node's children.

    Raises:
        JudgementError: the judgements contradict each other too much; names the worst of them and what would mend it.
    """
    place = {child: position for position, child in enumerate(node.children)}
    pairs = {(place[one.more], place[one.less]): one.times for one in node.judgements}
    matrix = ahp.reciprocal_matrix(len(node.children), pairs)
    ratio = ahp.consistency_ratio(matrix)
    if ratio >= ahp.CONSISTENCY_LIMIT:
        raise JudgementError(_contradiction(path, node, matrix, ratio))
    weights = dict(zip(node.children, ahp.weights(matrix), strict=True))
    return WeighedNode(node.node, weights, ratio, node.judgements)


def _contradiction(path: Path, node: Node, matrix: ahp.Matrix, ratio: float) -> str:
    worst = ahp.worst_judgement(matrix)
    more, less = node.children[worst.row], node.children[worst.column]
    implied = f"{more} over {less} by {worst.implied:.2g}"
    if worst.implied < 1:
        implied = f"{less} over {more} by {1 / worst.implied:.2g}"
    remains = "" if worst.ratio_if_mended < ahp.CONSISTENCY_LIMIT else ": still too much, mend that and look again"
    return (
        f"{path}: node {node.node} contradicts itself: consistency ratio {ratio:.2f}, must be below"
        f" {ahp.CONSISTENCY_LIMIT:.2f}. Worst judgement: {more} over {less} by {worst.given:g}; the others together say"
        f" {implied}, with which the ratio would be {worst.ratio_if_mended:.2f}{remains}"
    )


def weigh_tree(folder: Path, indicators: Iterable[Indicator], fallback: Path | None = None) -> dict[str, WeighedNode]:
    """Every node of the tree, weighed, by name; a node without a file is judged as in `fallback` where one is given.

    Raises:
        JudgementError: a file is faulty or contradicts itself, or the tree and the indicators' registry differ.
    """
    tree: dict[str, set[str]] = {ROOT: set(DIMENSIONS)} | {dimension: set() for dimension in DIMENSIONS}
    for indicator in indicators:
        tree[indicator.dimension].add(indicator.group)
        tree.setdefault(indicator.group, set()).add(indicator.indicator_id)
    weighed = {}
    for name, children in tree.items():
        path = folder / f"{name}.yml"
        if fallback is not None and not path.exists():
            path = fallback / path.name
        node = read_node(path)
        missing, unknown = children - set(node.children), set(node.children) - children
        if missing:
            raise JudgementError(f"{path}: {', '.join(sorted(missing))} is judged nowhere: add it to the children")
        if unknown:
            raise JudgementError(f"{path}: {', '.join(sorted(unknown))} is not of {name} by the indicator models")
        weighed[name] = weigh(path, node)
    strangers = sorted(path.name for path in folder.glob("*.yml") if path.stem not in tree and path.name != DESCRIPTION)
    if strangers:
        raise JudgementError(f"{folder}: {', '.join(strangers)} belongs to no node of the tree")
    return weighed


def nominal_weights(shares: Mapping[str, Mapping[str, float]], indicators: Iterable[Indicator]) -> dict[str, float]:
    """Indicator id -> nominal weight, the product down the tree; all of them sum to 1.

    `shares`: node -> child -> its weight inside the node (sum 1).
    """
    products = {
        one.indicator_id: shares[ROOT][one.dimension]
        * shares[one.dimension][one.group]
        * shares[one.group][one.indicator_id]
        for one in indicators
    }
    total = math.fsum(products.values())
    return {indicator_id: product / total for indicator_id, product in products.items()}


def judged_weights(tree: Mapping[str, WeighedNode], indicators: Iterable[Indicator]) -> dict[str, float]:
    """Indicator id -> nominal weight by the judgements alone."""
    return nominal_weights({name: node.weights for name, node in tree.items()}, indicators)
