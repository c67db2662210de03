"""What this process has counted since it started: plain numbers, so that counting costs nothing on the hot path.

``web/metrics.py`` shows them to Prometheus, ``feeders/server.py`` as series of this server's own.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Owned by the composition root, handed to whoever counts; only ever touched on the event loop's thread."""

    samples_accepted: int = 0
    samples_refused: Counter[str] = field(default_factory=Counter)  # by reason code
    feeder_samples: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # by token, format and outcome
    documents_accepted: int = 0
    events_accepted: int = 0
    connections_opened: int = 0
    connections_closed: Counter[str] = field(default_factory=Counter)  # by close code; client: one of its own
    messages_received: int = 0
    errors_sent: Counter[str] = field(default_factory=Counter)  # by error code
    frames_sent: int = 0
    bytes_sent: int = 0
    frames_skipped: int = 0  # a reader had not drained at the tick
    frames_caught_up: int = 0
    snapshots_sent: int = 0
    resumes: int = 0
    gaps: Counter[str] = field(default_factory=Counter)  # by reason
    task_failures: Counter[str] = field(default_factory=Counter)  # by task name
    clock_steps: int = 0
    checkpoints: int = 0
    messages_posted: Counter[str] = field(default_factory=Counter)  # by kind of room
    notifications_sent: int = 0
    webhooks: Counter[str] = field(default_factory=Counter)  # by outcome
    typing_notices: int = 0
    presence_changes: int = 0  # that people were told of
    authentications: Counter[str] = field(default_factory=Counter)  # of sockets, by outcome
    joins: int = 0  # of rooms
    logins: Counter[str] = field(default_factory=Counter)  # by outcome
    events_not_appended: int = 0  # committed, and left to the sweep
    events_healed: int = 0  # messages that came from the store and not by the journal
    journal_appends: int = 0  # entries this process has appended
    foreign_entries: int = 0  # in our streams, and not ours
    redis_failures: Counter[str] = field(default_factory=Counter)  # by what was tried
    #: milliseconds of the last appends' round trips
    journal_round_trip_ms: deque[float] = field(default_factory=lambda: deque(maxlen=600))
    #: milliseconds from acceptance to the socket, one per frame built, newest last
    accept_to_socket_ms: deque[float] = field(default_factory=lambda: deque(maxlen=600))
    #: milliseconds from acceptance to paint, as browsers report it
    accept_to_paint_ms: deque[float] = field(default_factory=lambda: deque(maxlen=600))


def quantile(values: list[float], q: float) -> float:
    """The nearest-rank quantile of a non-empty list."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
