"""Groups of a Pushgateway with their metrics, as the Pushgateway's ``/api/v1/metrics`` lists them. Pure.

Source: the Pushgateway's README, "Query API", and ``api/v1/api.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from dashboard.query.reading import newest
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series

_TYPES = {"counter": "COUNTER", "gauge": "GAUGE", "histogram": "HISTOGRAM", "summary": "SUMMARY"}
_PUSHED, _FAILED = "push_time_seconds", "push_failure_time_seconds"
#: Suffixes of the names of a histogram's or summary's series, and the JSON field for their values.
_PARTS = {"_bucket": "", "_count": "count", "_sum": "sum"}
#: Series that are described in one step.
_SERIES_PER_STEP = 500
_DIVIDED = {"le": "buckets", "quantile": "quantiles"}

Metric = dict[str, object]


def describe_group(name: str, keys: Iterable[str], replicas: Iterable[Replica]) -> Iterator[bytes]:
    """Yield a group and its series ``keys`` as JSON text in parts, of which some are empty; other tasks may run between two parts.

    ``name``: the group's labels, a JSON list of pairs.
    """
    tables = [replica.table.by_text for replica in replicas]
    found = (series for key in keys for table in tables if (series := table.get(key)) is not None)
    yield from _group(labels_of(name), found)


def labels_of(name: str) -> dict[str, str]:
    """Return the labels of a group with this name."""
    return dict(msgspec.json.decode(name, type=list[tuple[str, str]]))


def _group(labels: dict[str, str], every: Iterable[Series]) -> Iterator[bytes]:
    families: dict[str, dict[str, Metric]] = {}
    heads: dict[str, dict[str, str]] = {}
    values: dict[str, float] = {}
    for number, series in enumerate(every, 1):
        if not number % _SERIES_PER_STEP:
            yield b""
        sample = newest(series)
        if sample is None or series.is_ended:
            continue
        t_ms, value = sample
        name, field, place = _place_of(series)
        own = {label: text for label, text in series.key.labels if label not in _DIVIDED or field == "value"}
        metric = families.setdefault(name, {}).setdefault(msgspec.json.encode(own).decode(), {"labels": own})
        if place is None:
            metric[field] = _text(value)
        else:
            inner = metric.setdefault(field, {})
            assert isinstance(inner, dict)
            inner[place] = _text(value)
        heads[name] = {"time_stamp": _time(t_ms), "type": _TYPES.get(series.kind, "UNTYPED")}
        values[name] = value
    successful = values.get(_PUSHED, 0.0) >= values.get(_FAILED, 0.0)
    yield msgspec.json.encode({"labels": labels, "last_push_successful": successful})[:-1]
    for name, metrics in families.items():
        yield b",%b:%b" % (msgspec.json.encode(name), msgspec.json.encode(heads[name])[:-1] + b',"metrics":')
        yield from _list(list(metrics.values()))
        yield b"}"
    yield b"}"


def _list(metrics: list[Metric]) -> Iterator[bytes]:
    for start in range(0, len(metrics), _SERIES_PER_STEP):
        part = msgspec.json.encode(metrics[start : start + _SERIES_PER_STEP])
        yield (b"," if start else b"[") + part[1:-1]
    yield b"]"


def _place_of(series: Series) -> tuple[str, str, str | None]:
    """Return a series' family, the JSON field that holds its value, and the key in that field (None: the field is the value itself)."""
    name, labels = series.key.name, dict(series.key.labels)
    if series.kind not in ("histogram", "summary"):
        return name, "value", None
    for suffix, field in _PARTS.items():
        if name.endswith(suffix) and field:
            return name.removesuffix(suffix), field, None
    for label, field in _DIVIDED.items():
        if label in labels:
            return name.removesuffix("_bucket"), field, labels[label]
    return name, "value", None


def _text(value: float) -> str:
    """Format a number as Go does, with an exponent only where Go writes one."""
    return format(Decimal(repr(value)), "f").removesuffix(".0") if abs(value) < 1e21 else repr(value)


def _time(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
