"""Listener for line protocol by UDP, which Proxmox VE and older InfluxDB clients send by default.

Each datagram is parsed by itself, so that one that was cut off within a quoted text does not take lines of the next. A long one is
parsed in parts of whole lines; a quoted text with a line break may be lost there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from dashboard.feeders.datagram_queue import DatagramQueue
from dashboard.feeders.line_server import parsed_aside
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import InfluxUdp
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.claims import collide
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.parsed import Parsed
from dashboard.runtime import Group
from dashboard.turns import next_turn


class InfluxUdpSource:
    """Source with a UDP socket."""

    def __init__(self, config: InfluxUdp, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._config = config
        self._submitter = submitter
        self._lines = LineCache(2 * config.max_series)
        self._parse = partial(parse_line_protocol, precision=config.precision)

    async def run(self) -> None:
        """Listen until cancelled; raises OSError."""
        queue = DatagramQueue(self.state, self.take)
        async with Group() as group, queue.listening(group, self._config.host, self._config.port):
            self.state.well()
            await asyncio.get_running_loop().create_future()  # until cancelled

    async def take(self, datagrams: Sequence[bytes]) -> None:
        """Store the lines of some datagrams."""
        together = Parsed()
        for datagram in datagrams:
            parsed = await parsed_aside(self._parse, datagram, self._lines, self._submitter.latest_ms(), self.state)
            # the owner of a series must be known before another name for it is judged
            if collide(together.batch.claims, parsed.batch.claims):
                await self._submitter.keep_counted(together, self.state)
                together = Parsed()
            together.join(parsed, 0)
            await next_turn()
        await self._submitter.keep_counted(together, self.state)
