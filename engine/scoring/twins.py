"""Compiled twins of models that are served, for requests that ask about many instances."""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.compiled.scorer import CompiledScorer


class Twins:
    """Makes the twins of models.

    What that needs takes a second to import, and 130 MB, once there is a request about many instances. It is imported
    in a thread of its own, so that no request waits for it; until then there are no twins.

    >>> from river import linear_model
    >>> twins = Twins()
    >>> twins.wait()
    >>> twins.of(linear_model.LinearRegression()).ask([{"delay": 2.0}])
    [(0.0, None)]
    """

    def __init__(self) -> None:
        self._make: Callable[[Any], CompiledScorer | None] | None = None
        self._importing: Thread | None = None
        self._starting = Lock()

    @property
    def are_ready(self) -> bool:
        """Whether there can be twins; if not, see to it that there will be."""
        if self._make is None and self._importing is None:
            self._start()
        return self._make is not None

    def of(self, model: Any) -> CompiledScorer | None:
        """The twins of a model, None where it has none, or while they are being imported."""
        return self._make(model) if self._make else None

    def wait(self) -> None:
        """Wait until all is imported."""
        self._start().join()

    def _start(self) -> Thread:
        with self._starting:
            if self._importing is None:
                self._importing = Thread(target=self._import, name="twins", daemon=True)
                self._importing.start()
            return self._importing

    def _import(self) -> None:
        from models.compiled.scorer import CompiledScorer  # takes a second, and most services never need it
        from models.compiled.twin import NoTwin

        def make(model: Any) -> CompiledScorer | None:
            try:
                return CompiledScorer(model)
            except NoTwin:
                return None

        # As at the start: without it each full collection looks through 90,000 objects more, which holds up
        # requests for 40 ms. Models that are held now still go once nobody refers to them.
        gc.freeze()
        self._make = make
