"""Back-off between tries: pauses that grow, with jitter, and are at least as long as the server asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

FIRST_S = 0.5
MOST_S = 30.0
#: Longest pause that is taken from a ``Retry-After``; a longer one is cut to this.
_MOST_ASKED_S = 3600.0


class Backoff:
    """Back-off. ``chance`` returns random numbers in [0, 1)."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._tries = 0

    def reset(self) -> None:
        """Begin with the first pause again, after a success."""
        self._tries = 0

    def next_s(self, asked_s: float = 0.0) -> float:
        """Return the seconds to wait now.

        ``asked_s``: the server's Retry-After; the wait is at least as long, and up to a quarter longer.
        """
        most = min(MOST_S, FIRST_S * 2.0 ** min(self._tries, 10))
        self._tries += 1
        own = most * (0.5 + self._chance() / 2)
        return max(own, asked_s * (1 + self._chance() / 4))


def asked_wait_s(retry_after: str | None, now_s: float) -> float:
    """Return a Retry-After header (seconds, or a date: RFC 9110 section 10.2.3) in seconds; 0 if absent or not understood."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _MOST_ASKED_S)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    wait_s = when.replace(tzinfo=when.tzinfo or UTC).timestamp() - now_s
    return min(max(0.0, wait_s), _MOST_ASKED_S)
