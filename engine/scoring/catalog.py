"""The models being served, each replaced in one step by a greater version."""

from __future__ import annotations

from threading import Lock

from engine.scoring.problem import Unanswerable
from engine.scoring.served import Served, Shard


class Catalog:
    """Models by name. Readers take no lock: they see the old version or the new one, whole.

    A shard is replaced only by a greater version, and a partitioning only by a newer one, so an artifact that arrives
    late changes nothing.
    """

    def __init__(self) -> None:
        self._models: dict[str, Served] = {}
        self._replacing = Lock()

    def models(self) -> dict[str, Served]:
        """All models by name, as they are now."""
        return dict(sorted(self._models.copy().items()))

    def __getitem__(self, name: str) -> Served:
        """The model of that name, as it is now. Raises Unanswerable where there is none."""
        served = self._models.get(name)
        if served is None:
            names = ", ".join(f'"{known}"' for known in self.models())
            hint = f"published are: {names}" if names else "no model is published yet"
            raise Unanswerable("unknown_model", "model", f'model "{name[:80]}": no such model', hint=hint)
        return served

    def offer(self, shard: Shard) -> bool:
        """Serve `shard` from now on; False when what is there is at least as new, and stays."""
        name = shard.card.model
        with self._replacing:
            served = self._models.get(name)
            if served and not served.gives_way_to(shard):
                return False
            self._models[name] = served.replaced(shard) if served else Served([shard])
            return True
