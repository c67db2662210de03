"""Schemas of OTLP's metrics messages: field numbers, with the field names of its JSON form.

Resources, scopes, metrics, gauges, sums and data points stay bytes (in JSON: texts) until they are read.  So a broken part can be
refused while the rest is kept.  A long body is never decoded as a whole: the garbage collector would then visit millions of values
and block the event loop.

Source: opentelemetry-proto 1.x, metrics/v1/metrics.proto, common/v1/common.proto.  Field numbers there never change.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.ingest.json_steps import decode_in_steps, found_in
from dashboard.ingest.protobuf import Field, NotRead, Schema, read_message

#: A part of a request: protobuf bytes or a JSON text that are not decoded yet, or decoded JSON of any shape.
Part = Any
#: White space before a text; with more of it the text is decoded as a whole.
_MAX_BLANKS = 1_024
_SNAKE_KEY = re.compile(rb'"[a-z]+_[a-z_]+"\s*:')
_SNAKE = re.compile(r"_([a-z])")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])

_ANY_VALUE: dict[int, Field] = {}
KEY_VALUE: Schema = {1: Field("key", "text"), 2: Field("value", "message", _ANY_VALUE)}
_ANY_VALUE |= {
    1: Field("stringValue", "text"),
    2: Field("boolValue", "bool"),
    3: Field("intValue", "int"),
    4: Field("doubleValue", "double"),
    5: Field("arrayValue", "message", {1: Field("values", "message", _ANY_VALUE, repeated=True)}),
    6: Field("kvlistValue", "message", {1: Field("values", "message", KEY_VALUE, repeated=True)}),
    7: Field("bytesValue", "bytes"),
}


def _attributes(name: str = "attributes") -> Field:
    return Field(name, "message", KEY_VALUE, repeated=True)


POINTS: Schema = {
    1: Field("dataPoints", "bytes", repeated=True),
    2: Field("aggregationTemporality", "int"),
    3: Field("isMonotonic", "bool"),
}
METRIC: Schema = {
    1: Field("name", "text"),
    3: Field("unit", "text"),
    5: Field("gauge", "bytes"),
    7: Field("sum", "bytes"),
    9: Field("histogram", "bytes"),
    10: Field("exponentialHistogram", "bytes"),
    11: Field("summary", "bytes"),
}
RESOURCE: Schema = {1: _attributes()}
SCOPE: Schema = {1: Field("name", "text"), 2: Field("version", "text"), 3: _attributes()}
#: The field 1000 stood for ``scopeMetrics`` until version 0.15 of the protocol; a message with it is refused by this name.
RESOURCE_METRICS: Schema = {
    1: Field("resource", "bytes"),
    2: Field("scopeMetrics", "bytes", repeated=True),
    1000: Field("instrumentationLibraryMetrics", "bytes", repeated=True),
}
SCOPE_METRICS: Schema = {
    1: Field("scope", "bytes"),
    2: Field("metrics", "bytes", repeated=True),
    3: Field("schemaUrl", "text"),
}
REQUEST: Schema = {1: Field("resourceMetrics", "bytes", repeated=True)}
_TIME = Field("timeUnixNano", "fixed64")
_COUNT = Field("count", "fixed64")
_SUM = Field("sum", "double")
_FLAGS = Field("flags", "int")
_BUCKETS: Schema = {1: Field("offset", "sint32"), 2: Field("bucketCounts", "int", repeated=True)}
_POINT: dict[str, Schema] = {
    "gauge": {3: _TIME, 4: Field("asDouble", "double"), 6: Field("asInt", "sfixed64"), 7: _attributes(), 8: _FLAGS},
    "histogram": {
        3: _TIME, 4: _COUNT, 5: _SUM, 6: Field("bucketCounts", "fixed64", repeated=True),
        7: Field("explicitBounds", "double", repeated=True), 9: _attributes(), 10: _FLAGS, 11: Field("min", "double"),
        12: Field("max", "double"),
    },
    "exponentialHistogram": {
        1: _attributes(), 3: _TIME, 4: _COUNT, 5: _SUM, 6: Field("scale", "sint32"), 7: Field("zeroCount", "fixed64"),
        8: Field("positive", "message", _BUCKETS), 9: Field("negative", "message", _BUCKETS), 10: _FLAGS,
        12: Field("min", "double"), 13: Field("max", "double"),
    },
    "summary": {
        3: _TIME, 4: _COUNT, 5: _SUM, 7: _attributes(), 8: _FLAGS,
        6: Field("quantileValues", "message", {1: Field("quantile", "double"), 2: Field("value", "double")}, repeated=True),
    },
}  # fmt: skip
_POINT["sum"] = _POINT["gauge"]
_READ = {shape: frozenset(field.name for field in fields.values()) for shape, fields in _POINT.items()}
_KNOWN = {shape: fields | {"startTimeUnixNano", "exemplars", "zeroThreshold"} for shape, fields in _READ.items()}
#: The shapes of metrics.
SHAPES = tuple(_POINT)


def read_point(shape: str, point: Any, not_read: NotRead | None = None) -> dict[str, Any]:
    """Read a data point, protobuf or JSON, in its JSON form; raises Invalid."""
    return read_any(point, _POINT[shape], not_read, field="dataPoints")


def fields_read(shape: str) -> frozenset[str]:
    """Return the fields of a data point that are read, in its JSON form."""
    return _READ[shape]


def point_fields(shape: str) -> frozenset[str]:
    """Return the known fields of a data point in its JSON form, also those that are not read."""
    return _KNOWN[shape]


def read_any(
    part: Any, schema: Schema, not_read: NotRead | None = None, *, field: str = "resourceMetrics"
) -> dict[str, Any]:
    """Read a part of a request, protobuf or JSON, in its JSON form; raises Invalid.

    ``not_read`` counts the fields of the whole request that are skipped.
    """
    if isinstance(part, bytes):
        return read_message(part, schema, not_read)
    if isinstance(part, msgspec.Raw):
        try:
            part = read_text(part, schema)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(fault_of(error).reason, field=field) from None
    if not isinstance(part, dict):
        raise Invalid("must hold objects", field=field)
    return part


def read_text(text: bytes | msgspec.Raw, schema: Schema) -> object:
    """Decode a JSON text with field names like ``resourceMetrics`` or ``resource_metrics``. What the schema calls a part stays text.

    Raises Invalid, MsgspecError, UnicodeDecodeError, RecursionError.
    """
    parts = {each.name: each for each in schema.values() if each.kind == "bytes"}
    if parts and bytes(memoryview(text)[:_MAX_BLANKS]).lstrip()[:1] == b"{":
        found = {_camel_name(name): value for name, value in _members.decode(text).items()}
        return {name: _part(value, parts.get(name)) for name, value in found.items()}
    value = decode_in_steps(text)
    return _camel(value, 0) if found_in(_SNAKE_KEY, memoryview(text)) else value


def _part(text: msgspec.Raw, field: Field | None) -> Any:
    """Return the value of the member ``field``; a part, or a list of parts, stays undecoded text."""
    begin = bytes(memoryview(text)[:1])
    if field is None or begin == b"n":  # null
        return decode_in_steps(text)
    if not field.repeated:
        return text
    return _elements.decode(text) if begin == b"[" else decode_in_steps(text)


def _camel(value: Any, depth: int) -> Any:
    """Convert the field names of decoded JSON from snake case to protobuf's camel case; raises Invalid."""
    if depth > 400:
        raise Invalid("nested too deep")
    if isinstance(value, list):
        return [_camel(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_camel_name(key): _camel(v, depth + 1) for key, v in value.items()}
    return value


def _camel_name(name: str) -> str:
    return _SNAKE.sub(lambda m: m[1].upper(), name) if "_" in name else name
