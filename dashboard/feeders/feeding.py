"""Loop of the built-in feeders, and conversion of their readings to batches."""

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
    """Current value of a series. ``every_s``: its own cadence, if it differs from the feeder's."""

    name: str
    value: float
    unit: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    every_s: float | None = None


def to_batch(readings: Iterable[Reading], every_s: float) -> Batch:
    """Convert readings to a batch that declares units and cadences; the journal adds the times. ``every_s``: the
    feeder's cadence in seconds."""
    batch = Batch()
    for row, reading in enumerate(readings):
        batch.keys.append(series_key(reading.name, reading.labels).text)
        batch.times.append(None)
        batch.values.append(reading.value)
        batch.declared.append((row, reading.unit, reading.every_s or every_s))
    return batch


async def run_every(every_s: float, beat: Callable[[], Awaitable[None]]) -> None:
    """Call ``beat`` every ``every_s`` seconds until cancelled; log only the first DashboardError of a series of failures."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    refused = False
    while True:
        try:
            await beat()
            refused = False
        except DashboardError as error:
            if not refused:
                _log.warning("feeder: readings could not be stored: %s", error)
            refused = True
        due = max(due + every_s, loop.time())
        await asyncio.sleep(due - loop.time())
