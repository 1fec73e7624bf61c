"""MOA's Hoeffding tree by CapyMOA: test, then train, over records in memory, in MOA's own loop in Java."""

from __future__ import annotations

import json
import time
from itertools import islice

from capymoa.classifier import HoeffdingTree
from capymoa.stream import Schema

# capymoa makes Java's packages importable
from com.yahoo.labs.samoa.instances import DenseInstance, Instances
from drawn import DRAWN
from jpype import JArray, JDouble
from moa.evaluation import BasicClassificationPerformanceEvaluator, EfficientEvaluationLoops
from moa.streams import CachedInstancesStream
from stream import RECORDS
from tasks import TASKS

TASK = TASKS["tree"]
river = TASK.pipeline()
names = list(next(DRAWN[TASK.record]()))
schema = Schema.from_custom(names, TASK.label, {TASK.label: ["False", "True"]})
header = schema.get_moa_header()
instances = Instances(header, RECORDS)
for record in islice(DRAWN[TASK.record](), RECORDS):
    instance = DenseInstance(1.0, JArray(JDouble)([float(value) for value in record.values()]))
    instance.setDataset(header)
    instances.add(instance)


def tree() -> HoeffdingTree:
    """A tree with the settings of river's."""
    return HoeffdingTree(
        schema,
        grace_period=river.grace_period,
        confidence=river.delta,
        tie_threshold=river.tau,
        leaf_prediction="NaiveBayesAdaptive",
        nb_threshold=river.nb_threshold,
        numeric_attribute_observer="GaussianNumericAttributeClassObserver",
        max_byte_size=2**31 - 1,
        disable_prepruning=not river.merit_preprune,
    )


def run(evaluator: BasicClassificationPerformanceEvaluator | None) -> float:
    """How many seconds it took, learned by a new tree."""
    stream, learner = CachedInstancesStream(instances), tree().moa_learner
    started = time.perf_counter()
    EfficientEvaluationLoops.PrequentialEvaluation(stream, learner, evaluator, None, RECORDS, RECORDS, False, False)
    return time.perf_counter() - started


judge = BasicClassificationPerformanceEvaluator()
run(judge)  # the JVM compiles what it runs
accuracy = judge.getPerformanceMeasurements()[1].getValue() / 100
print(json.dumps({"records": RECORDS, "seconds": run(None), "accuracy": accuracy}))
