"""Dead letters sent again: each once, also where the command is interrupted and given again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Event

from engine.jobs.dead_letters import Letter, Selection, key_of, key_of_start, read_ledger, read_letters
from engine.plan import dead_topic, redrive_topic
from schemas.errors import Fatal
from sources.kafka_admin import KafkaAdmin
from sources.kafka_transactions import Outgoing, TransactionalWriter

BATCH = 2_000  # letters a transaction
PARTITION = 0


@dataclass(frozen=True)
class Redriven:
    """How many letters were sent again; `complete` unless it was interrupted."""

    sent: int
    complete: bool = True


def _silent(_: int) -> None:
    """For those whom nobody watches."""


def open_letters(kafka: str, registry: str, workflow: str, selection: Selection) -> Iterator[Letter]:
    """The letters of a selection that can be sent again, in the order of their topic. Raises Fatal, Retryable."""
    ledger = read_ledger(kafka, workflow)
    for letter in read_letters(kafka, registry, workflow):
        if ledger.is_open(letter.place) and not letter.is_learned and selection.admits(letter):
            yield letter


def redrive(  # noqa: PLR0913 - what is to be sent where, and how that is watched
    kafka: str,
    registry: str,
    workflow: str,
    selection: Selection,
    *,
    stop: Event | None = None,
    progress: Callable[[int], None] = _silent,
    batch: int = BATCH,
) -> Redriven:
    """Send the open letters of a selection to the workflow, until `stop` is set. Raises Fatal, Retryable, Fenced.

    Delivery: exactly once. What was sent before is read after the transactions of any other command have ended, and
    none of these can commit from then on.
    """
    _require_topic(kafka, workflow)
    stopped = (stop or Event()).is_set
    sent = 0
    with writer_of(kafka, workflow) as writer:
        letters = open_letters(kafka, registry, workflow, selection)
        while taken := list(islice(letters, batch)):
            if stopped():
                return Redriven(sent, complete=False)
            writer.commit(outgoing(workflow, letter) for letter in taken)
            sent += len(taken)
            progress(sent)
    return Redriven(sent)


def begin_anew(admin: KafkaAdmin, kafka: str, workflow: str) -> None:
    """Close the ledger of the runs before: a workflow that starts anew reads their records again by itself.

    A command that sends letters meanwhile can commit no more of them.
    """
    ends = admin.facts(dead_topic(workflow)).end_offsets
    if any(ends.values()):
        with writer_of(kafka, workflow) as writer:
            writer.commit([Outgoing(redrive_topic(workflow), PARTITION, key_of_start(ends), None)])


def behind(kafka: str, workflow: str) -> int:
    """How many letters were sent to a workflow that it has not taken in for good. Raises Retryable."""
    with KafkaAdmin(kafka) as admin:
        return admin.behind(redrive_topic(workflow), f"headrace-{workflow}")


def writer_of(kafka: str, workflow: str) -> TransactionalWriter:
    """What sends letters to a workflow; there is one at a time. Raises Retryable."""
    return TransactionalWriter(kafka, f"headrace.redrive.{workflow}")


def outgoing(workflow: str, letter: Letter) -> Outgoing:
    """A letter, as it is sent again."""
    return Outgoing(redrive_topic(workflow), PARTITION, key_of(letter.place), letter.value)


def _require_topic(kafka: str, workflow: str) -> None:
    with KafkaAdmin(kafka) as admin:
        if redrive_topic(workflow) in admin.topics():
            return
    raise Fatal(
        f'workflow "{workflow}": has no topic "{redrive_topic(workflow)}" on the broker {kafka}',
        hint="`headrace run` makes it: start the workflow, or resume it, first",
    )
