"""Views by docs/protocol.md, without I/O: messages -> updates, resuming from a position, gaps.

``Following`` is a view that outlives connections. A ``ViewConnection`` is one connection: it takes received bytes, and
returns updates and bytes to send.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.client.address import Address
from dashboard.client.backoff import Backoff, asked_wait_s
from dashboard.client.websocket import Closed, HandshakeDone, HandshakeRefused, ReceivedText, WebSocket

#: Seconds without a byte from the server after which the client sends a ping, and after which it connects again.
QUIET_S = 5.0
DEAD_S = 20.0
#: Gap of a view that is begun anew because the server sent a series without its description.
UNKNOWN_SERIES = "unknown_series"

_MEND_THE_CLIENT = frozenset({1002, 1003, 1007, 1009})
_MEND_THE_REQUEST = frozenset(
    {
        "invalid",
        "invalid_message",
        "not_found",
        "unknown_type",
        "too_many_subscriptions",
        "not_authenticated",
        "forbidden",
        "bad_token",
    }
)


class FollowError(Exception):
    """Refusal that a retry cannot change: a wrong selector, board or token."""


class Lost(ConnectionError):
    """Connection that the server closed with ``code``."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}{': ' + reason if reason else ''}")
        self.code = code


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """Description of a series.

    ``series``: canonical text; ``every_s``: cadence, None if unknown; ``last_ms``: time of the newest sample.
    """

    series: str
    name: str
    labels: Mapping[str, str]
    unit: str
    every_s: float | None
    last_ms: int


@dataclass(frozen=True, slots=True)
class Point:
    """Value of a series at a time. If the window consists of buckets, the value is the mean of a bucket."""

    series: str
    t_ms: int
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """JSON value under a key, written at ``t_ms``."""

    key: str
    body: Any
    t_ms: int


@dataclass(frozen=True, slots=True)
class Update:
    """Changes of one message, in order; points of a series are ordered by time. Times are the server's, in ms.

    ``snapshot``: True for the full state, which replaces everything before. ``gap``: why entries are missing before this snapshot
    (``epoch``, ``ahead``, ``trimmed``, ``unknown_series``); empty: none are missing.
    """

    as_of_ms: int
    points: tuple[Point, ...] = ()
    series: tuple[SeriesInfo, ...] = ()
    documents: tuple[Document, ...] = ()
    gone: tuple[str, ...] = ()
    gone_documents: tuple[str, ...] = ()
    snapshot: bool = False
    gap: str = ""


