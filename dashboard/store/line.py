"""Lines to PostgreSQL that a frozen server holds up: noticed when one is taken from the pool, and cut when time is over.

A process that was stopped, or a machine that is gone, takes what is sent and never answers; only a shut socket ends the
driver's waiting.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine


def cut_line(line: Any) -> None:
    """Shut the socket of a psycopg connection: whoever waits for it gets an OperationalError at once."""
    if line.closed:
        return
    with suppress(OSError), socket.socket(fileno=os.dup(line.pgconn.socket)) as shut:
        shut.shutdown(socket.SHUT_RDWR)


def ping_at_checkout(engine: AsyncEngine, wait_s: float) -> None:
    """Ping each connection that is taken from the pool; one that does not answer in ``wait_s`` is replaced."""
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkout")
    def ping(connection: Any, record: Any, proxy: Any) -> None:
        cut = asyncio.get_running_loop().call_later(wait_s, cut_line, connection.driver_connection)
        try:
            dialect.do_ping(connection)
        except (DBAPIError, dialect.loaded_dbapi.Error):
            raise DisconnectionError("the store has closed the line") from None
        finally:
            cut.cancel()
