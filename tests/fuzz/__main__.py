"""`make fuzz`: a million random and mutated payloads over three schemas, and what has to become of each."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from engine.local.platform import down, up
from engine.settings import Settings
from tests.fuzz.fate import GOOD
from tests.fuzz.fuzzing import fuzz
from tests.fuzz.payloads import SCHEMAS


def main() -> None:
    """Run the fuzz on a platform of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payloads", type=int, default=1_000_000, help="how many, over all schemas")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other payloads")
    chosen = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load(home=Path(home))
        platform = up(settings)
        try:
            for name in SCHEMAS:
                fates = fuzz(platform, name, -(-chosen.payloads // len(SCHEMAS)), chosen.seed, console.print)
                console.print(f"{name}: each has the fate that it should; {dict(fates.most_common())}")
                if fates[GOOD] < 0.3 * fates.total():
                    raise SystemExit(f"{name}: only {fates[GOOD] / fates.total():.0%} were good")
        finally:
            down(settings)


if __name__ == "__main__":
    main()
