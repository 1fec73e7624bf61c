"""Serve the registry: `python -m schemas.registry_service --port 8081 --database sqlite:///registry.db`."""

from __future__ import annotations

import argparse
import sys

import uvicorn

from schemas.errors import Fatal
from schemas.registry_service import create_app, open_store


def main() -> None:
    """Serve until told to stop; a database that cannot be opened ends it with one sentence."""
    parser = argparse.ArgumentParser(prog="schemas.registry_service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--database", default="sqlite:///registry.db", help="an SQLAlchemy URL")
    options = parser.parse_args()
    try:
        with open_store(options.database) as store:
            uvicorn.run(create_app(store), host=options.host, port=options.port, access_log=False)
    except Fatal as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
