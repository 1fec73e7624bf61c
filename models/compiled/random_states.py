"""The random states of all copies of a step that draws numbers while it learns."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class RandomStates:
    """Where the random numbers of each copy go on; a copy that has learned nothing begins with those of `first`.

    >>> states = RandomStates(Random(7))
    >>> first, again = states.draw(0, "two", lambda rng: rng.random()), states.draw(1, "two", lambda rng: rng.random())
    >>> first == again, first == states.draw(0, "two", lambda rng: rng.random())
    (True, False)
    """

    def __init__(self, first: Random) -> None:
        self._first = copy_of(first)
        self._later: dict[int, Random] = {}  # by copy; these are never drawn from, as copies share them
        self._drawn: dict[Hashable, tuple[Any, Random]] = {}  # from the first state, by what was asked for

    def draw(self, copy: int, asked: Hashable, make: Callable[[Random], T]) -> T:
        """What `make` makes of the numbers that come next for a copy, made once for all that ask the same at first."""
        if copy in self._later:
            rng = self._later[copy] = copy_of(self._later[copy])
            return make(rng)
        if asked not in self._drawn:
            rng = copy_of(self._first)
            self._drawn[asked] = make(rng), rng
        made: T
        made, self._later[copy] = self._drawn[asked]
        return made

    def load(self, copy: int, rng: Random) -> None:
        """Let a copy go on like `rng`."""
        self._later.pop(copy, None)
        if rng.getstate() != self._first.getstate():
            self._later[copy] = copy_of(rng)

    def store(self, copy: int, rng: Random) -> None:
        """Let `rng` go on like a copy."""
        rng.setstate(self._later.get(copy, self._first).getstate())

    def __deepcopy__(self, _: Any) -> RandomStates:
        same = RandomStates(self._first)
        same._later, same._drawn = dict(self._later), dict(self._drawn)
        return same


def copy_of(rng: Random) -> Random:
    """Another one that goes on like it."""
    copied = Random()
    copied.setstate(rng.getstate())
    return copied
