"""Feeding methods of both clients: push, gauge, timer, timed. Thread-safe. A failure to send raises no error in the calling program."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ParamSpec, TypedDict, TypeVar, cast

from dashboard.client.address import Address, authorization
from dashboard.client.http import encode_request
from dashboard.client.outbox import Outbox, SendOutcome, SentBatch
from dashboard.client.sample import Counts, Refusal, Sample

_P = ParamSpec("_P")
_R = TypeVar("_R")
_log = logging.getLogger(__name__)

OnRefused = Callable[[Sequence[Refusal]], None]
OnTrouble = Callable[[str], None]


class FeedingOptions(TypedDict, total=False):
    """Options of ``Feeding`` that both clients take."""

    labels: Mapping[str, object] | None
    flush_s: float
    batch: int
    buffer: int
    timeout_s: float
    on_refused: OnRefused | None
    on_trouble: OnTrouble | None


class Feeding(ABC):
    """Base of both clients. ``labels`` are added to every sample.

    ``on_refused`` is called with samples that will never be stored. ``on_trouble`` is called with a line of text for each request
    that failed. Both run on the sending thread or event loop, or on the thread that calls ``push``, and must not block.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        labels: Mapping[str, object] | None = None,
        flush_s: float = 1.0,
        batch: int = 1_000,
        buffer: int = 100_000,
        timeout_s: float = 10.0,
        on_refused: OnRefused | None = None,
        on_trouble: OnTrouble | None = None,
    ) -> None:
        self._address = Address.of(url)
        self._headers = authorization(token)
        self._labels = dict(labels or {})
        self._flush_s = flush_s
        self._timeout_s = timeout_s
        self._on_refused = on_refused
        self._on_trouble = on_trouble
        self._new_outbox = functools.partial(Outbox, max_batch=batch, max_samples=buffer)
        self._outbox = self._new_outbox()
        self._lock = threading.Lock()

    @property
    def counts(self) -> Counts:
        """Counts of the samples so far, by outcome."""
        with self._lock:
            return self._outbox.counts

    def push(
        self,
        name: str,
        value: float,
        *,
        labels: Mapping[str, object] | None = None,
        t_ms: int | None = None,
        unit: str = "",
        every_s: float = 0,
    ) -> None:
        """Add one value to the next batch of samples. ``t_ms``: when the value was measured; None: now.

        A value that cannot be sent is counted as refused and reported, not raised.
        """
        t_ms = int(time.time() * 1000) if t_ms is None else t_ms
        if labels is None or isinstance(labels, Mapping):  # other types are refused below
            labels = {**self._labels, **(labels or {})}
        sample = Sample.of(name, value, t_ms=t_ms, labels=labels, unit=unit, every_s=every_s)
        with self._lock:
            refusal = self._outbox.add(sample)
            full = self._outbox.full_batch
        if refusal is not None:
            self._report(SendOutcome(0.0, (refusal,)))
        self._pushed(full)

    def gauge(self, name: str, value: float, /, **labels: object) -> None:
        """Push a value measured now: ``gauge("queue_length", 7, queue="mail")``."""
        self.push(name, value, labels=labels)

    @contextmanager
    def timer(self, name: str, /, **labels: object) -> Iterator[None]:
        """Push the duration of the block in seconds, also when the block raises."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.push(name, time.perf_counter() - began, unit="s", labels=labels)

    def timed(self, name: str, /, **labels: object) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
        """Return a decorator that pushes the duration of each call in seconds.

        The duration of a coroutine function ends when its coroutine has finished.
        """

        def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def timed_coroutine(*args: _P.args, **kwargs: _P.kwargs) -> object:
                    with self.timer(name, **labels):
                        return await function(*args, **kwargs)

                return cast("Callable[_P, _R]", timed_coroutine)

            @functools.wraps(function)
            def timed_call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
                with self.timer(name, **labels):
                    return function(*args, **kwargs)

            return timed_call

        return decorate

    @abstractmethod
    def _pushed(self, full: bool) -> None:
        """Wake the sender after a sample was added; ``full``: True if enough samples wait for a batch."""

    def _request(self, batch: SentBatch) -> bytes:
        headers = {**self._headers, **batch.headers}
        return encode_request("POST", self._address, "/api/v1/samples", headers, batch.body)

    def _report(self, outcome: SendOutcome) -> None:
        """Call the callbacks; an error in them is logged and does not stop the sending."""
        try:
            if outcome.trouble and self._on_trouble is not None:
                self._on_trouble(outcome.trouble)
            if outcome.refusals and self._on_refused is not None:
                self._on_refused(outcome.refusals)
        except Exception:  # noqa: BLE001 - the border to the caller's code
            _log.exception("a callback of the dashboard client failed")
