"""What a local platform leaves for others to find: its ports and, while it is up, its addresses."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from schemas.errors import Fatal


@dataclass(frozen=True)
class PlatformFile:
    """The content of `<home>/platform.json`. `addresses` is empty while the platform is down."""

    ports: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def load(home: Path) -> PlatformFile:
        """Read the file in the folder `home`; one that is not there says that nothing was ever started."""
        path = home / "platform.json"
        try:
            return PlatformFile(**json.loads(path.read_text()))
        except FileNotFoundError:
            return PlatformFile()
        except (ValueError, TypeError) as error:
            raise Fatal(f'file "{path}" is damaged: {error}', hint="remove it, and start the platform again") from error

    def save(self, home: Path) -> None:
        """Write the file, so that a reader sees the old content or the new one."""
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f".platform.json.{os.getpid()}"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        os.replace(draft, home / "platform.json")
