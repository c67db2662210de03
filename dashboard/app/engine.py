"""Choice of the journal's engine; the only module that imports the engines."""

from __future__ import annotations

from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.partition import all_partitions
from dashboard.journal.clock import JournalClock
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import ROOMS, SIGNALS, Journal
from dashboard.journal.redis import RedisJournal
from dashboard.journal.redis_link import Link
from dashboard.journal.sqlite import SqliteJournal
from dashboard.settings import Settings


def make_journal(settings: Settings, folder: DataFolder, clock: JournalClock, counters: Counters) -> Journal:
    """Return the journal that the settings ask for; nothing is opened yet."""
    age_s, size = settings.journal_window_s, settings.journal_max_mib << 20
    if settings.redis:
        return RedisJournal(
            Link(settings.redis, timeout_s=settings.redis_timeout_s),
            prefix=settings.redis_prefix,
            partitions=(*all_partitions(settings.partitions), ROOMS, SIGNALS),
            clock=clock,
            counters=counters,
            max_age_s=age_s,
            max_bytes=size,
            wait_s=settings.append_wait_s,
            max_waiting_bytes=settings.append_wait_mib << 20,
        )
    if settings.journal == "memory":
        return MemoryJournal(clock=clock, max_age_s=age_s, max_bytes=size)
    return SqliteJournal(folder, clock=clock, counters=counters, max_age_s=age_s, max_bytes=size)
