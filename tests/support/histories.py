"""Histories of a replica, generated from a seed: late, repeated and backfilled samples, declarations, documents, damage, silence.

Values are small multiples of 1/4, so that sums are exact in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from dashboard.domain.position import Position
from dashboard.entries.documents import DocumentDeleted, DocumentWritten
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import encode_samples
from dashboard.journal.port import Entry
from dashboard.replica.checkpoint import capture
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows

EPOCH = "0123456789abcdef"
T0 = 1_700_000_000_000
#: Small enough that a short history crosses all of them.
WINDOWS = Windows(
    raw_ms=60_000, raw_max=100, fine_step_ms=1_000, fine_ms=120_000, coarse_step_ms=5_000, coarse_ms=300_000
)
KEYS = ["a", "b", 'c{x="1"}', 'c{x="2"}', "d", "e"]
DAMAGED = [b"", b"\xc1", b"\x93\xa1s", b"foreign", b"\x92\xa1q\x01", encode_samples(["9"], 1, [1.0])]

Row = tuple[str, int, float]


def samples(
    seq: int, t_ms: int, rows: Sequence[Row], declared: Iterable[tuple[int, str | None, float | None]] = ()
) -> Entry:
    """Return an entry of samples."""
    payload = encode_samples([k for k, _, _ in rows], [t for _, t, _ in rows], [v for _, _, v in rows], list(declared))
    return Entry(seq, t_ms, payload)


def one_value_each(kept: Iterable[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Return the samples that a series keeps: of each millisecond the last one. ``kept``: (seq, time, value) in order of arrival."""
    held: dict[int, tuple[int, int, float]] = {}
    for seq, t_ms, value in kept:
        if t_ms in held and held[t_ms][2] == value:
            continue
        held.pop(t_ms, None)
        held[t_ms] = (seq, t_ms, value)
    return list(held.values())


def document(
    seq: int, t_ms: int, key: str, body: bytes | None, every_s: float | None = None, *, passing: bool = False
) -> Entry:
    """Return an entry that writes a document, or deletes it (None)."""
    change = DocumentDeleted(key) if body is None else DocumentWritten(key, body, every_s, passing)
    return Entry(seq, t_ms, encode_change(change))


def history(seed: int, length: int = 80, *, damaged: bool = True) -> list[Entry]:
    """Return ``length`` entries from seq 1."""
    random, now, entries = Random(seed), T0, []
    for seq in range(1, length + 1):
        now += random.choice([0, 10, 300, 900, 2_000, 2_000, 20_000] + [200_000] * (random.random() < 0.1))
        kind = random.random()
        if kind < 0.1:
            body = random.choice([None, b'{"n":%d}' % seq, b"[]"])
            key = random.choice(["doc1", "doc2", "doc3"])
            every_s = random.choice([None, 5.0])
            entries.append(document(seq, now, key, body, every_s, passing=random.random() < 0.5))
        elif kind < 0.13 and damaged:
            entries.append(Entry(seq, now, random.choice(DAMAGED)))
        else:
            entries.append(_samples(random, seq, now))
    return entries


def _samples(random: Random, seq: int, now: int) -> Entry:
    keys = KEYS[: random.choice([1, 3, 6])]
    spread = random.choice([0, 50, 3_000, 90_000])
    count = random.choice([1, 2, 5, 5, 40])
    late = [random.randint(-spread, min(spread, 500)) for _ in range(count)]
    rows = [(random.choice(keys), now + offset, random.randint(-40, 40) / 4) for offset in late]
    declared = [
        (row, random.choice([None, "B", "ms"]), random.choice([None, 1.0, 7.0]))
        for row in range(count) if random.random() < 0.05
    ]  # fmt: skip
    return samples(seq, now, rows, declared)


def replica_of(entries: Iterable[Entry], windows: Windows = WINDOWS) -> Replica:
    """Return a replica that has applied the entries."""
    replica = Replica(windows, Position(EPOCH, 0))
    for entry in entries:
        replica.apply(entry)
    return replica


def state(replica: Replica) -> tuple[object, ...]:
    """All that a checkpoint would hold, plus the position; what is legitimately different between replicas is not in it:
    ``broken`` and ``samples`` since the start are this process's own counts (``samples`` is in the header and does count),
    versions only say "look again", and the order of records is not part of the state."""
    return replica.position, replica.now_ms, dict(capture(replica)), [series.text for series in replica.table]
