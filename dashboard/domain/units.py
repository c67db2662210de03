"""Units that follow from names, by the conventions of Prometheus, Telegraf and collectd: a guess that a declaration overrides.

Sources: prometheus.io/docs/practices/naming "Base units"; Telegraf's plugins cpu, mem, disk, net, ping; collectd's types.db.
The table stands in docs/feeders.md, too.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: By the last word of a name.
BY_LAST_WORD = {
    "seconds": "s", "milliseconds": "ms", "microseconds": "µs", "nanoseconds": "ns", "ms": "ms", "us": "µs", "ns": "ns",
    "bytes": "B", "octets": "B", "percent": "%", "percentage": "%", "pct": "%", "celsius": "°C", "volts": "V", "amperes": "A",
    "watts": "W", "joules": "J", "hertz": "Hz", "grams": "g", "meters": "m", "uptime": "s",
}  # fmt: skip
#: Where the last word says nothing; the first that is found in the name.
BY_PATTERN = (
    (re.compile(r"cpu_usage_\w+"), "%"),
    (re.compile(r"(?:mem|swap|disk)_(?:used|free|total|available|cached|buffered|active|inactive|slab|shared)"), "B"),
    (re.compile(r"\w*(?:^|_)bytes_(?:recv|sent|read|written|received|in|out)"), "B"),
    (re.compile(r"diskio_(?:read|write|io|weighted_io)_time"), "ms"),
    (re.compile(r"(?:http|net|dns)\w*_response_time"), "s"),
    (re.compile(r"sensors_temp_input|\w*temperature"), "°C"),
    (re.compile(r"memory(?:_memory)?|df_df_complex|swap(?:_swap)?|\w+_octets_(?:rx|tx|read|write)"), "B"),
    (re.compile(r"ping_ping"), "ms"),
)
#: What says how a value was made, not what it is.
_MADE = re.compile(r"(?:_total|_sum|_min|_max|_mean|_avg|_last|_p\d{2,3})+$")
#: Counts of what has the unit, and moments, of which a duration would be shown.
_NONE = re.compile(
    r".*(?:_count|_bucket|_created|timestamp_seconds|(?:start|boot|node|expiry|creation|last_\w+)_time_seconds)"
)


@lru_cache(maxsize=4_096)
def guess_unit(name: str) -> str:
    """Return the unit of a series of this name; "": its name does not say."""
    if _NONE.fullmatch(name):
        return ""
    base = _MADE.sub("", name)
    unit = BY_LAST_WORD.get(re.split(r"[_./:-]", base)[-1].lower(), "")
    return unit or next((unit for pattern, unit in BY_PATTERN if pattern.fullmatch(name)), "")
