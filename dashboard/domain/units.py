"""Units guessed from names, by the conventions of Prometheus, Telegraf, collectd and Home Assistant; a declared unit overrides the guess.

Sources: prometheus.io/docs/practices/naming "Base units"; Telegraf's plugins cpu, mem, disk, net, ping; collectd's types.db.
docs/feeders.md has the same table.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Units by the last word of a name.
BY_LAST_WORD = {
    "seconds": "s", "milliseconds": "ms", "microseconds": "µs", "nanoseconds": "ns", "ms": "ms", "us": "µs", "ns": "ns",
    "bytes": "B", "octets": "B", "percent": "%", "percentage": "%", "pct": "%", "celsius": "°C", "volts": "V", "amperes": "A",
    "watts": "W", "joules": "J", "hertz": "Hz", "grams": "g", "meters": "m", "uptime": "s",
}  # fmt: skip
#: Units that Home Assistant sends as the measurement of a field ``value``: ``kWh``, ``°C``, which becomes ``_C``, or ``%``, which
#: becomes ``percent``.
BY_MEASUREMENT = {
    "_C": "°C", "_F": "°F", "kWh": "kWh", "Wh": "Wh", "kW": "kW", "W": "W", "V": "V", "hPa": "hPa", "mbar": "mbar", "lx": "lx",
    "ppm": "ppm", "dBm": "dBm", "percent": "%", "degree": "°", "euro": "€", "dollar": "$", "pound": "£",
    "square_meter": "m²", "cubic_meter": "m³", "square_foot": "ft²", "cubic_foot": "ft³", "cubic_meter_per_hour": "m³/h",
    "watt_per_square_meter": "W/m²", "microgram_per_cubic_meter": "µg/m³", "milligram_per_cubic_meter": "mg/m³",
}  # fmt: skip
#: Units of names whose last word is not in the table: that of the first pattern that matches.
BY_PATTERN = (
    (re.compile(r"cpu_usage_\w+"), "%"),
    (re.compile(r"(?:mem|swap|disk)_(?:used|free|total|available|cached|buffered|active|inactive|slab|shared)"), "B"),
    (
        re.compile(
            r"mem_(?:commit_limit|committed_as|dirty|mapped|page_tables|sreclaimable|sunreclaim|write_back(?:_tmp)?|huge_page_size"
            r"|(?:high|low)_(?:free|total)|swap_(?:cached|free|total)|vmalloc_(?:chunk|total|used))"
        ),
        "B",
    ),
    (re.compile(r"\w*(?:^|_)bytes_(?:recv|sent|read|written|received|in|out)"), "B"),
    (re.compile(r"diskio_(?:read|write|io|weighted_io)_time"), "ms"),
    (re.compile(r"(?:http|net|dns)\w*_response_time"), "s"),
    (re.compile(r"sensors_temp_input|\w*temperature"), "°C"),
    (re.compile(r"memory(?:_memory)?|df_df_complex|swap(?:_swap)?|\w+_octets_(?:rx|tx|read|write)"), "B"),
    (re.compile(r"ping_ping"), "ms"),
    *((re.compile(rf"{measured}_value"), unit) for measured, unit in BY_MEASUREMENT.items()),
)
#: Suffixes that say how a value was computed, not what it measures.
_MADE = re.compile(r"(?:_total|_sum|_min|_max|_mean|_avg|_last|_p\d{2,3})+$")
#: Names without a unit: counts of measured things, and timestamps, which would be shown as durations.
_NONE = re.compile(
    r".*(?:_count|_bucket|_created|timestamp_seconds|(?:start|boot|node|expiry|creation|last_\w+|push|push_failure)_time_seconds)"
)


@lru_cache(maxsize=4_096)
def guess_unit(name: str) -> str:
    """Return the unit of a series of this name; "" when the name does not tell the unit."""
    if _NONE.fullmatch(name):
        return ""
    base = _MADE.sub("", name)
    unit = BY_LAST_WORD.get(re.split(r"[_./:-]", base)[-1].lower(), "")
    return unit or next((unit for pattern, unit in BY_PATTERN if pattern.fullmatch(name)), "")
