"""Parameters of Prometheus' HTTP API: times, durations, limits. Source: Prometheus, "HTTP API"; ``web/api/v1/api.go``."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from dashboard.domain.errors import Invalid

#: Times in milliseconds that are beyond all samples.
EARLIEST_MS, LATEST_MS = -(2**53), 2**53
_DURATION = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)
_UNIT_MS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:[Ii]nf|[Nn]a[Nn])")


class WrongParameter(Invalid):
    """Error for a parameter that Prometheus would refuse; the message is worded as Prometheus words it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f'invalid parameter "{name}": {reason}' if name else reason)


def number_of(text: str) -> float | None:
    """Return the number in a text, None if the text is not a number."""
    return float(text) if _NUMBER.fullmatch(text) else None


def time_ms(name: str, text: str, default_ms: int | None = None) -> int:
    """Return a time in milliseconds, from seconds since the epoch or RFC 3339; raise WrongParameter. ``name``: the
    parameter's name, for the error; ``default_ms``: result for an empty text."""
    if not text and default_ms is not None:
        return default_ms
    reason = f'cannot parse "{text}" to a valid timestamp'
    if default_ms is not None:
        reason = f"invalid time value for '{name}': {reason}"
    seconds = number_of(text)
    if seconds is not None:
        if not math.isfinite(seconds) or abs(seconds) > LATEST_MS / 1000:
            raise WrongParameter(name, reason)
        return round(seconds * 1000)
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise WrongParameter(name, reason)
    try:
        moment = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    except ValueError:
        raise WrongParameter(name, reason) from None
    whole = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return round(whole) * 1000 + int(float(found[2] or 0) * 1000)


def duration_ms(name: str, text: str) -> float:
    """Return a duration in milliseconds, from seconds or a text with units, such as "5m"; raise WrongParameter.
    ``name``: the parameter's name, for the error."""
    seconds = number_of(text)
    if seconds is not None:
        if not math.isfinite(seconds) or abs(seconds) > 9.2e9:
            raise WrongParameter(name, f'cannot parse "{text}" to a valid duration. It overflows int64')
        return seconds * 1000
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        if text == "0":
            return 0
        raise WrongParameter(name, f'cannot parse "{text}" to a valid duration')
    total = sum(float(count or 0) * unit for count, unit in zip(found.groups(), _UNIT_MS, strict=True))
    if total > 9.2e12:
        raise WrongParameter(name, f'cannot parse "{text}" to a valid duration')
    return total


def limit_of(text: str) -> int:
    """Return a limit of results, 0 for no limit; raise WrongParameter."""
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise WrongParameter("limit", f'strconv.Atoi: parsing "{text}": invalid syntax')
    if int(text) < 0:
        raise WrongParameter("limit", "limit must be non-negative")
    return int(text)
