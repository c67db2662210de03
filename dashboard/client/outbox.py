"""Outbox: which batch to send next, and what an answer means. No I/O, clock or lock: the clients own those.

Source: docs/protocol.md, POST /api/v1/samples.  A batch keeps its bytes and its Idempotency-Key until it is settled.  The
server therefore stores a repeated batch once, as long as it remembers the key (15 minutes by default).
"""

from __future__ import annotations

import json
import random
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from dashboard.client.backoff import Backoff, asked_wait_s
from dashboard.client.buffer import Buffer
from dashboard.client.http import HttpAnswer
from dashboard.client.sample import Counts, Refusal, Sample

#: Most samples in a batch: the server lists no more refusals than this in one answer.
MAX_BATCH = 1_000


@dataclass(slots=True)
class SentBatch:
    """Samples in flight: the same bytes and the same key at every try."""

    samples: list[Sample]
    key: str
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, samples: list[Sample], key: str) -> SentBatch:
        return cls(samples, key, json.dumps([sample.as_json() for sample in samples], allow_nan=False).encode())

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the batch's request."""
        return {"Content-Type": "application/json", "Idempotency-Key": self.key}


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """Result of a try. ``wait_s``: seconds to wait before the next try; 0 if the batch is settled."""

    wait_s: float = 0.0
    refusals: tuple[Refusal, ...] = ()
    trouble: str = ""


class Outbox:
    """Batch in flight, one at a time, and the bounded buffer of samples that wait for a batch."""

    def __init__(
        self,
        *,
        max_batch: int,
        max_samples: int,
        chance: Callable[[], float] = random.random,
        new_key: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        if not 1 <= max_batch <= MAX_BATCH:
            raise ValueError(f"batch is {max_batch}; give a number of samples from 1 to {MAX_BATCH}")
        self._max_batch = max_batch
        self._buffer = Buffer(max_samples)
        self._under_way: deque[SentBatch] = deque()
        self._backoff = Backoff(chance)
        self._new_key = new_key
        self._pushed = self._accepted = self._refused = self._dropped = self._retries = 0

    @property
    def counts(self) -> Counts:
        """Present counts."""
        waiting = len(self._buffer) + sum(len(batch.samples) for batch in self._under_way)
        return Counts(self._pushed, self._accepted, self._refused, self._dropped, waiting, self._retries)

    @property
    def settled(self) -> int:
        """Number of pushed samples that were accepted, refused or dropped."""
        return self._accepted + self._refused + self._dropped

    @property
    def full_batch(self) -> bool:
        """True if enough samples wait for a full batch."""
        return len(self._buffer) >= self._max_batch

    def add(self, sample: Sample) -> Refusal | None:
        """Add a sample. A sample that would make the body invalid is counted as refused and never sent."""
        self._pushed += 1
        if problem := sample.problem():
            self._refused += 1
            return Refusal(sample, problem, "value" if "number" in problem else "")
        if self._buffer.add(sample) is not None:
            self._dropped += 1
        return None

    def batch(self) -> SentBatch | None:
        """Return the batch to send now: the batch in flight, else a new batch of the oldest samples; None if no sample waits."""
        if not self._under_way and (samples := self._buffer.take(self._max_batch)):
            self._under_way.append(SentBatch.of(samples, self._new_key()))
        return self._under_way[0] if self._under_way else None

    def failed(self, reason: str) -> SendOutcome:
        """Record that no answer came. The same batch is sent again, since it may or may not be stored."""
        self._retries += 1
        return SendOutcome(self._backoff.next_s(), (), reason)

    def answered(self, answer: HttpAnswer, now_s: float) -> SendOutcome:
        """Settle the batch, or return how long to wait. ``now_s``: the wall clock, for a Retry-After that is a date."""
        if answer.status in (408, 425, 429) or answer.status >= 500:
            self._retries += 1
            return SendOutcome(
                self._backoff.next_s(asked_wait_s(answer.headers.get("retry-after"), now_s)), (), answer.reason
            )
        self._backoff.reset()
        batch = self._under_way.popleft()
        if 200 <= answer.status < 300:
            self._accepted += len(batch.samples)
            return SendOutcome()
        if answer.status == 413 and len(batch.samples) > 1:
            self._halve(batch)
            return SendOutcome()
        refusals = _refusals(batch, answer)
        self._refused += len(refusals)
        self._accepted += len(batch.samples) - len(refusals)
        return SendOutcome(0.0, refusals, answer.reason)

    def abandon(self) -> None:
        """Drop all waiting samples, and count them."""
        waiting = self.counts.waiting
        self._buffer.take(len(self._buffer))
        self._under_way.clear()
        self._dropped += waiting

    def _halve(self, batch: SentBatch) -> None:
        """Divide a batch into two new batches, with new keys: the server has stored nothing of the batch."""
        middle = len(batch.samples) // 2
        for part in (batch.samples[middle:], batch.samples[:middle]):
            self._under_way.appendleft(SentBatch.of(part, self._new_key()))


def _refusals(batch: SentBatch, answer: HttpAnswer) -> tuple[Refusal, ...]:
    """Return the refusals in an answer; if it names no samples, the server refused the whole body, so return all samples."""
    said = answer.said
    named = said.get("refused")
    if answer.status == 400 and isinstance(named, list):
        found = [_refusal(batch, each) for each in named if isinstance(each, dict)]
        return tuple(refusal for refusal in found if refusal is not None)
    code = str(said.get("code") or f"http_{answer.status}")
    return tuple(Refusal(sample, answer.reason, "", code) for sample in batch.samples)


def _refusal(batch: SentBatch, said: dict[str, object]) -> Refusal | None:
    index = said.get("index")
    if not isinstance(index, int) or not 0 <= index < len(batch.samples):
        return None
    return Refusal(
        batch.samples[index],
        str(said.get("reason", "")),
        str(said.get("field") or ""),
        str(said.get("code") or "invalid"),
    )
