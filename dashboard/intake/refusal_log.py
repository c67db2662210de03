"""Rate-limited log of refusals: a sender's first refusal, then at most one line a minute with the number since the last line."""

from __future__ import annotations

import logging

EVERY_MS = 60_000


class RefusalLog:
    """State of the log for one sender. The object reads no clock: the caller passes the time of each refusal."""

    def __init__(self) -> None:
        self._said_ms: int | None = None
        self._since = 0

    def say(self, log: logging.Logger, who: str, reason: str, snippet: str, now_ms: int, count: int = 1) -> None:
        """Count a refusal of the sender ``who``; log it if the sender's last line is at least ``EVERY_MS`` old."""
        self._since += count
        if self._said_ms is not None and now_ms - self._said_ms < EVERY_MS:
            return
        more = f" ({self._since} since the last such line)" if self._said_ms is not None else ""
        self._said_ms, self._since = now_ms, 0
        shown = f": {snippet[:100]!a}" if snippet else ""
        log.info("%s: refused: %s%s%s", who, reason, shown, more)
