from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest
from river import anomaly, cluster, compose, dummy, linear_model, preprocessing

from engine.connectors import FeatureLookup, Features, Over, Query, Session, Sql, Table, Tumbling
from engine.explain import explain
from engine.jobs.definition import changes, states_of
from engine.plan import Plan, PlannedConnection, Stream
from engine.planner import make_plan, shipped_schema
from engine.workflow import Connection, Workflow
from models import Derive, Filter, RollingMean, Rules, Unique
from schemas.errors import Fatal
from sinks import Console, FeatureStore, ModelStore, Topic
from sources import KafkaTopic
from workflows import delays, phishing

FLIGHTS = KafkaTopic("flights", schema="flight", event_time="departed_at", lateness="10m")


def plan(build: Callable[[Workflow], object], **options: int) -> Plan:
    flow = Workflow("demo", **options)  # type: ignore[arg-type]
    build(flow)
    return make_plan(flow, shipped_schema)


def learn(flow: Workflow, topic: KafkaTopic, label: str, model: object = None, key: str | None = None) -> None:
    model = model or linear_model.LogisticRegression()
    flow.pipeline("model", flow.source("flights", topic), model, label=label, key=key)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda flow: None, "has no source"),
        (lambda flow: flow.source("flights", FLIGHTS), 'nothing reads "flights"'),
        (lambda flow: learn(flow, KafkaTopic("f", schema="flight", event_time="left_at"), "late"), '"left_at"'),
        (lambda flow: learn(flow, KafkaTopic("f", schema="flight", event_time="carrier"), "late"), "of type string"),
        (lambda flow: learn(flow, FLIGHTS, "latte"), 'pipeline "model": label "latte"'),
        (lambda flow: learn(flow, FLIGHTS, "distance"), "a classifier needs boolean"),
        (lambda flow: learn(flow, FLIGHTS, "late", linear_model.LinearRegression()), "a regressor needs float"),
        (lambda flow: learn(flow, FLIGHTS, "late", key="distance"), 'key "distance" is of type double'),
        (lambda flow: learn(flow, KafkaTopic("f", schema="flights"), "late"), 'schema "flights": not found'),
        (lambda flow: learn(flow, KafkaTopic("f", schema="none.avsc"), "late"), 'schema "none.avsc"'),
    ],
)
def test_mistakes_name_the_node(build: Callable[[Workflow], object], message: str) -> None:
    with pytest.raises(Fatal, match=message):
        plan(build)


def look_up(flow: Workflow, on: str = "origin", kind: str = "double", name: str = "mean", of: str = "delays") -> None:
    source = flow.source("flights", FLIGHTS)
    flow.connect("recent", FeatureLookup(source, Features("other", of, {name: kind}), on=on))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda flow: look_up(flow, on="distance"),
            'connector "recent": "distance" is of type double, expected string',
        ),
        (lambda flow: look_up(flow, on="start"), 'connector "recent": on "start": schema "Flight" has no such field'),
        (lambda flow: look_up(flow, kind="map"), "feature \"mean\" of other.delays by origin is of type 'map'"),
        (lambda flow: look_up(flow, name="carrier"), 'connector "recent": its records have a field "carrier" already'),
    ],
)
def test_lookups_of_features_that_cannot_be(build: Callable[[Workflow], object], message: str) -> None:
    with pytest.raises(Fatal, match=message):
        plan(build)


def test_what_redis_holds_has_no_event_time() -> None:
    flow = Workflow("demo", order="event_time")
    look_up(flow)
    with pytest.raises(Fatal, match="changes under the stream") as refused:
        make_plan(flow, shipped_schema)
    assert 'order="arrival"' in str(refused.value.hint)


def test_a_lookup_of_features_is_explained_and_part_of_what_is_learned_from() -> None:
    def build(flow: Workflow, sink: str = "delays") -> None:
        look_up(flow, of=sink)
        [_, recent] = flow.nodes
        classifier = compose.Select("mean") | linear_model.LogisticRegression()
        flow.pipeline("model", recent, classifier, label="late")  # type: ignore[arg-type]

    made = plan(build)
    said = explain(made)
    assert "connector recent <- flights: features of origin in Redis, by other.delays" in said
    assert "mean double?" in said
    assert "not reproducible" in said
    assert made.connections == ()
    others = {change.node: change for change in changes(states_of(made), plan(lambda flow: build(flow, "others")))}
    assert others["recent"].verdict == "changed"


