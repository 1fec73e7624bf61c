from __future__ import annotations

import socket
from pathlib import Path

from engine.local.home import Home


def test_the_socket_is_beside_the_rest(tmp_path: Path) -> None:
    assert Home(Path("/srv/headrace")).socket == Path("/srv/headrace/supervisor.sock")


def test_a_socket_deep_in_the_tree_can_be_opened_all_the_same(tmp_path: Path) -> None:
    path = Home(tmp_path / ("deep" * 30)).socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    path.unlink()
