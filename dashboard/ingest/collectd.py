"""collectd's ``write_http`` plugin with ``Format "JSON"``: a list of value lists.

Source: collectd.conf(5), src/utils/format_json.  A value's series is named ``plugin_type`` (``plugin`` where both are equal),
followed by ``_`` and the data source's name unless that is ``value``.  Its labels are host, plugin_instance and type_instance.
"""

from __future__ import annotations

from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Batch, check_declared, while_hopeful
from dashboard.ingest.json_values import ValueFault, not_a_number, read_leniently, written
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed, check_count, finite
from dashboard.ingest.telegraf_json import time_of

_KINDS = {"gauge": "gauge", "derive": "counter", "counter": "counter", "absolute": "delta"}
_LABELS = ("host", "plugin_instance", "type_instance")
MAX_VALUES = 64


def parse_collectd(body: bytes, latest_ms: int, *, origins: Origins | None = None) -> Parsed:
    """Parse a body; a refusal's index is that of its value list, from 0. Raises Invalid when the body is not a list.

    ``origins``: the owners of series over all bodies. Without ``origins``, two names that become one series are noticed only if
    one body contains both.
    """
    origins = Origins() if origins is None else origins
    origins.renew(latest_ms)
    given = read_leniently(body)
    if not isinstance(given, list):
        raise Invalid("must be a list of value lists")
    check_count(given, "value lists")
    places: list[int] = []
    parsed = Parsed(Batch(where=lambda: places))
    for index, values in while_hopeful(given, parsed.batch):
        try:
            _take(index, values, parsed, latest_ms, origins)
        except Invalid as invalid:
            parsed.refuse(index, invalid, written(values))
        places += [index] * (len(parsed.batch.keys) - len(places))
    return parsed


def _take(index: int, given: Any, parsed: Parsed, latest_ms: int, origins: Origins) -> None:
    """Add the values of the value list ``given``, the body's item number ``index``.

    Raises Invalid when the whole list cannot be read; a single bad value is refused and the others are kept.
    """
    if not isinstance(given, dict):
        raise Invalid("must be an object")
    values, names, types = (_list(given, name) for name in ("values", "dsnames", "dstypes"))
    if not len(values) == len(names) == len(types):
        raise Invalid("values, dsnames and dstypes are of different length", field="values")
    plugin, type_ = _text(given, "plugin"), _text(given, "type")
    if not plugin:
        raise Invalid("is missing", field="plugin")
    base = plugin if type_ in ("", plugin) else f"{plugin}_{type_}"
    labels = [(name, _text(given, name)) for name in _LABELS]
    t_ms = time_of(given.get("time"), latest_ms, "time")
    every_s = given.get("interval")
    if every_s is not None and (not isinstance(every_s, int | float) or isinstance(every_s, bool)):
        raise not_a_number(every_s, "interval")
    check_declared(None, every_s, field="interval")
    for name, kind, value in zip(names, types, values, strict=True):
        try:
            if value is None:  # collectd writes an unknown value as null
                continue
            if isinstance(value, ValueFault):
                raise Invalid(value.reason, field="value")
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise not_a_number(value, "value")
            value = finite(value)
            key = foreign_key(base if name == "value" else f"{base}_{name}", labels)
            totals, increases = (sent := f"{plugin} {type_} {name}"), f"{sent} (absolute)"
            origin, former = (increases, totals) if kind == "absolute" else (totals, increases)
            origins.claim(key, origin, parsed.batch.claims, former=former)
            parsed.add(key, t_ms, value, every_s=every_s, kind=_KINDS.get(str(kind)))
        except Invalid as invalid:
            parsed.refuse(index, invalid, written({str(name): value}))


def _list(given: dict[str, Any], name: str) -> list[Any]:
    found = given.get(name)
    if not isinstance(found, list) or not 0 < len(found) <= MAX_VALUES:
        raise Invalid(f"must be a list of 1 to {MAX_VALUES}", field=name)
    return found


def _text(given: dict[str, Any], name: str) -> str:
    found = given.get(name) or ""
    if not isinstance(found, str):
        raise Invalid("must be text", field=name)
    return found