TABLE = Table("flights", (), "departed_at")
NUMBERED = "SELECT *, ROW_NUMBER() OVER (PARTITION BY tailnum ORDER BY departed_at) AS n FROM flights"


@pytest.mark.parametrize(
    ("connector", "order", "noted"),
    [
        (Tumbling(TABLE, size="1h", mean="AVG(distance)", last="LAST_VALUE(distance)"), "event_time", ""),
        (Session(TABLE, gap="1h", last="LAST_VALUE(distance)"), "event_time", ""),
        (Over(TABLE, span="1h", n="COUNT(*)", named="MAX(CAST(origin AS VARCHAR(3)))"), "event_time", ""),
        (Over(TABLE, span="1h", mean="AVG(distance)"), "event_time", "the last bits of what OVER adds up"),
        (Over(TABLE, span="1h", mean="AVG(distance)"), "arrival", ""),
        (Over(TABLE, span="1h", last="LAST_VALUE(distance)"), "event_time", "go by the clock"),
        (Sql("SELECT * FROM flights LIMIT 10"), "event_time", ""),
        (Sql("SELECT late FROM flights JOIN flights AS others ON true"), "event_time", ""),
        (Sql("SELECT a.late FROM flights a JOIN flights b ON true GROUP BY a.late"), "event_time", "it joins, unites"),
        (Sql("SELECT a.late FROM flights AS a, flights b GROUP BY a.late"), "event_time", "it joins, unites"),
        (Sql(f"SELECT origin, COUNT(*) FROM ({NUMBERED}) GROUP BY origin"), "event_time", "it joins, unites"),
    ],
)
def test_explain_notes_what_gives_something_else_for_the_same_records(
    connector: Query, order: Literal["arrival", "event_time"], noted: str
) -> None:
    notes = [line for line in explained(connector, order) if "note:" in line]
    assert [noted in note for note in notes] == ([True] if noted else [])


@pytest.mark.parametrize(
    ("connector", "order", "shown"),
    [
        (Tumbling(TABLE, size="1h", n="COUNT(*)"), "event_time", True),
        (Sql("SELECT SUM(distance) FROM flights", emit="final"), "event_time", True),
        (Tumbling(TABLE, size="1h", n="COUNT(*)"), "arrival", False),
        (Sql("SELECT * FROM flights"), "event_time", False),
    ],
)
def test_explain_shows_where_rows_pass_through_one_task(
    connector: Query, order: Literal["arrival", "event_time"], shown: bool
) -> None:
    assert any("made.order " in line for line in explained(connector, order)) is shown


def explained(connector: Query, order: Literal["arrival", "event_time"]) -> list[str]:
    """The lines about a workflow with one connector, of which nothing is asked but its text."""

    def describe(connection: Connection, inputs: Sequence[Stream]) -> PlannedConnection:
        return PlannedConnection(connection, inputs[0].schema, "departed_at")

    flow = Workflow("demo", order=order)
    flow.source("flights", FLIGHTS)
    flow.sink("written", flow.connect("made", connector), Topic("made"))
    return explain(make_plan(flow, shipped_schema, describe)).splitlines()


@pytest.mark.parametrize("sink", [Topic("predictions"), Topic("demo.dead"), Topic("demo.shown")])
def test_no_two_write_to_one_topic(sink: Topic) -> None:
    def build(flow: Workflow) -> None:
        model = flow.pipeline("model", flow.source("f", FLIGHTS), linear_model.LogisticRegression(), label="late")
        flow.sink("predictions", model, Topic("predictions"))
        flow.sink("shown", model, Console())
        flow.sink("more", model, sink)

    with pytest.raises(Fatal, match="is written by another node, too"):
        plan(build)


def test_two_sources_need_something_that_joins_them() -> None:
    def build(flow: Workflow) -> None:
        flow.source("more", FLIGHTS)
        learn(flow, FLIGHTS, "late")

    with pytest.raises(Fatal, match='nothing reads "more"'):
        plan(build)


