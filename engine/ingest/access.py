"""Who may write: whoever has a token, or anybody on this machine where there is none."""

from __future__ import annotations

import hmac
import ipaddress
from pathlib import Path

from engine.ingest.problem import Refused
from schemas.errors import Fatal

SHORTEST_TOKEN = 16
_HINT = "write one with `openssl rand -hex 32`"


class Access:
    """Takes bearer tokens, any of several, so that a new one can be brought in before the old one goes.

    >>> Access((b"correct-horse-battery",)).check("correct-horse-battery")
    >>> Access((b"correct-horse-battery",)).check("wrong")
    Traceback (most recent call last):
    engine.ingest.problem.Refused: the bearer token is not known
    hint: send the header "Authorization: Bearer <token>"
    """

    def __init__(self, tokens: tuple[bytes, ...] = ()) -> None:
        self._tokens = tokens

    def check(self, token: str | None) -> None:
        """Raises Refused unless the token is good, or none is asked for."""
        given = (token or "").encode()
        # every token is compared, in constant time: how long it takes says nothing
        if self._tokens and not sum(hmac.compare_digest(given, good) for good in self._tokens):
            said = "the bearer token is not known" if token else "no bearer token is given"
            raise Refused("unauthorized", said, hint='send the header "Authorization: Bearer <token>"')


def read_tokens(file: Path | None, host: str) -> tuple[bytes, ...]:
    """The tokens in a file, one a line. Raises Fatal where they are missing, or too short to be safe.

    Without a file only this machine may be listened to.

    >>> read_tokens(None, "0.0.0.0")
    Traceback (most recent call last):
    schemas.errors.Fatal: address "0.0.0.0": others can reach it, and no token is asked for
    hint: give the file of a token with --tokens or HEADRACE_INGEST_TOKENS, or listen on 127.0.0.1
    """
    if file is None:
        if not _is_loopback(host):
            hint = "give the file of a token with --tokens or HEADRACE_INGEST_TOKENS, or listen on 127.0.0.1"
            raise Fatal(f'address "{host}": others can reach it, and no token is asked for', hint=hint)
        return ()
    try:
        tokens = tuple(file.read_bytes().split())
    except OSError as error:
        raise Fatal(f'token file "{file}": {error.strerror}', hint=_HINT) from error
    if not tokens or min(map(len, tokens)) < SHORTEST_TOKEN:
        raise Fatal(f'token file "{file}": expected tokens of at least {SHORTEST_TOKEN} characters', hint=_HINT)
    return tokens


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
