"""Fan-out, the hot path: send the same bytes to every connection that is up to date and has drained.

A connection has *drained* when the kernel has taken all bytes for it.

A connection that has not drained is skipped. It later gets one frame with all changes that it missed, so nothing queues
up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.domain.counters import Counters
from dashboard.hub.shared import Shared
from dashboard.hub.snapshots import Snapshots
from dashboard.hub.view import View
from dashboard.hub.view_table import ViewTable

#: The event loop gets a turn after this many sends.
SENDS_PER_TURN = 200
#: Delays are measured in views of at least this many frames a second; slower views delay their frames on purpose.
MEASURED_HZ = 5


class Fanout:
    """Sender of a view's frames. ``now_ms`` is the journal's time."""

    def __init__(
        self, *, views: ViewTable, snapshots: Snapshots, now_ms: Callable[[], int], counters: Counters
    ) -> None:
        self._views = views
        self._snapshots = snapshots
        self._now_ms = now_ms
        self._counters = counters

    async def send(self, view: View, frame: Shared, previous_no: int) -> None:
        """Send a view's next frame to the subscriptions that have frame ``previous_no``; mark undrained subscriptions as behind."""
        plain = frame.frame
        number, seqs, behind = view.frame_no, view.seqs, self._views.behind(view)
        unchanged = view.unchanged_seqs
        sent = skipped = 0
        for subscription in list(self._views.subscriptions(view)):
            if subscription.frame_no != previous_no:
                continue
            transport = subscription.transport
            if transport.writing:
                subscription.sent = unchanged
                behind.add(subscription)
                skipped += 1
                continue
            subscription.frame_no = number
            subscription.sent = seqs
            is_plain = transport.dialect is None and not transport.deflating
            transport.send(plain if is_plain else frame.bytes_for(transport))
            sent += 1
            if not sent % SENDS_PER_TURN:
                await asyncio.sleep(0)
        self._counters.frames_sent += sent
        self._counters.frames_skipped += skipped
        self._counters.bytes_sent += sent * len(plain)
        self._note_delay(view)

    def _note_delay(self, view: View) -> None:
        accepted = view.oldest_accepted_ms
        if accepted is not None and view.spec.rate_hz >= MEASURED_HZ:
            self._counters.accept_to_socket_ms.append(max(0, self._now_ms() - accepted))

    async def catch_up(self, view: View) -> int:
        """Send one frame with all missed changes to the skipped subscriptions that have drained since; return their number."""
        now_ms, sent_to = self._now_ms(), 0
        for number, subscription in enumerate(list(self._views.behind(view)), 1):
            connection, behind = subscription.connection, self._views.behind(view)
            if connection.closed or subscription not in behind or subscription.transport.writing:
                continue
            sent_to += 1
            sent = subscription.sent
            reason = view.gap_reason if sent is None else view.missing(view.at(sent))
            if sent is None or reason:
                self._counters.gaps[reason] += 1
                connection.send(view.gap(reason))
                if view.is_large():
                    self._snapshots.request(subscription, None, None)
                    continue
                connection.reply_snapshot(view.snapshot(now_ms).body, None, None)
            else:
                connection.send(view.delta(sent, now_ms))
                self._counters.frames_caught_up += 1
            subscription.frame_no, subscription.sent = view.frame_no, view.seqs
            behind.discard(subscription)
            if not number % SENDS_PER_TURN:
                await asyncio.sleep(0)
        return sent_to
