"""The sinks of a plan, by the way that their results go."""

from __future__ import annotations

from engine.workflow import DataSink
from sinks import Collector, Console, FeatureStore, Folder, ModelStore, SqlTable, Topic


class Sinks(tuple[DataSink, ...]):
    """Sinks in the order of their workflow."""

    __slots__ = ()

    @property
    def topics(self) -> Sinks:
        """Those whose results go to topics, which a console has, too."""
        return self._of(Topic, Console)

    @property
    def folders(self) -> Sinks:
        """Those that write files."""
        return self._of(Folder)

    @property
    def tables(self) -> Sinks:
        """Those of results that a worker writes to itself."""
        return self._of(SqlTable, Collector)

    @property
    def results(self) -> Sinks:
        """Those that take predictions, or features as they are."""
        return Sinks((*self.topics, *self.folders, *self.tables))

    @property
    def features(self) -> Sinks:
        """Those that write features for entities."""
        return self._of(FeatureStore)

    @property
    def models(self) -> Sinks:
        """Those that publish models."""
        return self._of(ModelStore)

    def _of(self, *kinds: type) -> Sinks:
        return Sinks(sink for sink in self if isinstance(sink.sink, kinds))
