"""Log of one partition as this process has read it from Redis: newest entries, newest position, followers.

Owns the check that no entry is missing: every entry is compared with the entry before it.  Rows of other programs are skipped and counted.
A hole, a rewind or another epoch is never ignored.  Does not own connections (``redis_reader.py``).
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections import deque

from dashboard.domain.position import Position
from dashboard.journal.port import Entry
from dashboard.journal.redis_scripts import Keys, LogState, Row
from dashboard.journal.tail import Tail

#: Payload bytes of the newest entries kept in memory; followers fetch older ones from Redis.
TAIL_BYTES = 8 << 20
#: Newest entries whose ids are kept, to find a place in the stream again and to find where two copies of it diverge.
_KNOWN_IDS = 5_000
#: Shortest payload that is compressed.
_PACKED_FROM_BYTES = 256
_LENGTH = struct.Struct("<I")
#: Beginning of a value: the number and the time of its id once more (low 32 bits each).
_PLACE = struct.Struct("<II")
#: Longest payload that a compressed value may announce; a value with more is not this program's.
_MAX_PAYLOAD_BYTES = 512 << 20

RawRow = tuple[bytes, dict[bytes, bytes] | None]


def pack_row(request_id: str, payload: bytes) -> Row:
    """Return the row that stores an entry; the payload is compressed when that makes it smaller."""
    if len(payload) >= _PACKED_FROM_BYTES:
        packed = _LENGTH.pack(len(payload)) + zlib.compress(payload, 1)
        if len(packed) < len(payload):
            return Row(request_id, "z", packed)
    return Row(request_id, "", payload)


def _unpack(value: bytes) -> bytes | None:
    """Return the payload of a compressed value; None for a value of another program."""
    if len(value) < _LENGTH.size or (length := _LENGTH.unpack_from(value)[0]) > _MAX_PAYLOAD_BYTES:
        return None
    unpacker = zlib.decompressobj()
    try:
        payload = unpacker.decompress(value[_LENGTH.size :], length + 1)
    except zlib.error:
        return None
    return payload if len(payload) == length and unpacker.eof else None


class OutOfSequence(Exception):
    """Error for a row that does not follow the row before: entries are missing, or the row is of another epoch or program."""


class Log:
    """Log of a partition, for use on the event loop's thread only.

    ``seq``: number of the newest entry that is known to be stored; this process may not have read it yet.
    """

    def __init__(self, partition: str, keys: Keys) -> None:
        self.partition = partition
        self.keys = keys
        self.epoch = ""
        self.seq = 0
        self.size_bytes = 0
        self.foreign = 0
        self.followers = 0
        self.wanted = asyncio.Event()  # set while there are followers
        self.settling = asyncio.Lock()
        self.tail = Tail(0, TAIL_BYTES)
        self.origins: dict[str, int] = {}  # an old epoch -> the last seq that it shares with this epoch
        self.last_id = "0-0"
        self._ids: deque[str] = deque(maxlen=_KNOWN_IDS)  # of the newest entries read, without holes
        self._names: dict[bytes, bool] = {}  # field name of an entry -> whether its value is compressed

    @property
    def head(self) -> Position:
        """Position of the newest entry known to be stored."""
        return Position(self.epoch, self.seq)

    def ids(self) -> list[str]:
        """Return the ids of the newest entries read, oldest first."""
        return list(self._ids)

    def id_of(self, seq: int) -> str | None:
        """Return the id of an entry if it is one of the newest entries read, else None."""
        at = len(self._ids) - 1 - (self.tail.head_seq - seq)
        return self._ids[at] if 0 <= at < len(self._ids) else None

    def start(self, standing: LogState) -> None:
        """Start at the newest stored entry. Used if no entry was read yet, or if the entries read are too old to
        continue from."""
        self._take_over(standing)
        self.last_id = standing.last_id
        self._ids.clear()
        self.tail.restart(standing.seq)

    def adopt(self, standing: LogState, read_seq: int, *, related: bool) -> None:
        """Resume in another epoch after entry ``read_seq``; ``related``: True if both epochs have the same entries up to there."""
        if related:
            standing.origins[self.epoch] = read_seq
        for _ in range(self.tail.head_seq - read_seq if related else len(self._ids)):
            if self._ids:
                self._ids.pop()
        if not self._ids:  # no entry that was read is stored any more: followers fetch what they need
            self.start(standing)
            return
        self._take_over(standing)
        self.last_id = self._ids[-1]
        self.tail.restart(read_seq)

    def _take_over(self, standing: LogState) -> None:
        self.epoch, self.seq, self.size_bytes = standing.epoch, standing.seq, standing.bytes
        self.origins = standing.origins
        names = [self.epoch, *self.origins]
        self._names = {f"{e}{z}".encode(): bool(z) for e in names for z in ("", "z")}

    def stored(self, seq: int, size_bytes: int) -> None:
        """Record the answer to an append: the newest stored entry and the size of the partition."""
        self.seq = max(self.seq, seq)
        self.size_bytes = size_bytes

    def take(self, rows: list[RawRow], newest_seq: int | None = None) -> None:
        """Take the rows that were read after ``last_id``.

        ``newest_seq``: number of the partition's newest entry, as Redis has just confirmed for this epoch; a row with a later number is
        foreign and skipped.  Without ``newest_seq``, the first row that is out of order raises OutOfSequence; the rows before it are taken.
        """
        fresh: list[Entry] = []
        seq = self.tail.head_seq
        try:
            for raw_id, fields in rows:
                entry = self.parse(raw_id, fields)
                if newest_seq is None and (entry is None or entry.seq != seq + 1):
                    raise OutOfSequence
                if entry is None or entry.seq <= seq or (newest_seq is not None and entry.seq > newest_seq):
                    self.foreign += 1
                else:
                    if (
                        entry.seq != seq + 1
                    ):  # trimmed before it was read: a follower gets a gap when it reaches this place
                        fresh.clear()
                        self._ids.clear()
                        self.tail.restart(entry.seq - 1)
                    seq = entry.seq
                    fresh.append(entry)
                    self._ids.append(raw_id.decode())
                self.last_id = raw_id.decode()
        finally:
            if fresh:
                self.seq = max(self.seq, seq)
                self.tail.push(fresh)

    def parse(self, raw_id: bytes, fields: dict[bytes, bytes] | None) -> Entry | None:
        """Parse a row of the stream as an entry; return None for a row that another program wrote."""
        ms, _, number = raw_id.partition(b"-")
        seq = int(number)
        for name, value in (fields or {}).items():
            packed = self._names.get(name)
            if packed is None:
                continue
            if value[:8] != _PLACE.pack(seq & 0xFFFFFFFF, int(ms) & 0xFFFFFFFF):
                return None  # a copy under another id
            payload = _unpack(value[8:]) if packed else value[8:]
            try:
                t_ms = int((fields or {}).get(b"t", ms))
            except ValueError:
                return None
            return None if payload is None else Entry(seq, t_ms, payload)
        return None

    def after(self, seq: int) -> list[Entry] | None:
        """Return the entries in memory after ``seq``; None when the first of them is no longer in memory."""
        return self.tail.after(seq)

    def resume_seq(self, after: Position, oldest_seq: int) -> int:
        """Return the number of the entry after which a reader from another epoch continues.

        This is the last entry that both epochs share. If there is none, it is the entry before the oldest entry.
        """
        if after.epoch in self.origins:
            return min(after.seq, self.origins[after.epoch])
        return oldest_seq - 1


def seq_of(entry_id: str) -> int:
    """Return the number in the id of an entry."""
    return int(entry_id.partition("-")[2])