class Following:
    """View over any number of connections."""

    def __init__(
        self,
        selectors: Iterable[str] = (),
        *,
        board: str = "",
        window_s: float = 60,
        rate_hz: float = 10,
        points: int = 1000,
        chance: Callable[[], float] = random.random,
    ) -> None:
        chosen = [selectors] if isinstance(selectors, str) else list(selectors)
        if bool(chosen) == bool(board):
            raise ValueError("give either selectors or a board")
        what = {"board": board} if board else {"selectors": chosen}
        self._watch = {"type": "watch", "id": 1, **what, "window_s": window_s, "rate_hz": rate_hz, "points": points}
        self._since = ""
        self._gap = ""
        self._series: dict[int, SeriesInfo] = {}
        self._backoff = Backoff(chance)
        self._welcomed = False

    def request(self) -> str:
        """Return the watch message that begins the view, or resumes it."""
        return json.dumps(self._watch | ({"since": self._since} if self._since else {}))

    def take(self, message: dict[str, Any]) -> Update | None:
        """Return the update in a message, if any. Raises FollowError, and LookupError when the view must begin anew."""
        kind = message.get("type")
        if kind == "error" and message.get("code") in _MEND_THE_REQUEST:
            raise FollowError(str(message.get("message")))
        if kind == "gap":
            self._gap = str(message.get("reason")) or "unknown"
        elif kind == "snapshot":
            return self._snapshot(message)
        elif kind == "frame":
            return self._frame(message)
        elif kind == "welcome":
            self._welcomed = True
        return None

    def begin_anew(self, gap: str) -> None:
        """Forget the position. The server then sends a snapshot, and that update has ``gap`` as its reason."""
        self._since, self._gap = "", gap

    def lost(self, error: OSError, now_s: float) -> float:
        """Return the seconds to wait after a lost connection. Raises FollowError if a new connection would fail in the same way."""
        if isinstance(error, Lost) and (error.code in _MEND_THE_CLIENT or 4500 <= error.code < 5000):
            raise FollowError(str(error)) from error
        if not isinstance(error, HandshakeRefused):
            return self._backoff.next_s(5.0 if isinstance(error, Lost) and error.code == 4006 else 0.0)
        if not self._welcomed and 400 <= error.status < 500 and error.status not in (408, 425, 429):
            raise FollowError(str(error)) from error
        return self._backoff.next_s(asked_wait_s(error.headers.get("retry-after"), now_s))

    def _snapshot(self, message: dict[str, Any]) -> Update:
        self._series.clear()
        gap, self._gap = self._gap, ""
        infos = self._learn(message["series"])
        points: list[Point] = []
        for row in message["series"]:
            values = row["v"] if "v" in row else row.get("mean", ())
            points += self._points(row["sid"], row.get("t", ()), values)
        self._arrived(message)
        documents = _documents(message)
        return Update(message["as_of"], tuple(points), infos, documents, snapshot=True, gap=gap)

    def _frame(self, message: dict[str, Any]) -> Update | None:
        infos = self._learn(message.get("series", ()))
        points: list[Point] = []
        for row in message.get("points", ()):
            points += self._points(row[0], row[1], row[2])
        for sid, times, _, means, *_ in message.get("buckets", ()):
            points += self._points(sid, times, means)
        gone = [self._series.pop(sid).series for sid in message.get("gone", ()) if sid in self._series]
        documents, gone_documents = _documents(message), tuple(message.get("gone_documents", ()))
        self._arrived(message)
        if not (points or infos or documents or gone or gone_documents):
            return None  # resumed, and nothing was missed
        return Update(message["as_of"], tuple(points), infos, documents, tuple(gone), gone_documents)

    def _arrived(self, message: dict[str, Any]) -> None:
        self._since = message["position"]
        self._backoff.reset()

    def _learn(self, definitions: Iterable[dict[str, Any]]) -> tuple[SeriesInfo, ...]:
        infos = []
        for row in definitions:
            info = SeriesInfo(row["series"], row["name"], row["labels"], row["unit"], row["every_s"], row["last"])
            self._series[row["sid"]] = info
            infos.append(info)
        return tuple(infos)

    def _points(self, sid: int, times: Iterable[int], values: Iterable[float]) -> list[Point]:
        info = self._series[sid]
        return [Point(info.series, t, v, info.unit) for t, v in zip(times, values, strict=True)]


def _documents(message: dict[str, Any]) -> tuple[Document, ...]:
    return tuple(Document(row["key"], row["body"], row["t"]) for row in message.get("documents", ()))


class ViewConnection:
    """Connection without its socket: pass received bytes to ``feed``, send the bytes of ``outgoing``."""

    def __init__(self, following: Following, address: Address, headers: Mapping[str, str]) -> None:
        self._following = following
        self._socket = WebSocket(address, "/ws", headers)
        self.outgoing = self._socket.outgoing
        self.close = self._socket.close
        self._end: ConnectionError | None = None

    def feed(self, data: bytes) -> list[Update]:
        """Return the updates in received bytes, in order.

        Raises ConnectionError when the connection is over, FollowError when the server refuses for good.
        """
        if self._end is not None:
            raise self._end
        if not data:
            raise ConnectionResetError("the connection was cut")
        updates: list[Update] = []
        try:
            for event in self._socket.feed(data):
                if isinstance(event, HandshakeDone):
                    self._socket.send(self._following.request())
                elif isinstance(event, ReceivedText):
                    updates += self._take(event.text)
                elif isinstance(event, Closed):
                    raise Lost(event.code, event.reason)
        except ConnectionError as error:
            if not updates:
                raise
            self._end = error  # raised by the next call, after these updates
        return updates

    def quiet(self) -> None:
        """Send a ping. The client calls this after a while without bytes from the server."""
        self._socket.send('{"type":"ping"}')

    def _take(self, text: str) -> list[Update]:
        try:
            message = json.loads(text)
            update = self._following.take(message)
        except (ValueError, TypeError, AttributeError) as error:
            raise ConnectionError(f"the server sent a message that cannot be read: {error}") from None
        except LookupError:
            self._following.begin_anew(UNKNOWN_SERIES)
            self._socket.send(self._following.request())
            return []
        return [] if update is None else [update]