def test_state_by_another_field_than_the_shards_is_refused() -> None:
    def build(flow: Workflow) -> None:
        rolling = RollingMean("dep_delay", by="origin", window="1h", on="departed_at")
        pipeline = rolling | preprocessing.StandardScaler() | linear_model.LogisticRegression()
        learn(flow, FLIGHTS, "late", pipeline, key="carrier")

    with pytest.raises(Fatal, match='keeps state by "origin", but its stream is sharded by "carrier"'):
        plan(build)


def test_state_without_a_key_is_refused_where_there_are_shards() -> None:
    def build(flow: Workflow) -> None:
        scaled = flow.pipeline("scaled", flow.source("flights", FLIGHTS), preprocessing.StandardScaler())
        flow.pipeline("model", scaled, linear_model.LogisticRegression(), label="late", key="carrier")

    with pytest.raises(Fatal, match='pipeline "scaled": learns, and its stream is sharded by "carrier"'):
        plan(build)


def test_shards_need_a_key() -> None:
    with pytest.raises(Fatal, match="4 shards, but no key"):
        plan(lambda flow: learn(flow, FLIGHTS, "late"), shards=4)


def test_a_feature_store_needs_a_field_for_its_entity() -> None:
    def build(flow: Workflow) -> None:
        features = flow.pipeline("features", flow.source("flights", FLIGHTS), compose.Discard("late"))
        flow.sink("rows", features, FeatureStore("airport"))

    with pytest.raises(Fatal, match='sink "rows": entity "airport"'):
        plan(build)


def test_a_feature_store_needs_the_features_that_it_names() -> None:
    def build(flow: Workflow) -> None:
        features = flow.pipeline("features", flow.source("flights", FLIGHTS), compose.Select("distance"))
        flow.sink("rows", features, FeatureStore("origin", features=("distance", "delay")))

    with pytest.raises(Fatal, match=r'sink "rows": its input has no field "delay"\nhint: it has distance'):
        plan(build)


def test_a_pipeline_needs_the_fields_that_it_names() -> None:
    def build(flow: Workflow) -> None:
        features = flow.pipeline("features", flow.source("flights", FLIGHTS), Derive(far="distance > 1000"))
        flow.pipeline("model", features, Filter("very_far") | linear_model.LogisticRegression(), label="late")

    with pytest.raises(Fatal, match='pipeline "model": expression "very_far": its input has no field "very_far"'):
        plan(build)


def test_state_by_the_values_of_a_rule_is_kept_whole() -> None:
    rules = Rules(Unique("tailnum", "1d", on="departed_at")) | compose.Discard("tailnum")
    with pytest.raises(Fatal, match='pipeline "model": keeps state by "tailnum", but its stream is sharded by'):
        plan(lambda flow: learn(flow, FLIGHTS, "late", rules | linear_model.LogisticRegression(), key="carrier"))
    with_one_key = Rules(Unique("carrier", "1d", on="departed_at")) | linear_model.LogisticRegression()
    assert plan(lambda flow: learn(flow, FLIGHTS, "late", with_one_key, key="carrier")).parts[0].shard_key == "carrier"


def test_a_pipeline_that_feeds_a_connector_has_an_event_time_and_fields_that_are_known() -> None:
    def build(flow: Workflow, topic: KafkaTopic, transformer: object) -> None:
        flow.pipeline("kept", flow.source("flights", topic), transformer)
        flow.connect("joined", Sql("SELECT * FROM kept"))

    untimed = KafkaTopic("flights", schema="flight")
    with pytest.raises(Fatal, match='pipeline "kept": feeds a connector, but source "flights" declares no event time'):
        plan(lambda flow: build(flow, untimed, Filter("distance > 100")))
    unknown = 'pipeline "kept": feeds a connector; record "kept": its fields are unknown before it runs'
    with pytest.raises(Fatal, match=unknown):
        plan(lambda flow: build(flow, FLIGHTS, compose.Select("origin") | preprocessing.OneHotEncoder()))


