"""A pipeline taken apart for the hot loop: the stateless steps in front run once, the rest predicts and learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from river import base, compose

from models.fronts import split
from models.guard import Examine, guard
from models.outcome import Outcome
from models.rules import Rules, Verdict
from models.stage import Kind, kind_of, last_step
from models.stateless import is_stateless


class Course:
    """The bound methods of one live pipeline, looked up once; it shares the pipeline's steps and is never stored.

    `model` is the whole pipeline, as a scorer would use it. `head` are the transforms in front that never learn, and
    rules, which remember a record when `settle` is called because it was not refused; without rules that is None.
    `learns` says whether a record leaves anything behind, and `remembers` whether it does so in rules.
    `hot` are the methods that the hot loop calls, at one look.
    """

    __slots__ = (
        *("decide", "examine", "head", "hot", "learn", "learns", "model", "predict", "remembers", "settle", "tail"),
        "transform",
    )

    def __init__(self, model: Any, node: str) -> None:
        self.model = model
        steps, tail = split(model)
        rules = {id(step): _Watched(step, node) for step in steps if type(step) is Rules}
        self.head: tuple[Callable[[Any], Any], ...] = tuple(
            rules[id(step)].look if id(step) in rules else step.transform_one for step in steps
        )
        self.settle: Callable[[Outcome], None] | None = _settle(tuple(rules.values())) if rules else None
        self.tail = tail
        self.remembers = not all(is_stateless(step) for step in steps)
        self.learns = tail is not None or self.remembers
        self.examine: Examine = guard(tail, node) if tail is not None else _pass
        self.learn: Callable[..., None] = _learn(tail) if tail is not None else _pass
        self.transform: Callable[[Any], Any] = getattr(tail, "transform_one", _same)
        self.predict: Callable[[Any], Any] = _same
        self.decide: Callable[[Any, Any], Any] | None = None
        if kind_of(model) is not Kind.TRANSFORMER:
            self.predict, self.decide = predicting(tail)
        self.hot = self.head, self.examine, self.predict, self.decide, self.learn, self.settle


def predicting(model: Any) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any] | None]:
    """What to ask `model` for, and what makes a class of an answer that is probabilities; None where it is none.

    A classifier is asked once, for its probabilities if it has any; the likeliest class is then its prediction, as
    river decides, unless it decides by itself. An anomaly detector is asked for its score.
    """
    if kind_of(model) is Kind.ANOMALY_DETECTOR:
        return _asked(model, "score_one"), None
    last, inherited = type(last_step(model)), base.Classifier
    if getattr(last, "predict_proba_one", inherited.predict_proba_one) is inherited.predict_proba_one:
        return _asked(model, "predict_one"), None
    if getattr(last, "predict_one", None) is inherited.predict_one:
        return _asked(model, "predict_proba_one"), likeliest
    choose = _asked(model, "predict_one")
    return _asked(model, "predict_proba_one"), lambda x, _: choose(x)


def likeliest(_: Any, probabilities: dict[Any, float]) -> Any:
    """The class with the largest probability, the first one of equals, None if there is none: as river decides.

    >>> likeliest({}, {False: 0.5, True: 0.5})
    False
    """
    if len(probabilities) == 2:
        (first, p), (second, q) = probabilities.items()
        return second if q > p else first
    return max(probabilities, key=probabilities.get) if probabilities else None  # type: ignore[arg-type]


def _asked(model: Any, verb: str) -> Callable[[Any], Any]:
    """What `model` answers, without a pipeline's bookkeeping."""
    straight = _straight(model)
    if straight is None:
        return getattr(model, verb)  # type: ignore[no-any-return]
    front, last = straight
    transforms, ask = tuple(step.transform_one for step in front), getattr(last, verb)

    def answer(x: Any) -> Any:
        for transform in transforms:
            x = transform(x)
        return ask(x)

    return answer


def _learn(tail: Any) -> Callable[..., None]:
    """What `tail.learn_one` does, without a pipeline's bookkeeping; an estimator without a label is given one, too."""
    straight, kind = _straight(tail), kind_of(tail)
    assert kind is not None
    if kind is Kind.TRANSFORMER:
        return tail.learn_one  # type: ignore[no-any-return]
    if straight is None:
        return tail.learn_one if kind.is_supervised else _unlabelled(tail.learn_one)
    front, last = straight
    steps = tuple((step.learn_one, step.transform_one) for step in front)
    learn_last = last.learn_one if kind.is_supervised else _unlabelled(last.learn_one)

    def learn(x: Any, y: Any) -> None:
        for learn_one, transform_one in steps:
            learn_one(x)
            x = transform_one(x)
        learn_last(x, y)

    return learn


def _unlabelled(learn_one: Callable[[Any], None]) -> Callable[[Any, Any], None]:
    """The verb of what learns without a label, for who gives one."""
    return lambda x, _: learn_one(x)


def _straight(model: Any) -> tuple[list[Any], Any] | None:
    """The steps of a pipeline in which no step but the last one is given the label; None for anything else."""
    if type(model) is not compose.Pipeline:
        return None
    *front, last = model.steps.values()
    if not all(isinstance(step, base.Transformer) and not step._supervised for step in front):
        return None
    return front, last


class _Watched:
    """Rules while one record passes through them: what they found is remembered once the record is through."""

    def __init__(self, rules: Rules, node: str) -> None:
        self._rules = rules
        self._node = node
        self._verdict: Verdict | None = None

    def look(self, x: Any) -> Any:
        self._verdict = self._rules.judge(x)
        return self._verdict.x

    def settle(self, outcome: Outcome) -> None:
        assert self._verdict is not None
        self._rules.remember(self._verdict)
        for rule, action in self._verdict.broken:
            outcome.broken[self._node, rule, action] += 1


def _settle(watched: tuple[_Watched, ...]) -> Callable[[Outcome], None]:
    def settle(outcome: Outcome) -> None:
        for rules in watched:
            rules.settle(outcome)

    return settle


def _same(x: Any) -> Any:
    return x


def _pass(*_: Any) -> None:
    """For pipelines that have nothing to learn."""
