"""Names of series and labels for OpenTelemetry's metrics and attributes.

Source: the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; units and suffixes as in Prometheus' own
receiver (github.com/prometheus/otlptranslator).

- A metric's name keeps letters, digits and ``:``; every run of other characters becomes one ``_``.  The unit is appended in words
  (``By`` -> ``_bytes``, ``m/s`` -> ``_meters_per_second``) unless the name contains it.  A monotonic sum gets ``_total``, a gauge
  of unit ``1`` gets ``_ratio``.
- An attribute's name is converted the same way; a name that begins with a digit gets ``key_`` in front.  Attributes that get the
  same name become one label: their values joined by ``;`` in the order of the attributes' names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from dashboard.domain.errors import Invalid
from dashboard.domain.series import CEILING, MAX_UNIT_BYTES, check_text
from dashboard.domain.units import BY_LAST_WORD
from dashboard.ingest.naming import foreign_name

#: prometheus: by the rules above; as_sent: names keep dots, dashes and slashes, and nothing is appended.
Names = Literal["prometheus", "as_sent"]

_UNITS = {
    "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
    "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tibibytes",
    "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes", "m": "meters", "V": "volts",
    "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius", "Hz": "hertz", "1": "", "%": "percent",
}  # fmt: skip
_SHOWN_UNITS = {
    **BY_LAST_WORD,  # Micrometer sends words
    "": None, "1": None, "By": "B", "By/s": "B/s", "KiBy": "KiB", "MiBy": "MiB", "GiBy": "GiB", "TiBy": "TiB",
    "KBy": "kB", "kBy": "kB", "MBy": "MB", "GBy": "GB", "TBy": "TB", "Cel": "°C",
}  # fmt: skip
_PER = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9:]+")
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9]+")


def metric_name(name: str, unit: str, *, monotonic: bool, gauge: bool, names: Names = "prometheus") -> str:
    """Convert a metric's name; raises Invalid if no valid name results. Suffixes such as ``_bucket`` and ``_sum`` are added later."""
    if names == "as_sent":
        return foreign_name(name)
    words = [word for word in _NOT_IN_NAME.split(name[: CEILING.name_bytes + 1]) if word]
    if not words:
        raise Invalid(f"{name[:40]!r} has no letter and no digit that a name can have", field="name")
    main, per = _unit_words(unit)
    if main and main not in words:
        words.append(main)
    if per and per.removeprefix("per_") not in words:
        words.append(per)
    if monotonic:
        words = [*(word for word in words if word != "total"), "total"]
    elif gauge and unit == "1":
        words = [*(word for word in words if word != "ratio"), "ratio"]
    joined = "_".join(words)
    return f"_{joined}" if joined[0].isdigit() else joined


def _unit_words(unit: str) -> tuple[str, str]:
    """Split a unit into words: ``By/s`` -> bytes, per_second. A part with braces is an annotation, not a unit."""
    main, _, per = unit[:200].partition("/")
    main, per = main.strip(), per.strip()
    main = "" if "{" in main or "}" in main else _clean(_UNITS.get(main, main))
    per = "" if "{" in per or "}" in per else _clean(_PER.get(per, per))
    return main, f"per_{per}" if per else ""


def _clean(unit: str) -> str:
    return _NOT_IN_NAME.sub("_", unit).strip("_")


def label_name(name: str) -> str:
    """Convert an attribute's name to a label's name."""
    mapped = _NOT_IN_LABEL.sub("_", name[: CEILING.label_name_bytes + 1])
    return f"key_{mapped}" if mapped[:1].isdigit() else mapped or "_"


def labels_of(attributes: Iterable[tuple[str, str]], but: Mapping[str, str] | None = None) -> dict[str, str]:
    """Convert attributes to labels. ``but``: labels of the origin; an attribute with the name of such a label becomes ``exported_…``."""
    labels: dict[str, str] = {}
    for name, value in sorted(attributes):
        mapped = label_name(name)
        while but is not None and mapped in but:
            mapped = f"exported_{mapped}"
        labels[mapped] = f"{labels[mapped]};{value}" if mapped in labels else value
    return labels


def shown_unit(unit: object) -> str | None:
    """Return the unit to show; return None for an invalid unit, because that is no reason to refuse the sample."""
    if not isinstance(unit, str) or unit.startswith("{"):
        return None
    try:
        return _SHOWN_UNITS[unit] if unit in _SHOWN_UNITS else check_text(unit, field="unit", max_bytes=MAX_UNIT_BYTES)
    except Invalid:
        return None
