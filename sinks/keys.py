"""Where things are in Redis: the one place that knows the names of keys, for writers and readers alike.

    headrace:{<workflow>}:generation                              hash: current, newest, definition:<digest>
    headrace:{<workflow>}:progress:<generation>                   hash: shard, topic and partition -> event time reached
    headrace:{<workflow>}:features:<generation>:<entity>:<value>  hash: feature set -> packed row (feature_rows.py)
    headrace:models                                               hash: model -> number of shards
    headrace:model:{<model>}:epoch                                the last epoch taken
    headrace:model:{<model>}:<shard>                              hash: epoch, count, published_at_ms, artifact

A model that is published is announced on the channel `headrace:models` as `<model>:<shard>:<epoch>:<count>`.

The part in braces is the hash tag of a Redis cluster: all keys that one script touches share it. The keys are ready for
a cluster, the client is not yet: redis-py refuses EVALSHA and PUBLISH in a cluster's pipelines.
"""

from __future__ import annotations

import re

from schemas.errors import Fatal

MODELS = "headrace:models"
ANNOUNCEMENTS = "headrace:models"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def generation_key(workflow: str) -> str:
    """The key that says which generation of a workflow's features is read.

    >>> generation_key("flights")
    'headrace:{flights}:generation'
    """
    return f"headrace:{{{checked('workflow', workflow)}}}:generation"


def progress_prefix(workflow: str) -> str:
    """What the keys of the progress of a workflow's generations begin with; the generation follows."""
    return f"headrace:{{{checked('workflow', workflow)}}}:progress:"


def features_prefix(workflow: str, generation: int) -> str:
    """What the keys of all feature rows of one generation begin with; `<entity>:<value>` follows.

    >>> features_prefix("flights", 3) + "origin:EWR"
    'headrace:{flights}:features:3:origin:EWR'
    """
    return f"headrace:{{{checked('workflow', workflow)}}}:features:{generation:d}:"


def live_model_key(model: str, shard: int) -> str:
    """The key of the newest artifact of one shard of a model."""
    return f"headrace:model:{{{checked('model', model)}}}:{shard:d}"


def epoch_key(model: str) -> str:
    """The key of the counter that a model's epochs are taken from."""
    return f"headrace:model:{{{checked('model', model)}}}:epoch"


def checked(kind: str, name: str) -> str:
    """`name`, if it can be part of a key. Raises Fatal otherwise.

    >>> checked("entity", "a:b")
    Traceback (most recent call last):
    schemas.errors.Fatal: entity "a:b": a name in Redis has letters, digits, "_", "." and "-" only
    """
    if not _NAME.fullmatch(name):
        raise Fatal(f'{kind} "{name}": a name in Redis has letters, digits, "_", "." and "-" only')
    return name
