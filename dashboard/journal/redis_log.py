"""One partition as this process has read it from Redis: its newest entries, where it stands, who follows it.

Owns contiguity: every entry is checked against the one before; what is not ours is skipped and counted; a hole, a rewind
or another epoch is never passed over.  Does not own connections (``redis_reader.py``).
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections import deque

from dashboard.domain.position import Position
from dashboard.journal.port import Entry
from dashboard.journal.redis_scripts import Keys, Row, Standing
from dashboard.journal.tail import Tail

TAIL_BYTES = 8 << 20
#: Entries whose ids are remembered: to find back to, and to find where two copies of a journal part.
_KNOWN_IDS = 5_000
#: Shorter payloads are not packed.
_PACKED_FROM_BYTES = 256
_LENGTH = struct.Struct("<I")
#: What a value begins with: the number and the time of its id once more.
_PLACE = struct.Struct("<II")
#: A packed value that claims more than this is not ours.
_MAX_PAYLOAD_BYTES = 512 << 20

RawRow = tuple[bytes, dict[bytes, bytes] | None]


def pack_row(request_id: str, payload: bytes) -> Row:
    """An entry as it is stored: packed when that makes it smaller."""
    if len(payload) >= _PACKED_FROM_BYTES:
        packed = _LENGTH.pack(len(payload)) + zlib.compress(payload, 1)
        if len(packed) < len(payload):
            return Row(request_id, "z", packed)
    return Row(request_id, "", payload)


def _unpack(value: bytes) -> bytes | None:
    """The payload of a packed value; None when it is none."""
    if len(value) < _LENGTH.size or (length := _LENGTH.unpack_from(value)[0]) > _MAX_PAYLOAD_BYTES:
        return None
    unpacker = zlib.decompressobj()
    try:
        payload = unpacker.decompress(value[_LENGTH.size :], length + 1)
    except zlib.error:
        return None
    return payload if len(payload) == length and unpacker.eof else None


class Doubt(Exception):
    """An entry that does not follow the one before: the journal has begun another epoch, has a hole, or it is foreign."""


class Log:
    """Touched on the event loop's thread only. ``seq`` is the newest entry known to be stored, read or not."""

    def __init__(self, partition: str, keys: Keys) -> None:
        self.partition = partition
        self.keys = keys
        self.epoch = ""
        self.seq = 0
        self.size_bytes = 0
        self.foreign = 0
        self.followers = 0
        self.wanted = asyncio.Event()  # somebody follows
        self.settling = asyncio.Lock()
        self.tail = Tail(0, TAIL_BYTES)
        self.origins: dict[str, int] = {}  # an old epoch -> up to which seq its entries are this epoch's too
        self.last_id = "0-0"
        self._ids: deque[str] = deque(maxlen=_KNOWN_IDS)  # of the newest entries read, without a hole
        self._names: dict[bytes, bool] = {}  # field name of an entry -> its value is packed

    @property
    def head(self) -> Position:
        """The position of the newest entry known."""
        return Position(self.epoch, self.seq)

    def ids(self) -> list[str]:
        """Ids of the newest entries read, oldest first."""
        return list(self._ids)

    def id_of(self, seq: int) -> str | None:
        """The id of an entry read not long ago."""
        at = len(self._ids) - 1 - (self.tail.head_seq - seq)
        return self._ids[at] if 0 <= at < len(self._ids) else None

    def start(self, standing: Standing) -> None:
        """Begin at the newest entry there is: nothing has been read, or what was is too long ago."""
        self._take_over(standing)
        self.last_id = standing.last_id
        self._ids.clear()
        self.tail.restart(standing.seq)

    def adopt(self, standing: Standing, read_seq: int, *, related: bool) -> None:
        """Go on in another epoch after entry ``read_seq``; up to there both are alike if they are ``related``."""
        if related:
            standing.origins[self.epoch] = read_seq
        for _ in range(self.tail.head_seq - read_seq if related else len(self._ids)):
            if self._ids:
                self._ids.pop()
        if not self._ids:  # nothing that was read is there: followers fetch what they need
            self.start(standing)
            return
        self._take_over(standing)
        self.last_id = self._ids[-1]
        self.tail.restart(read_seq)

    def _take_over(self, standing: Standing) -> None:
        self.epoch, self.seq, self.size_bytes = standing.epoch, standing.seq, standing.bytes
        self.origins = standing.origins
        names = [self.epoch, *self.origins]
        self._names = {f"{e}{z}".encode(): bool(z) for e in names for z in ("", "z")}

    def stored(self, seq: int, size_bytes: int) -> None:
        """An append was answered."""
        self.seq = max(self.seq, seq)
        self.size_bytes = size_bytes

    def take(self, rows: list[RawRow], newest_seq: int | None = None) -> None:
        """Take in what was read after ``last_id``.

        ``newest_seq``: the journal was looked at since, is at the same epoch, and has so many entries; what claims to be
        beyond is foreign.  Without it an entry that does not follow raises Doubt; what came before it has been taken.
        """
        fresh: list[Entry] = []
        seq = self.tail.head_seq
        try:
            for raw_id, fields in rows:
                entry = self.parse(raw_id, fields)
                if newest_seq is None and (entry is None or entry.seq != seq + 1):
                    raise Doubt
                if entry is None or entry.seq <= seq or (newest_seq is not None and entry.seq > newest_seq):
                    self.foreign += 1
                else:
                    if entry.seq != seq + 1:  # trimmed before it was read: followers are told when they come to it
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
        """One row of the stream as an entry; None: it is not one of ours."""
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
        """What is held in memory after ``seq``; None when that is no longer held."""
        return self.tail.after(seq)

    def resume_seq(self, after: Position, oldest_seq: int) -> int:
        """Where a reader from another epoch goes on: where the two part, else at the oldest entry there is."""
        if after.epoch in self.origins:
            return min(after.seq, self.origins[after.epoch])
        return oldest_seq - 1


def seq_of(entry_id: str) -> int:
    """The number in an id of ours."""
    return int(entry_id.partition("-")[2])
