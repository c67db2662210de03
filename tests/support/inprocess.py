"""The whole server inside the test's own event loop, for handler tests: all parts are real, the journal is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.app.build import Dashboard
from dashboard.settings import Settings


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Dashboard]:
    """Start a server on a free port; stop it at the end of the block."""
    # a statement of SQLite's that was cut off ends in its thread, a moment after the server
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        chosen = {"port": 0, "journal": "memory", "host_feeder": False, "server_feeder": False, "drain_s": 0.5}
        server = Dashboard(Settings(**{**chosen, "data": folder, **settings}))
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
