"""What connectors refuse before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from river import preprocessing

from engine.connectors import (
    AsOfJoin,
    Connector,
    Cumulative,
    IntervalJoin,
    LabelJoin,
    LabelPolicy,
    Lookup,
    Over,
    Query,
    Sql,
    Table,
    Tumbling,
    Union,
)
from engine.planner import make_plan, shipped_schema
from engine.workflow import DataSource, Workflow
from schemas.errors import Fatal
from sources import KafkaTopic

HERE, THERE = Table("here", ("at", "station", "wind"), "at"), Table("there", ("seen_at", "place", "wind"), "seen_at")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Sql("  "), "the query is empty"),
        (lambda: Sql("SELECT 1 FROM here", emit="last"), 'neither "append" nor "final"'),  # type: ignore[arg-type]
        (lambda: Union(HERE), "two streams or more"),
        (lambda: Union(HERE, THERE, HERE), "each of them once"),
        (lambda: IntervalJoin(HERE, HERE, on="station"), "with itself"),
        (lambda: IntervalJoin(HERE, THERE, on=()), "no field to join on"),
        (lambda: IntervalJoin(HERE, THERE, on="station", before="soon"), "duration 'soon'"),
        (lambda: IntervalJoin(HERE, THERE, on="station", after="1000d"), "at most 999 days"),
        (lambda: AsOfJoin(HERE, HERE, on="station"), "with itself"),
        (lambda: AsOfJoin(HERE, THERE, on="station", tolerance="soon"), "duration 'soon'"),
        (lambda: AsOfJoin(HERE, THERE, on="station", wait="long"), 'neither "watermark" nor "none"'),  # type: ignore[arg-type]
        (lambda: AsOfJoin(HERE, THERE, on="station", unmatched="skip"), 'neither "keep" nor "drop"'),  # type: ignore[arg-type]
        (lambda: Lookup(HERE, THERE, on=[]), "no field to join on"),
        (lambda: LabelJoin(HERE, THERE, on="station", label="wind", within="later"), "duration 'later'"),
        (lambda: LabelPolicy(winner="best"), 'neither "first" nor "last"'),  # type: ignore[arg-type]
        (lambda: LabelPolicy(winner="last", corrections="relearn"), "nothing is left to correct"),
        (lambda: Tumbling(HERE, size="1h"), "nothing to work out"),
        (lambda: Cumulative(HERE, size="1d", every="often", n="COUNT(*)"), "duration 'often'"),
    ],
)
def test_what_cannot_be_is_refused_as_it_is_made(make: Callable[[], Connector], said: str) -> None:
    with pytest.raises(Fatal, match=said):
        make()


@pytest.mark.parametrize(
    ("connector", "said"),
    [
        (Union(HERE, THERE), "do not have the same fields: at, place, seen_at, station"),
        (IntervalJoin(HERE, THERE, on="station"), '"there" has no field "station"\nhint: it has seen_at, place, wind'),
        (Over(HERE, by=("station", "place"), span="1h", n="COUNT(*)"), '"here" has no field "place"'),
    ],
)
def test_fields_that_a_query_does_not_find_are_named(connector: Query, said: str) -> None:
    with pytest.raises(Fatal, match=said):
        connector.sql([HERE, THERE])


@pytest.mark.parametrize(
    ("connector", "said"),
    [
        (Sql("SELECT 1 FROM elsewhere"), "its query names no stream of the workflow\nhint: there are here"),
        (Union(HERE, THERE), 'reads "there", which is no stream here\nhint: there are here'),
    ],
)
def test_a_stream_that_is_not_there_is_named_with_the_connector(connector: Connector, said: str) -> None:
    flow = Workflow("demo")
    flow.source("here", KafkaTopic("here", event_time="at"))
    with pytest.raises(Fatal, match=f'connector "joined": {said}'):
        flow.connect("joined", connector)


def test_a_field_of_both_sides_tells_whose_it_is() -> None:
    there = Table("there", ("seen_at", "station", "wind", "rain"), "seen_at")
    columns, _, _ = IntervalJoin(HERE, there, on="station").sql([HERE, there]).partition("\n")
    assert columns.endswith("`there`.`wind` AS `there_wind`, `there`.`rain` AS `rain`")


STATION = Table("station", ("station", "height"), None)


@pytest.mark.parametrize(
    ("join", "right", "said"),
    [
        (AsOfJoin(HERE, THERE, on="station"), THERE, '"there" has no field "station"'),
        (Lookup(HERE, STATION, on="place"), STATION, '"here" has no field "place"'),
        (LabelJoin(HERE, STATION, on="station", label="rain", within="1h"), STATION, '"station" has no field "rain"'),
        (LabelJoin(HERE, THERE, on="wind", label="wind", within="1h"), THERE, '"here" has a field "wind", too'),
    ],
)
def test_fields_that_a_join_does_not_find_are_named(
    join: AsOfJoin | LabelJoin | Lookup, right: Table, said: str
) -> None:
    with pytest.raises(Fatal, match=said):
        join.columns(HERE, right)


def _with_lookup(order: Literal["arrival", "event_time"], *, refresh: bool) -> Workflow:
    flow = Workflow("demo", order=order)
    pages = flow.source("pages", KafkaTopic("pages", schema="phishing", event_time="seen_at"))
    sites = flow.source("sites", KafkaTopic("sites", schema="phishing"))
    found = flow.connect("found", Lookup(pages, sites, on="https", refresh=refresh))
    flow.pipeline("scaled", found, preprocessing.StandardScaler())
    return flow


def test_a_table_that_changes_has_no_place_in_event_time_order() -> None:
    with pytest.raises(Fatal, match=r'connector "found": its table changes .*\nhint: leave refresh out'):
        make_plan(_with_lookup("event_time", refresh=True), shipped_schema)


def test_a_table_is_no_stream_at_the_same_time() -> None:
    flow = _with_lookup("arrival", refresh=True)
    pages, sites, *_ = flow.nodes
    assert isinstance(pages, DataSource)
    assert isinstance(sites, DataSource)
    flow.connect("both", Union(pages, sites))
    with pytest.raises(Fatal, match='node "both": reads "sites" as a stream'):
        make_plan(flow, shipped_schema)
