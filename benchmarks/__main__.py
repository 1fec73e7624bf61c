"""`make bench`: measures all figures on a platform of its own, and writes results.json and docs/benchmarks.md.

With --only some parts are measured, and the others stay as they were found. Less than all records, rounds or samples is
for a look: then nothing is written.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    commands,
    decoding,
    first_frame,
    flights_year,
    intake,
    joins,
    latency,
    learners,
    redrive,
    report,
    scaling,
    scoring,
    throughput,
    tree_alone,
)
from benchmarks.figures import Row
from engine.local.platform import down, up
from engine.settings import Settings
from schemas.errors import HeadraceError

WHOLE = (1_000_000, 3, latency.SAMPLES)  # records, rounds, samples
IN_PROCESS = ("tree", "decoding", "first_frame", "commands")  # these need no platform
PARTS = (
    *("throughput", "learners", "keyed", "intake", "joins", "scaling", "latency", "scoring", "redrive", "year"),
    *IN_PROCESS,
)


def main() -> None:
    arguments = _arguments()
    command = " ".join(["python -m benchmarks", *sys.argv[1:]]) if sys.argv[1:] else "make bench"
    about = report.environment(command)
    try:
        found = _measure(arguments)
    except HeadraceError as error:
        sys.exit(f"error: {error}")
    print(report.table([row for rows in found.values() for row in rows]))
    if (arguments.records, arguments.rounds, arguments.samples) == WHOLE:
        report.write(found, about, PARTS)
    else:
        print("not all of it was measured: nothing is written")


def _on_platform(arguments: argparse.Namespace) -> dict[str, Callable[[Settings], list[Row]]]:
    """The parts that need a platform, in their order."""
    records, rounds = arguments.records, arguments.rounds
    return {
        "throughput": lambda settings: throughput.measure(settings, records, rounds, _tell),
        "learners": lambda settings: learners.measure(settings, records, rounds, _tell),
        "keyed": lambda settings: learners.keyed(settings, records, rounds, _tell),
        "intake": lambda settings: intake.measure(settings, 5 * records, rounds, _tell),
        "joins": lambda settings: joins.measure(settings, records, rounds, _tell),
        "scaling": lambda settings: scaling.measure(settings, 3 * records, rounds, _tell),
        "latency": lambda settings: latency.measure(settings, _tell, arguments.samples),
        "scoring": lambda settings: scoring.measure(settings, _tell),
        "redrive": lambda settings: redrive.measure(settings, _tell),
        "year": lambda settings: flights_year.measure(settings, _tell),
    }


def _measure(arguments: argparse.Namespace) -> dict[str, list[Row]]:
    found = {}
    if "tree" in arguments.only:
        found["tree"] = tree_alone.measure(arguments.records, arguments.rounds, _tell)
    if "decoding" in arguments.only:
        found["decoding"] = decoding.measure(_tell)
    if "first_frame" in arguments.only:
        found["first_frame"] = first_frame.measure(_tell)
    if set(arguments.only) - set(IN_PROCESS):
        found |= _measure_on_platform(arguments)
    if "commands" in arguments.only:
        found["commands"] = commands.measure(_tell)
    return found


def _measure_on_platform(arguments: argparse.Namespace) -> dict[str, list[Row]]:
    found = {}
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        settings = Settings.load(home=arguments.home or Path(folder))
        up(settings)
        try:
            for name, measure in _on_platform(arguments).items():
                if name in arguments.only:
                    found[name] = measure(settings)
        finally:
            down(settings)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    records, rounds, samples = WHOLE
    parser.add_argument(
        "--records",
        type=int,
        default=records,
        help="records of each stream; in scaling three times as many, in intake five times",
    )
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds of what is compared")
    parser.add_argument("--samples", type=int, default=samples, help="samples of the latency part")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--home", type=Path, help="folder for the platform; a temporary one if left out")
    return parser.parse_args()


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
