"""Counters of this process since it started: plain numbers, so that counting costs nothing on the hot path.

``web/ops/metrics.py`` exposes them to Prometheus, ``feeders/server.py`` as series of this server itself.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counters of one process; the composition root passes them to each counting part. For the event loop's thread only."""

    samples_accepted: int = 0
    samples_refused: Counter[str] = field(default_factory=Counter)  # by reason code
    feeder_samples: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # by token, format and outcome
    documents_accepted: int = 0
    events_accepted: int = 0
    connections_opened: int = 0
    connections_closed: Counter[str] = field(default_factory=Counter)  # by close code; "client": any code of the client
    messages_received: int = 0
    http_closed: Counter[str] = field(default_factory=Counter)  # by reason: idle, slow, unread
    errors_sent: Counter[str] = field(default_factory=Counter)  # by error code
    frames_sent: int = 0
    bytes_sent: int = 0
    frames_skipped: int = 0  # the connection's socket had not drained at the tick
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
    presence_changes: int = 0  # sent to users
    authentications: Counter[str] = field(default_factory=Counter)  # of sockets, by outcome
    joins: int = 0  # of rooms
    logins: Counter[str] = field(default_factory=Counter)  # by outcome
    room_events_not_appended: int = 0  # committed to the store; the sweep appends them to the journal later
    room_messages_healed: int = (
        0  # room messages that this process read from the store because the journal did not bring them
    )
    journal_appends: int = 0  # entries this process has appended
    foreign_entries: int = 0  # rows in this journal's Redis streams that another program wrote
    redis_failures: Counter[str] = field(default_factory=Counter)  # by operation
    #: milliseconds of the last appends' round trips
    journal_round_trip_ms: deque[float] = field(default_factory=lambda: deque(maxlen=600))
    #: milliseconds from acceptance to the socket, one per frame built of views with 5 or more frames a second, newest last
    accept_to_socket_ms: deque[float] = field(default_factory=lambda: deque(maxlen=600))
    #: milliseconds from acceptance to paint in such views, as browsers report it
    accept_to_paint_ms: deque[float] = field(default_factory=lambda: deque(maxlen=600))


def quantile(values: list[float], q: float) -> float:
    """Return the nearest-rank quantile ``q`` (0 to 1) of a non-empty list."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
