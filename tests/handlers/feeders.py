"""Server that requires tokens, in the test's loop, and its content."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dashboard.app.build import Dashboard
from tests.handlers.support import fetch
from tests.support.deadline import deadline
from tests.support.inprocess import running


@asynccontextmanager
async def guarded(
    folder: Path, *, settings: dict[str, Any] | None = None, **token: Any
) -> AsyncIterator[tuple[Dashboard, str]]:
    """Run a server with ``login = required`` and a token called feeder that may write."""
    async with running(login="required", data=str(folder), **(settings or {})) as server:
        _, text = await server.accounts.accounts.create_token("test", "", name="feeder", **token)
        yield server, text


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(password: str, user: str = "any") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def series_in(server: Dashboard) -> dict[str, float]:
    """Return every series' last value."""
    return {s.text: s.values[-1] for replica in server.replicas.followed().values() for s in replica.table}


def series(server: Dashboard, text: str) -> Any:
    (found,) = (s for replica in server.replicas.followed().values() for s in replica.table if s.text == text)
    return found


def document(server: Dashboard, key: str) -> Any:
    """Return a document's value; None if there is none."""
    for replica in server.replicas.followed().values():
        stored = replica.documents.get(key)
        if stored is not None and stored.document is not None:
            return json.loads(stored.document.body)
    return None


async def post(server: Dashboard, path: str, body: Any, **options: Any) -> Any:
    """Post a body; return once everything accepted is applied."""
    response = await fetch(server, path, method=options.pop("method", "POST"), body=body, **options)
    await applied(server)
    return response


async def applied(server: Dashboard) -> None:
    async with deadline(20):
        while server.replicas.lag():
            await asyncio.sleep(0)


def fed(server: Dashboard) -> dict[tuple[str, str, str], int]:
    """Return the counts by token, format and outcome."""
    return dict(server.counters.feeder_samples)
