"""`python -m engine.scoring`: the scoring API as a process."""

from __future__ import annotations

from engine.scoring.command import main

if __name__ == "__main__":
    main()
