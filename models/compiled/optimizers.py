"""Twins of river's optimizers, schedulers and losses: what they are to kernels, as numbers.

Operations are in river's order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from river import optim

from models.compiled.twin import NoTwin
from schemas.kernel import exp, power, shared

CONSTANT, INVERSE, OPTIMAL = range(3)
SGD, ADA_GRAD, RMS_PROP, ADAM, FTRL = range(5)
LOG, HINGE, SQUARED, ABSOLUTE, HUBER, QUANTILE, INSENSITIVE = range(7)
SUMS = {RMS_PROP: ("g2",), ADA_GRAD: ("g2",), ADAM: ("m", "v"), FTRL: ("z", "n"), SGD: ()}
"""What river's optimizers call the sums that they keep by feature."""


class Scheduler(NamedTuple):
    """A scheduler: its kind and its two numbers, `rate` being the alpha of `Optimal`, `other` its t0 or a power."""

    kind: int
    rate: float
    other: float


class Optimizer(NamedTuple):
    """An optimizer: its kind, its scheduler and its hyperparameters.

    `first` and `second` are Adam's betas, or alpha and beta of FTRL-Proximal, whose l1 is `eps`; `first` is the rho of
    RMSProp.
    """

    kind: int
    scheduler: Scheduler
    first: float
    second: float
    eps: float
    l2: float


class Loss(NamedTuple):
    """A loss: its kind and its two numbers, those that `LOSSES` names."""

    kind: int
    first: float
    second: float


def scheduler_of(scheduler: Any) -> Scheduler:
    """What one of river's schedulers is to kernels. Raises NoTwin."""
    kind = type(scheduler)
    if kind is optim.schedulers.Constant:
        return Scheduler(CONSTANT, float(scheduler.learning_rate), 0.0)
    if kind is optim.schedulers.InverseScaling:
        return Scheduler(INVERSE, float(scheduler.learning_rate), float(scheduler.power))
    if kind is optim.schedulers.Optimal:
        return Scheduler(OPTIMAL, float(scheduler.alpha), float(scheduler.t0))
    raise NoTwin(f"has a scheduler without a twin, {kind.__name__}")


def optimizer_of(optimizer: Any) -> Optimizer:
    """What one of river's optimizers is to kernels. Raises NoTwin."""
    kind = type(optimizer)
    if kind is optim.FTRLProximal:
        return Optimizer(
            FTRL,
            Scheduler(CONSTANT, 0.0, 0.0),
            float(optimizer.alpha),
            float(optimizer.beta),
            float(optimizer.l1),
            float(optimizer.l2),
        )
    if kind not in OPTIMIZERS:
        raise NoTwin(f"has an optimizer without a twin, {kind.__name__}")
    scheduler = scheduler_of(optimizer.lr)
    if kind is optim.Adam:
        return Optimizer(ADAM, scheduler, float(optimizer.beta_1), float(optimizer.beta_2), float(optimizer.eps), 0.0)
    return Optimizer(
        OPTIMIZERS[kind], scheduler, getattr(optimizer, "rho", 0.0), 0.0, getattr(optimizer, "eps", 0.0), 0.0
    )


def loss_of(loss: Any) -> Loss:
    """What one of river's losses is to kernels. Raises NoTwin."""
    kind = type(loss)
    if kind not in LOSSES:
        raise NoTwin(f"has a loss without a twin, {kind.__name__}")
    number, attributes = LOSSES[kind]
    first, second = (*(float(getattr(loss, name)) for name in attributes), 0.0, 0.0)[:2]
    return Loss(number, first, second)


OPTIMIZERS: dict[Any, int] = {
    optim.SGD: SGD,
    optim.AdaGrad: ADA_GRAD,
    optim.RMSProp: RMS_PROP,
    optim.Adam: ADAM,
    optim.FTRLProximal: FTRL,
}
LOSSES: dict[Any, tuple[int, tuple[str, ...]]] = {
    optim.losses.Log: (LOG, ("weight_pos", "weight_neg")),
    optim.losses.Hinge: (HINGE, ("threshold",)),
    optim.losses.Squared: (SQUARED, ()),
    optim.losses.Absolute: (ABSOLUTE, ()),
    optim.losses.Huber: (HUBER, ("epsilon",)),
    optim.losses.Quantile: (QUANTILE, ("alpha",)),
    optim.losses.EpsilonInsensitiveHinge: (INSENSITIVE, ("eps",)),
}


@shared
def learning_rate(scheduler: Scheduler, iterations: int) -> float:
    """The rate at an iteration."""
    if scheduler.kind == CONSTANT:
        return scheduler.rate
    if scheduler.kind == INVERSE:
        return scheduler.rate / power(iterations + 1.0, scheduler.other)
    return 1.0 / (scheduler.rate * (scheduler.other + iterations))


@shared
def loss_gradient(loss: Loss, y: float, said: float) -> float:  # noqa: PLR0911 - a loss each
    """The derivative of the loss by the prediction."""
    if loss.kind == LOG:
        if y == 0.0:
            y, weight = -1.0, loss.second
        else:
            y, weight = np.trunc(y), loss.first  # river takes `int(y)`
        z, against = said * y, 0.0 - y  # a whole number has no -0
        if z > 18.0:
            return weight * exp(-z) * against
        if z < -18.0:
            return weight * against
        return weight * against / (exp(z) + 1.0)
    if loss.kind == HINGE:
        y = y * 2.0 - 1.0
        return -y if y * said <= loss.first else 0.0
    if loss.kind == SQUARED:
        return 2.0 * (said - y)
    if loss.kind == ABSOLUTE:
        return 1.0 if said > y else -1.0
    if loss.kind == HUBER:
        r = said - y
        if abs(r) <= loss.first:
            return r
        return loss.first if r > 0.0 else -loss.first
    if loss.kind == QUANTILE:
        return (1.0 if y < said else 0.0) - loss.first
    y = y * 2.0 - 1.0
    if said > y + loss.first:
        return 1.0
    return -1.0 if said + loss.first < y else 0.0


@shared
def clamp(x: float, bound: float) -> float:
    """`max(min(x, bound), -bound)` as Python has it, a NaN included."""
    upper = bound if bound < x else x
    return -bound if -bound > upper else upper


@shared
def sigmoid(x: float) -> float:
    """As river has it: 0 or 1 beyond 30."""
    if x < -30.0:
        return 0.0
    if x > 30.0:
        return 1.0
    return 1.0 / (1.0 + exp(-x))
