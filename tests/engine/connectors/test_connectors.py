"""What connectors refuse before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.connectors import Connector, IntervalJoin, Query, Sql, Table, Union
from engine.workflow import Workflow
from schemas.errors import Fatal
from sources import KafkaTopic

HERE, THERE = Table("here", ("at", "station", "wind"), "at"), Table("there", ("seen_at", "place", "wind"), "seen_at")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Sql("  "), "the query is empty"),
        (lambda: Union(HERE), "two streams or more"),
        (lambda: Union(HERE, THERE, HERE), "each of them once"),
        (lambda: IntervalJoin(HERE, HERE, on="station"), "with itself"),
        (lambda: IntervalJoin(HERE, THERE, on=()), "no field to join on"),
        (lambda: IntervalJoin(HERE, THERE, on="station", before="soon"), "duration 'soon'"),
        (lambda: IntervalJoin(HERE, THERE, on="station", after="1000d"), "at most 999 days"),
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
    ],
)
def test_fields_that_do_not_fit_are_named(connector: Query, said: str) -> None:
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
