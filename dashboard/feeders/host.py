"""Feeder of the host's numbers, by psutil: processor, memory, disks, network, file systems, top processes.

psutil runs in a thread, because listing the processes takes tens of milliseconds.  Rates are differences of psutil's counters
between two readings, so the first reading has no rates.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psutil

from dashboard.feeders.feeding import Reading, run_every, to_batch
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_samples import AcceptSamples

PROCESSES = "host_processes"
#: Processes and file systems are read only at every fifth interval.
_SLOW_BEATS = 5
_TOP = 12
#: Mount points of file systems without user data, which are left out.
_PSEUDO = ("/proc", "/sys", "/dev", "/run", "/snap", "/boot/efi")


class HostFeeder:
    """Feeder of the series ``host_…`` and the document of top processes. ``monotonic`` gives seconds for the rates."""

    def __init__(
        self, *, samples: AcceptSamples, documents: AcceptDocument, every_s: float, monotonic: Callable[[], float]
    ) -> None:
        self._samples = samples
        self._documents = documents
        self._every_s = every_s
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, "host-feeder")
        self._beats = 0
        self._before: tuple[float, dict[str, float]] | None = None

    async def run(self) -> None:
        """Feed until cancelled."""
        psutil.cpu_percent()
        psutil.cpu_percent(percpu=True)
        await run_every(self._every_s, self._beat)

    def close(self) -> None:
        """Shut the thread down without waiting for a read in progress."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        readings = await loop.run_in_executor(self._thread, lambda: list(self._read()))
        await self._samples.accept(to_batch(readings, self._every_s))
        if self._beats % _SLOW_BEATS == 0:
            slow = await loop.run_in_executor(self._thread, lambda: list(file_systems()))
            await self._samples.accept(to_batch(slow, self._every_s * _SLOW_BEATS))
            table = await loop.run_in_executor(self._thread, top_processes)
            await self._documents.write(PROCESSES, table, every_s=self._every_s * _SLOW_BEATS)
        self._beats += 1

    def _read(self) -> Iterator[Reading]:
        if self._beats:
            yield Reading("host_cpu_percent", psutil.cpu_percent(), "%")
            for core, percent in enumerate(psutil.cpu_percent(percpu=True)):
                yield Reading("host_cpu_core_percent", percent, "%", (("core", str(core)),))
        for minutes, load in zip((1, 5, 15), os.getloadavg(), strict=True):
            yield Reading("host_load", load, "", (("minutes", str(minutes)),))
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        yield Reading("host_memory_used_bytes", memory.total - memory.available, "B")
        yield Reading("host_memory_total_bytes", memory.total, "B")
        yield Reading("host_memory_percent", memory.percent, "%")
        yield Reading("host_swap_used_bytes", swap.used, "B")
        yield Reading("host_swap_percent", swap.percent, "%")
        yield Reading("host_uptime_seconds", self._uptime_s(), "s")
        yield from self._rates()

    @staticmethod
    def _uptime_s() -> float:
        with open("/proc/uptime") as file:
            return float(file.read().split()[0])

    def _rates(self) -> Iterator[Reading]:
        now, totals = self._monotonic(), _totals()
        if self._before is not None:
            then, before = self._before
            for name, total in totals.items():
                if name in before and now > then:
                    yield Reading(name, max(0.0, total - before[name]) / (now - then), "B/s")
        self._before = (now, totals)


def _totals() -> dict[str, float]:
    totals: dict[str, float] = {}
    disk, network = psutil.disk_io_counters(), psutil.net_io_counters()
    if disk is not None:
        totals |= {"host_disk_read_bytes_per_s": disk.read_bytes, "host_disk_write_bytes_per_s": disk.write_bytes}
    if network is not None:
        totals["host_network_receive_bytes_per_s"] = network.bytes_recv
        totals["host_network_send_bytes_per_s"] = network.bytes_sent
    return totals


def file_systems() -> Iterator[Reading]:
    """Yield usage in percent and free bytes of each real file system."""
    seen: set[str] = set()
    mounts = [p.mountpoint for p in psutil.disk_partitions() if p.device not in seen and not seen.add(p.device)]  # type: ignore[func-returns-value]  # add in a condition
    for mount in mounts or ["/"]:
        if mount.startswith(_PSEUDO):
            continue
        try:
            usage = psutil.disk_usage(mount)
        except OSError:
            continue  # unmounted meanwhile, or not readable for us
        labels = (("mount", mount),)
        yield Reading("host_filesystem_percent", usage.percent, "%", labels)
        yield Reading("host_filesystem_free_bytes", usage.free, "B", labels)


def top_processes() -> bytes:
    """Return the processes with the most processor time, then memory, as a table document in JSON."""
    rows = []
    for process in psutil.process_iter(["pid", "name", "cpu_percent", "memory_info"]):
        info = process.info
        if info["memory_info"] is not None:
            rows.append((info["name"] or "?", info["pid"], info["cpu_percent"] or 0.0, info["memory_info"].rss))
    rows.sort(key=lambda row: (-row[2], -row[3]))
    columns = [
        {"title": "Process"},
        {"title": "PID", "align": "right"},
        {"title": "CPU", "unit": "%"},
        {"title": "Memory", "unit": "B"},
    ]
    return msgspec.json.encode({"columns": columns, "rows": rows[:_TOP]})
