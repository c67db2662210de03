"""The loop that every built-in feeder runs: read, hand to the service, wait for the next beat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from dashboard.domain.errors import DashboardError
from dashboard.domain.series import series_key
from dashboard.ingest.batch import Batch

_log = logging.getLogger(__name__)


class Reading(NamedTuple):
    """One value now."""

    name: str
    value: float
    unit: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    every_s: float | None = None  # its own cadence, when it is not the feeder's


def to_batch(readings: Iterable[Reading], every_s: float) -> Batch:
    """Readings as a batch, each declaring its unit and cadence, without a time of their own."""
    batch = Batch()
    for row, reading in enumerate(readings):
        batch.keys.append(series_key(reading.name, reading.labels).text)
        batch.times.append(None)
        batch.values.append(reading.value)
        batch.declared.append((row, reading.unit, reading.every_s or every_s))
    return batch


async def run_every(every_s: float, beat: Callable[[], Awaitable[None]]) -> None:
    """Call ``beat`` on a steady grid until cancelled; a journal that refuses is waited for, said once."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    refused = False
    while True:
        try:
            await beat()
            refused = False
        except DashboardError as error:
            if not refused:
                _log.warning("feeder: not stored: %s", error)
            refused = True
        due = max(due + every_s, loop.time())
        await asyncio.sleep(due - loop.time())
