"""What only a run that ends can give."""

from __future__ import annotations

from engine.connectors import is_final
from engine.flink.configuration import JobSettings
from engine.plan import Plan
from schemas.errors import Fatal


def refuse_endless(plan: Plan, job: JobSettings) -> None:
    """Raise Fatal where a connector would wait for ever: for the end of a run that goes on."""
    if job.bounded or all(source.topic.span.end is not None for source in plan.sources):
        return
    for connection in plan.connections:
        connector = connection.node.connector
        if is_final(connector):
            raise Fatal(
                f'connector "{connection.name}": gives its rows once the input has ended, and this run goes on',
                hint="end it with --bounded or --to, or give each source an end: KafkaTopic(..., span=Span(end=...))",
            )
