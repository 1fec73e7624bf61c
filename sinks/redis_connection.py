"""Connections to Redis: how long they wait, what their errors mean, and how scripts are run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,
    NoScriptError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry

from schemas.errors import Fatal, HeadraceError, Retryable

CONNECT_TIMEOUT_S = 2.0
REPLY_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 32
RECONNECT_AFTER = (ConnectionError,)  # once, for connections that died while idle; a timeout is not waited for twice

_SETTING = "HEADRACE_REDIS or --redis"
# what a server says while it loads, fails over, is full or busy; inside a script's error the code stands further back
_PASSING = re.compile(
    r"\b(BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|NOSCRIPT|OOM|READONLY|TRYAGAIN|UNKILLABLE)\b"
)


def connect(url: str) -> redis.Redis:
    """A client that connects when it is first used. Raises Fatal for a URL that is none."""
    retry = Retry(NoBackoff(), 1, RECONNECT_AFTER)
    return redis.Redis.from_pool(_pool(redis.ConnectionPool.from_url, url, retry=retry))


def connect_async(url: str) -> redis.asyncio.Redis:
    """A client for the event loop that first uses it; requests wait for one of its connections."""
    retry = redis.asyncio.retry.Retry(NoBackoff(), 1, RECONNECT_AFTER)
    from_url = redis.asyncio.BlockingConnectionPool.from_url
    return redis.asyncio.Redis.from_pool(_pool(from_url, url, retry=retry, timeout=REPLY_TIMEOUT_S))


def _pool(from_url: Callable[..., Any], url: str, **options: Any) -> Any:
    try:
        return from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=REPLY_TIMEOUT_S,
            max_connections=MAX_CONNECTIONS,
            **options,
        )
    except ValueError as error:
        raise Fatal(f"the redis URL cannot be used: {error}", hint=f"correct {_SETTING}") from error


def address(client: redis.Redis | redis.asyncio.Redis) -> str:
    """Host and port (or socket) of a client's server: its URL without the password."""
    options = client.connection_pool.connection_kwargs
    return str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")


@contextmanager
def errors_of(client: redis.Redis | redis.asyncio.Redis) -> Iterator[None]:
    """Inside it, errors of Redis are ours: Retryable for what passes, Fatal for the rest."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise _translate(address(client), error) from error


def _translate(where: str, error: Exception) -> HeadraceError:
    if isinstance(error, AuthenticationError | AuthorizationError):
        return Fatal(f'redis "{where}": refuses our name or password: {error}', hint=f"correct {_SETTING}")
    if isinstance(error, ConnectionError | TimeoutError | OSError):
        return Retryable(f'redis "{where}": cannot be reached: {error}', hint=f"start it, or correct {_SETTING}")
    said = f"{getattr(error, 'status_code', None) or ''} {error}".strip()
    if _PASSING.search(said):
        return Retryable(f'redis "{where}": cannot do its work now: {said}')
    return Fatal(f'redis "{where}": {said}')


@dataclass(frozen=True)
class Script:
    """A Lua script of ours, and the name that Redis knows it by."""

    text: str
    sha: str

    @staticmethod
    @cache
    def read(name: str) -> Script:
        """The script in `sinks/<name>.lua`."""
        text = resources.files("sinks").joinpath(f"{name}.lua").read_text(encoding="utf-8")
        return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@dataclass(frozen=True)
class Call:
    """One run of a script; all `keys` have the same hash tag."""

    script: Script
    keys: Sequence[str]
    args: Sequence[str | bytes | int]


def run(client: redis.Redis, calls: Sequence[Call]) -> list[Any]:
    """What the calls give, in one round trip; more of them only after the server has forgotten a script.

    Raises Retryable or Fatal. Some of the calls may have been done then; doing a script of ours again is right.
    """
    with errors_of(client):
        replies = _send(client, calls)
        if any(isinstance(reply, NoScriptError) for reply in replies):
            for script in {call.script for call in calls}:
                client.script_load(script.text)
            replies = _send(client, calls)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies


def _send(client: redis.Redis, calls: Sequence[Call]) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for call in calls:
        pipeline.evalsha(call.script.sha, len(call.keys), *call.keys, *call.args)
    return pipeline.execute(raise_on_error=False)
