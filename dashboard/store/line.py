"""Connections to a frozen PostgreSQL: detected when they are taken from the pool, and closed after a deadline.

A stopped process or a lost machine never answers; only closing the socket ends the driver's wait.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine


class _Socket(Protocol):
    socket: int


class PostgresLine(Protocol):
    """Connection of psycopg. ``pgconn.socket``: its file descriptor."""

    closed: bool

    @property
    def pgconn(self) -> _Socket: ...


def cut_line(line: PostgresLine) -> None:
    """Shut down the socket of a psycopg connection, so that waiting calls get an OperationalError at once."""
    if line.closed:
        return
    with suppress(OSError), socket.socket(fileno=os.dup(line.pgconn.socket)) as shut:
        shut.shutdown(socket.SHUT_RDWR)


def ping_at_checkout(engine: AsyncEngine, wait_s: float) -> None:
    """Ping each connection taken from the pool; replace a connection that does not answer within ``wait_s``."""
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkout")
    def ping(connection: DBAPIConnection, record: object, proxy: object) -> None:
        cut = asyncio.get_running_loop().call_later(wait_s, cut_line, connection.driver_connection)
        try:
            dialect.do_ping(connection)
        except (DBAPIError, dialect.loaded_dbapi.Error):
            raise DisconnectionError("the store has closed the connection") from None
        finally:
            cut.cancel()
