"""The socket that a service listens on, taken before all else starts, so that a taken port is said in a sentence."""

from __future__ import annotations

import socket

from schemas.errors import Fatal


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises Fatal where the address or the port cannot be had.

    >>> with listen("127.0.0.1", 0) as listener:
    ...     listener.getsockname()[0]
    '127.0.0.1'
    """
    try:
        # asyncio turns Nagle's algorithm off only for sockets that name TCP: getaddrinfo's do, create_server's do not
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refusal(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from error
    return listener


def _refusal(host: str, port: int, error: OSError) -> Fatal:
    return Fatal(f'address "{host}:{port}": {error.strerror or error}', hint="give another --host or --port, or port 0")
