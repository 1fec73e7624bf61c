"""River's KMeans, which goes over features in one order."""

from __future__ import annotations

from typing import Any

from river import cluster


class KMeans(cluster.KMeans):  # type: ignore[misc]
    """`cluster.KMeans` that goes over features as its centers met them: river's own goes over a set of their names.

    The order of a set changes from process to process, and sums of floats and random centers depend on it. A workflow
    puts it in the place of each `cluster.KMeans` by itself.

    >>> means = KMeans(n_clusters=2, seed=1)
    >>> means.predict_one({"wind": 3.0, "delay": 7.0}), list(means.centers[1])
    (0, ['wind', 'delay'])
    """

    def predict_one(self, x: dict[Any, Any]) -> int:
        def distance(number: int) -> Any:
            center = self.centers[number]
            return sum([abs(center[name] - x.get(name, 0)) ** self.p for name in dict.fromkeys((*center, *x))])

        closest: int = min(self.centers, key=distance)
        return closest
