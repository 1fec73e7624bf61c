"""Where the command begins: nothing is imported before we know that this Python can."""

from __future__ import annotations

import signal
import sys

_SUPPORTED = ((3, 11), (3, 12))
_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM  # the exit codes that shells give them


def main() -> None:
    """Run the command line."""
    if sys.version_info[:2] not in _SUPPORTED:
        found = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write(f"error: headrace needs Python 3.11 or 3.12, and this is {found}\n")
        sys.stderr.write("hint: make it with another one: `make setup PYTHON=python3.11`\n")
        sys.exit(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    try:
        from engine.cli.app import run

        run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
