"""`make bench`: measures all figures on a platform of its own, and writes results.json and docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import commands, latency, redrive, report, scoring, throughput
from benchmarks.figures import Row
from engine.local.platform import down, up
from engine.settings import Settings
from schemas.errors import HeadraceError

PARTS = ("throughput", "latency", "scoring", "redrive", "commands")


def main() -> None:
    arguments = _arguments()
    command = " ".join(["python -m benchmarks", *sys.argv[1:]]) if sys.argv[1:] else "make bench"
    about = report.environment(command)
    try:
        rows = _measure(arguments)
    except HeadraceError as error:
        sys.exit(f"error: {error}")
    print(report.table(rows))
    if set(arguments.only) == set(PARTS):
        report.write(rows, about)
    else:
        print("only a part was measured: nothing is written")


def _measure(arguments: argparse.Namespace) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        settings = Settings.load(home=arguments.home or Path(folder))
        up(settings)
        try:
            if "throughput" in arguments.only:
                rows += throughput.measure(settings, arguments.records, arguments.rounds, _tell)
            if "latency" in arguments.only:
                rows += latency.measure(settings, _tell, arguments.samples)
            if "scoring" in arguments.only:
                rows += scoring.measure(settings, _tell)
            if "redrive" in arguments.only:
                rows += redrive.measure(settings, _tell)
        finally:
            down(settings)
    if "commands" in arguments.only:
        rows += commands.measure(_tell)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="records of the throughput part")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the throughput part")
    parser.add_argument("--samples", type=int, default=latency.SAMPLES, help="samples of the latency part")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--home", type=Path, help="folder for the platform; a temporary one if left out")
    return parser.parse_args()


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
