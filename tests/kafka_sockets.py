"""What kafka-python leaves behind: sockets of connections that were being made when a client was closed."""

from __future__ import annotations

import re

import pytest


def leave_to_the_collector(config: pytest.Config, address: str) -> None:
    """Let the garbage collector close sockets to this broker, and no others, without a warning that fails a test.

    kafka-python 3 does not close a connection that it is still making, or that a broker refuses, when its client ends.
    """
    host, port = address.rsplit(":", 1)
    sockets = rf"unclosed <(socket\.socket|ssl\.SSLSocket) .*raddr=\('{re.escape(host)}', {port}\)>"
    config.addinivalue_line("filterwarnings", f"ignore:{sockets}:ResourceWarning")
