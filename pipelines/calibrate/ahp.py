"""The analytic hierarchy process: weights from pairwise judgements, and how far the judgements contradict each other.

T. L. Saaty, The Analytic Hierarchy Process (1980): weights are the principal eigenvector of the reciprocal matrix of
judgements; the consistency ratio compares its consistency index with that of random judgements.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_CHILDREN = 5
CONSISTENCY_LIMIT = 0.10
# "extremely more": the end of Saaty's scale
BOLDEST = 9
# Saaty's mean consistency index of random matrices, by their size
RANDOM_INDEX = {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12}

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class WorstJudgement:
    """The judgement that contradicts the others most.

    `row` and `column` are positions, `given` the judgement row : column, `implied` what the others together say (on the
    scale of 1/9 to 9), and `ratio_if_mended` the consistency ratio with the implied value in its place.
    """

    row: int
    column: int
    given: float
    implied: float
    ratio_if_mended: float


def principal_eigenvector(matrix: Matrix) -> tuple[Matrix, float]:
    """The eigenvector of the largest eigenvalue, scaled to sum 1, and that eigenvalue. All positive (Perron)."""
    values, vectors = np.linalg.eig(matrix)
    largest = int(np.argmax(values.real))
    vector = np.abs(vectors[:, largest].real)
    return vector / vector.sum(), float(values[largest].real)


def reciprocal_matrix(size: int, judgements: dict[tuple[int, int], float]) -> Matrix:
    """The matrix of the judgements row : column; each pair is given once, in either direction.

    Raises:
        ValueError: more than five children, a pair is missing or judged twice, or a judgement is not above 0.
    """
    if not 1 <= size <= MOST_CHILDREN:
        raise ValueError(f"{size} children; a node has 1 to {MOST_CHILDREN}")
    matrix = np.zeros((size, size))
    np.fill_diagonal(matrix, 1.0)
    for (row, column), value in judgements.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"judgement {row}:{column} is {value}; it must be above 0")
        if row == column or matrix[row, column] != 0:
            raise ValueError(f"pair {row}:{column} is judged twice")
        matrix[row, column] = value
        matrix[column, row] = 1 / value
    if not matrix.all():
        row, column = np.argwhere(matrix == 0)[0]
        raise ValueError(f"pair {row}:{column} is not judged")
    return matrix


def consistency_ratio(matrix: Matrix) -> float:
    """0 where the judgements agree perfectly; from 0.10 on they are too contradictory to be used."""
    size = len(matrix)
    if size <= 2:
        return 0.0
    _, largest = principal_eigenvector(matrix)
    # rounding may bring the eigenvalue of a consistent matrix a hair under its size
    return max(0.0, (largest - size) / (size - 1) / RANDOM_INDEX[size])


def weights(matrix: Matrix) -> tuple[float, ...]:
    """One weight per child, above 0; they sum to 1."""
    vector, _ = principal_eigenvector(matrix)
    return tuple(float(weight) for weight in vector)


def worst_judgement(matrix: Matrix) -> WorstJudgement:
    """The judgement whose replacement by what the others imply would make the node most consistent.

    Of three children any one judgement can be mended to agree with the other two: then the boldest of them is named.

    Raises:
        ValueError: fewer than three children cannot contradict each other.
    """
    size = len(matrix)
    if size < 3:
        raise ValueError("fewer than three children cannot contradict each other")
    found = [_judgement(matrix, row, column) for row in range(size) for column in range(row + 1, size)]
    return min(found, key=lambda one: (round(one.ratio_if_mended, 9), -abs(math.log(one.given))))


def _judgement(matrix: Matrix, row: int, column: int) -> WorstJudgement:
    given = float(matrix[row, column])
    implied = _implied(matrix, row, column)
    ratio = consistency_ratio(_with(matrix, row, column, implied))
    if given < 1:
        row, column, given, implied = column, row, 1 / given, 1 / implied
    return WorstJudgement(row, column, given, implied, ratio)


def _with(matrix: Matrix, row: int, column: int, value: float) -> Matrix:
    changed = matrix.copy()
    changed[row, column], changed[column, row] = value, 1 / value
    return changed


def _implied(matrix: Matrix, row: int, column: int) -> float:
    """The judgement of this pair, on the scale of 1/9 to 9, with which the node is most consistent.

    The largest eigenvalue is convex in the logarithm of a judgement; its slope there is v[row] w[column] times the
    judgement less the same the other way round, w and v being the eigenvectors of the matrix and of its transpose.
    """

    def slope(logarithm: float) -> float:
        value = math.exp(logarithm)
        changed = _with(matrix, row, column, value)
        right, _ = principal_eigenvector(changed)
        left, _ = principal_eigenvector(changed.T)
        return float(left[row] * right[column] * value - left[column] * right[row] / value)

    end = math.log(BOLDEST)
    if slope(-end) >= 0:
        return 1 / BOLDEST
    if slope(end) <= 0:
        return float(BOLDEST)
    # a second of import that only a refused judgement needs
    from scipy import optimize

    return math.exp(optimize.brentq(slope, -end, end, xtol=1e-13))
