"""`python -m engine.ingest`: the ingest service as a process."""

from __future__ import annotations

from engine.ingest.command import main

if __name__ == "__main__":
    main()