def test_explain_shows_the_fields_of_each_pipeline() -> None:
    def build(flow: Workflow) -> None:
        keep = compose.Select("distance", "origin") | Derive(far="distance > 1000", per_mile="1 / distance")
        features = flow.pipeline("features", flow.source("flights", FLIGHTS), keep)
        encoded = flow.pipeline("encoded", features, preprocessing.OneHotEncoder())
        flow.pipeline("model", encoded, linear_model.LogisticRegression(), label="late")

    lines = [line.strip() for line in explain(plan(build)).splitlines()]
    assert "gives distance double, origin string, far boolean, per_mile double?" in lines
    unknown = "fields that only the data decides: OneHotEncoder makes a field of each value that it meets"
    assert f"gives {unknown}" in lines
    assert f"learns from {unknown}" in lines


@pytest.mark.parametrize(
    ("model", "kind", "written_as"),
    [(anomaly.HalfSpaceTrees(), "anomaly detector", "double"), (cluster.KMeans(), "clusterer", "long")],
)
def test_what_learns_without_a_label_is_planned_and_explained(model: Any, kind: str, written_as: str) -> None:
    def build(flow: Workflow) -> None:
        scaled = compose.Select("distance") | preprocessing.MinMaxScaler() | model
        scores = flow.pipeline("scores", flow.source("flights", FLIGHTS), scaled, key="carrier")
        flow.sink("written", scores, Topic("scores"))
        flow.sink("published", scores, ModelStore("scores"))

    made = plan(build)
    [part] = made.parts
    assert part.estimator is part.stages[0]
    fields = {field["name"]: field["type"] for field in part.results["written"]["fields"]}
    assert (fields["prediction"], part.shards) == (["null", written_as], 32)
    assert not {"probability", "probabilities"} & fields.keys()
    lines = [line.strip() for line in explain(made).splitlines()]
    assert f"pipeline  scores <- flights: {kind}, a model per carrier" in lines
    assert any(line.startswith("learns from ") for line in lines)
    assert f"step {type(model).__name__}: has a compiled twin" in lines
    assert "compiled, with river's numbers" in lines


SCALED = compose.Select("distance") | preprocessing.StandardScaler()


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        (
            Filter("distance > 100") | SCALED.clone() | linear_model.LogisticRegression(),
            [
                "step Filter: goes record by record, in front of what is compiled",
                "step Select: has a compiled twin",
                "step StandardScaler: has a compiled twin",
                "step LogisticRegression: has a compiled twin",
                "compiled, with river's numbers",
            ],
        ),
        (
            SCALED.clone() | dummy.PriorClassifier(),
            [
                "step StandardScaler: has a compiled twin",
                "step PriorClassifier: PriorClassifier has no twin",
                "at river's speed: PriorClassifier has no twin",
            ],
        ),
    ],
    ids=["a filter in front", "an own step behind"],
)
def test_explain_shows_the_border_between_river_and_what_is_compiled(model: Any, lines: list[str]) -> None:
    explained = [line.strip() for line in explain(plan(lambda flow: learn(flow, FLIGHTS, "late", model))).splitlines()]
    begin = explained.index(lines[0])
    assert explained[begin : begin + len(lines)] == lines


def test_a_key_makes_shards() -> None:
    [made] = plan(lambda flow: learn(flow, FLIGHTS, "late", key="carrier")).parts
    assert (made.shard_key, made.shards) == ("carrier", 32)


def test_dead_letters_come_first_among_the_topics() -> None:
    made = make_plan(phishing.flow, shipped_schema)
    assert made.topics == ("phishing.dead", "page_predictions")
    assert made.parts[0].prediction_type == "boolean"


@pytest.mark.parametrize("flow", [delays.flow, phishing.flow])
def test_what_ships_can_be_explained(flow: Workflow) -> None:
    text = explain(make_plan(flow, shipped_schema))
    assert all(node.name in text for node in flow.nodes)


def test_sinks_are_told_apart() -> None:
    made = make_plan(delays.flow, shipped_schema)
    assert [sink.name for sink in made.sinks.features] == ["origin_delays", "carrier_delays", "tailnum_delays"]
    assert [type(sink.sink) for sink in made.sinks if sink not in made.sinks.features] == [ModelStore, Topic]
