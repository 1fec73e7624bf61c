"""River's `stats.Var`, in which operations have their order."""

from __future__ import annotations

from models.compiled.squares import squared
from models.compiled.trees.regression.state import COUNT, MEAN, SQUARES
from schemas.kernel import Floats, shared

Var = tuple[float, float, float]


@shared
def update(labels: Floats, y: float) -> None:
    """Welford's algorithm."""
    before = labels[MEAN]
    labels[COUNT] += 1.0
    labels[MEAN] += (1.0 / labels[COUNT]) * (y - before)
    labels[SQUARES] += (y - before) * (y - labels[MEAN])


@shared
def var_of(labels: Floats) -> Var:
    """A row of labels as numbers."""
    return labels[COUNT], labels[MEAN], labels[SQUARES]


@shared
def plus(one: Var, other: Var) -> Var:
    """Both together; one of them has labels."""
    n, mean, squares = one
    more, others, their = other
    total = n + more
    squares = squares + their + squared(mean - others) * n * more / total
    return total, (n * mean + more * others) / total, squares


@shared
def minus(one: Var, other: Var) -> Var:
    """One without the other, which is part of it."""
    n, mean, squares = one
    less, others, their = other
    left = n - less
    if left > 0.0:
        mean = (n * mean - less * others) / left
    else:
        left, mean = 0.0, 0.0
    squares = squares - their - squared(mean - others) * left * less / (left + less)
    return left, mean, squares


@shared
def variance(labels: Var) -> float:
    """The sample variance, 0 of fewer than two labels."""
    return labels[SQUARES] / (labels[COUNT] - 1.0) if labels[COUNT] > 1.0 else 0.0


@shared
def reduction(before: Var, left: Var, right: Var, least: float) -> float:
    """By how much a split reduces the variance, 0 where one side has less than `least` labels."""
    if left[COUNT] < least or right[COUNT] < least:
        return 0.0
    merit = variance(before)
    merit -= left[COUNT] / before[COUNT] * variance(left)
    merit -= right[COUNT] / before[COUNT] * variance(right)
    return merit
