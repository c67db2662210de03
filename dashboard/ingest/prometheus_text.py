"""What Prometheus exporters and push clients send: text format 0.0.4 and OpenMetrics 1.0, by ``prometheus_client``'s parsers.

Source: prometheus.io/docs/instrumenting/exposition_formats, pushgateway README (grouping keys).  A fault of the text spoils the
whole of it, as in Prometheus; a NaN or infinite sample is refused alone.  ``_created`` samples and exemplars are left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.samples import Sample

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_SAMPLES, check_time
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.parsed import Parsed

#: The parsers' time grows with the square of a line's length.
MAX_LINE_CHARACTERS = 4_096
ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

_KINDS = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "gaugehistogram": "histogram",
    "summary": "summary",
}
_COUNTER = re.compile(r"^[ \t]*#[ \t]*TYPE[ \t]+(\S+)[ \t]+counter[ \t]*$", re.MULTILINE)
#: What the parsers raise for texts that are not in the format.
_FAULTS = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)


def is_openmetrics(content_type: str) -> bool:
    """Whether a Content-Type says OpenMetrics."""
    return content_type.split(";")[0].strip().lower() == "application/openmetrics-text"


def parse_prometheus(
    body: bytes,
    latest_ms: int,
    *,
    openmetrics: bool = False,
    labels: Mapping[str, str] | None = None,
    rename: bool = False,
    every_s: float | None = None,
) -> Parsed:
    """Text -> Parsed; a refusal's index is its sample's, from 0. Raises Invalid when the text has a fault.

    ``labels`` are put on every sample: a sample's own label of that name gives way, or, with ``rename``, becomes
    ``exported_…``, as in a scrape.  ``every_s``: how often this comes.
    """
    text = _checked(body)
    bare = set() if openmetrics else set(_COUNTER.findall(text))
    parsed, index = Parsed(), 0
    for family in _families(text, read_openmetrics if openmetrics else read_text):
        kind = _KINDS.get(family.type)
        unit = family.unit or None
        for sample in family.samples:
            if openmetrics and sample.name.endswith("_created") and sample.name == f"{family.name}_created":
                continue
            if index >= MAX_SAMPLES:
                raise Invalid(f"more than {MAX_SAMPLES} samples in one body")
            name = sample.name
            if kind == "counter" and family.name in bare and name == f"{family.name}_total":
                name = family.name  # the parser has put _total behind it
            try:
                key = foreign_key(name, _labels(sample.labels, labels or {}, rename).items())
                says_unit = None if name.endswith(("_count", "_bucket")) else unit
                parsed.add(key, _time(sample, latest_ms), sample.value, unit=says_unit, every_s=every_s, kind=kind)
            except Invalid as invalid:
                parsed.refuse(index, invalid, f"{name}{sample.labels} {sample.value}")
            index += 1
    return parsed


def group_labels(path: str) -> dict[str, str]:
    """The grouping key in ``job/<job>{/<label>/<value>}``, the part of a push's path behind ``/metrics/``; raises Invalid.

    A name that ends in ``@base64`` has its value in base64 (URL alphabet), which may be ``=`` for an empty one.
    """
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if len(parts) % 2 or parts[0] not in ("job", "job@base64"):
        raise Invalid("a push goes to /metrics/job/JOB{/LABEL/VALUE}", field="path")
    labels: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        if name.endswith("@base64"):
            name, value = name.removesuffix("@base64"), _debased(value)
        if name in labels:
            raise Invalid(f"label {name[:40]!a} stands twice", field="path")
        labels[name] = value
    if not labels["job"]:
        raise Invalid("the job is empty", field="path")
    foreign_key("a", labels.items())
    return labels


def _debased(value: str) -> str:
    try:
        plain = value.rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Invalid(f"{value[:40]!a} is not base64", field="path") from None


def _checked(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Invalid("the body is not UTF-8") from None
    if len(body) > MAX_LINE_CHARACTERS and max(map(len, text.split("\n"))) > MAX_LINE_CHARACTERS:
        raise Invalid(f"a line is longer than {MAX_LINE_CHARACTERS} characters")
    return text


def _families(text: str, read: Callable[[str], Iterable[Metric]]) -> Iterator[Metric]:
    families = iter(read(text))
    while True:
        try:
            family = next(families)
        except StopIteration:
            return
        except _FAULTS as fault:
            raise Invalid(f"the text is not in the exposition format: {str(fault)[:200]}") from None
        yield family


def _labels(own: Mapping[str, str], given: Mapping[str, str], rename: bool) -> dict[str, str]:
    if not given:
        return dict(own)
    kept = {
        (f"exported_{name}" if name in given else name): value
        for name, value in own.items()
        if rename or name not in given
    }
    return {**kept, **given}


def _time(sample: Sample, latest_ms: int) -> int | None:
    if sample.timestamp is None:
        return None
    try:
        return check_time(round(float(sample.timestamp) * 1000), latest_ms, field="timestamp")
    except (OverflowError, ValueError):
        raise Invalid("is not a time", field="timestamp") from None
