"""Connections to Redis: one URL for a single server, Sentinel or Cluster; clients with deadlines and without retries.

The library's own retries are off: a write whose reply was lost must be repeated in a way that cannot store it twice
(``lua/append.lua``), and a call to a server that is down must fail quickly.  Source: redis-py 8.1, ``redis.asyncio``.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import exceptions
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from dashboard.domain.errors import ConfigurationError
from dashboard.settings import without_password

#: Exceptions of a call to Redis when Redis or the network is at fault.
REDIS_ERRORS = (exceptions.RedisError, OSError, TimeoutError)
#: Exceptions that no retry helps against: a setting has to be changed.
_REFUSALS = (exceptions.AuthenticationError, exceptions.NoPermissionError, exceptions.AuthorizationError)

_FORMS = (
    "redis://[user:password@]host[:port][/db], rediss://… (TLS), unix:///path, "
    "redis+sentinel://host[:port],…/service[/db], redis+cluster://host[:port],…"
)
#: Connections of one client; each partition may have a few calls in flight.
_MOST_CONNECTIONS = 256
_SCRIPTS = Path(__file__).resolve().parent / "lua"
_TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"})

Client = Any  # Redis | RedisCluster: the library's two clients share no typed base


class Link:
    """Factory of clients for one URL. ``timeout_s`` bounds each call. Raises ConfigurationError if the URL is not valid."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self.shown = without_password(url)
        self.timeout_s = timeout_s
        self._make = _parse(url, self.shown)

    def client(self, *, timeout_s: float | None = None, alone: bool = False) -> Client:
        """Return a new client, not yet connected. ``timeout_s`` replaces the link's deadline of each call.

        ``alone``: True for a client that only one caller uses, on one connection. The caller sets the deadline (``asyncio.timeout``).
        redis-py then skips its ``wait_for`` and its check for a readable connection: both cost time and can swallow a cancellation.
        """
        client = self._make(
            {
                "socket_timeout": None if alone else timeout_s or self.timeout_s,
                "socket_connect_timeout": self.timeout_s,
                "retry": Retry(NoBackoff(), 0),
                "protocol": 2,
                "driver_info": None,
                "max_connections": _MOST_CONNECTIONS,
            }
        )
        return client.client() if alone and isinstance(client, Redis) else client


def _parse(url: str, shown: str) -> Callable[[dict[str, Any]], Client]:
    """Return a factory of clients for this URL; the factory takes the options that all clients share. ``shown``: the
    URL without its password, for errors."""
    try:
        parts = urlsplit(url)
        scheme, _, kind = parts.scheme.partition("+")
        if scheme not in ("redis", "rediss", "unix") or kind not in ("", "sentinel", "cluster"):
            raise ValueError("scheme")
        if not kind:
            Redis.from_url(url)
            return lambda options: Redis.from_url(url, **options)
        options = _common(parts.netloc, parts.query, tls=scheme == "rediss")
        hosts = _hosts(parts.netloc, 26_379 if kind == "sentinel" else 6_379)
        path = [unquote(part) for part in parts.path.split("/") if part]
        if kind == "cluster":
            return lambda more: _cluster(hosts, {**options, **more})
        if not path:
            raise ValueError("the name of the Sentinel service is missing")
        database = int(path[1]) if len(path) > 1 else 0
        return lambda more: _sentinel(hosts, path[0], {**options, **more, "db": database})
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"redis = {shown}: cannot be read ({error}); write {_FORMS}") from None


def _common(netloc: str, query: str, *, tls: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"ssl": True} if tls else {}
    user, _, _ = netloc.rpartition("@")
    name, colon, password = user.partition(":")
    if colon:
        options |= {"username": unquote(name) or None, "password": unquote(password)}
    for key, value in parse_qsl(query):
        if key not in _TLS_OPTIONS:
            raise ValueError(f"unknown option {key}; known: {', '.join(sorted(_TLS_OPTIONS))}")
        options[key] = value.lower() not in ("false", "0", "no") if key == "ssl_check_hostname" else value
    return options


def _hosts(netloc: str, default_port: int) -> list[tuple[str, int]]:
    found = []
    for each in netloc.rpartition("@")[2].split(","):
        parts = urlsplit(f"//{each}")
        if not parts.hostname:
            raise ValueError("a host is missing")
        found.append((parts.hostname, parts.port or default_port))
    return found


def _cluster(hosts: list[tuple[str, int]], options: dict[str, Any]) -> Client:
    return RedisCluster(startup_nodes=[ClusterNode(*host) for host in hosts], **options)


def _sentinel(hosts: list[tuple[str, int]], service: str, options: dict[str, Any]) -> Client:
    asking = {k: v for k, v in options.items() if k.startswith(("ssl", "socket", "retry", "protocol", "driver"))}
    sentinel: Any = Sentinel
    return sentinel(hosts, sentinel_kwargs=asking).master_for(service, **options)


def read_script(name: str) -> str:
    """Return the text of ``lua/NAME.lua``."""
    return (_SCRIPTS / f"{name}.lua").read_text("utf-8")


def explain(error: BaseException) -> str:
    """Describe an error of Redis for operators, without passwords."""
    if isinstance(error, TimeoutError | exceptions.TimeoutError) and not str(error):
        return "no answer in time"
    text = without_password(str(error)) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + "…"


def is_refusal(error: BaseException) -> bool:
    """Return whether Redis is running and refuses the login or a permission, so that retries cannot succeed."""
    return isinstance(error, _REFUSALS) or "NOAUTH" in str(error) or "WRONGPASS" in str(error)


def honour_cancel() -> None:
    """Raise CancelledError if this task is being cancelled: redis-py swallows cancellations when it connects or closes."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def close(client: Client) -> None:
    """Close a client, even if this task is cancelled during that; raise the cancellation afterwards."""
    try:
        await _close(client)
    except asyncio.CancelledError:
        await _close(client)
        raise
    honour_cancel()


async def _close(client: Client) -> None:
    if not isinstance(client, Redis):
        await client.aclose()
        return
    await client.aclose(close_connection_pool=True)
    manager = getattr(client.connection_pool, "sentinel_manager", None)
    for sentinel in manager.sentinels if manager is not None else ():
        await sentinel.aclose()


class BackOff:
    """Pauses between retries, doubling with jitter from ``first_s`` to ``longest_s``."""

    __slots__ = ("_first_s", "_longest_s", "_next_s")

    def __init__(self, first_s: float = 0.05, longest_s: float = 1.0) -> None:
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s

    def reset(self) -> None:
        """Reset the next pause to the first pause."""
        self._next_s = self._first_s

    def next_s(self) -> float:
        """Return the next pause in seconds."""
        pause, self._next_s = self._next_s, min(self._longest_s, 2 * self._next_s)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
