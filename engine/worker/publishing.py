"""The live model to the model store: sealed with its card, at the pace that its author gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from engine.plan import Part, Plan
from models.artifact import FeatureSetRef, ModelCard, seal
from models.fields import Unknown
from models.shard import Shard
from schemas.errors import Fatal
from schemas.version import Version
from sinks import FeatureStore, ModelPublisher


class Publishing:
    """Publishes the models of one worker's shards."""

    def __init__(self, plan: Plan, part: Part, publishers: Mapping[str, ModelPublisher], key: bytes) -> None:
        self._plan = plan
        self._part = part
        self._publishers = publishers
        self._key = key
        self._published: dict[tuple[str, int], Version] = {}

    def take_epoch(self, at_least: int) -> int:
        """An epoch greater than all before it in every store, for a shard that has just been opened."""
        taken = [publisher.take_epoch(at_least) for publisher in self._publishers.values()]
        epoch = max(taken, default=at_least + 1)
        for publisher, behind in zip(self._publishers.values(), taken, strict=True):
            if behind < epoch:
                epoch = max(epoch, publisher.take_epoch(epoch - 1))
        return epoch

    def pending(self, number: int, shard: Shard, epoch: int) -> bool:
        """Whether the shard has learned something that is not published yet."""
        version = Version(epoch, shard.learned)
        return shard.learned > 0 and any(self._published.get((name, number)) != version for name in self._publishers)

    def publish(
        self, number: int, shard: Shard, epoch: int, features: Mapping[str, str], *, last: bool = False
    ) -> list[str]:
        """Publish shard `number` where it is due, or for the `last` time, and say under which names.

        `features` are the model's inputs. Raises Fatal where another run has taken the model over.
        """
        version = Version(epoch, shard.learned)
        done = []
        for name, publisher in self._publishers.items():
            if self._published.get((name, number)) == version or not (last or publisher.due(number)):
                continue
            artifact = seal(self._card(name, number, shard, version, features), shard.model, self._key)
            if not publisher.publish(number, version, artifact):
                raise Fatal(
                    f'model "{name}": a version greater than {version} is live',
                    hint="another run publishes under this name: stop one of the two",
                )
            self._published[name, number] = version
            done.append(name)
        return done

    def _card(self, name: str, number: int, shard: Shard, version: Version, features: Mapping[str, str]) -> ModelCard:
        estimator = self._part.estimator
        assert estimator is not None
        return ModelCard(
            workflow=self._plan.workflow,
            model=name,
            version=version,
            learned_until=shard.learned_until,
            features=dict(features),
            label=estimator.label,
            feature_sets=self._feature_sets(features),
            shard=number,
            shards=self._part.shards,
            keyed_by=estimator.key,
            metrics=shard.metrics.as_dict() if shard.metrics else {},
            class_path=f"{type(estimator.pipeline).__module__}.{type(estimator.pipeline).__qualname__}",
        )

    def _feature_sets(self, features: Mapping[str, str]) -> tuple[FeatureSetRef, ...]:
        """Those of the workflow, and of others that it looks up: what each has of the model's features, if known."""
        refs = []
        for part in self._plan.parts:
            for sink in part.sinks.features:
                store = cast(FeatureStore, sink.sink)
                held = store.features if store.features is not None else part.fields[sink.input]
                names = tuple(name for name in features if isinstance(held, Unknown) or name in held)
                refs.append(FeatureSetRef(store.entity, sink.name, names))
        for lookup in self._part.lookups.values():
            if lookup.features.workflow == self._plan.workflow:
                continue
            names = tuple(name for name in features if name in lookup.features.features)
            refs.append(FeatureSetRef(lookup.entity, lookup.features.sink, names, lookup.features.workflow))
        return tuple(refs)
