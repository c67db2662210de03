"""Parser for MQTT payloads: a plain number, a word, JSON, or Telegraf's output (line protocol, or its own JSON).

A plain number is a sample of the series ``name``.  In a JSON object each number or boolean is a sample of ``name_key``, nested
values of ``name_key_key``; in an array the index follows the name.  Strings become documents.  Null and an empty message give
nothing.  Telegraf's output has its own names, tags and times; the topic's labels are added to its tags.
"""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from dashboard.domain.errors import Invalid
from dashboard.ingest.json_values import Leaf, ValueFault, leaves, read_leniently, written
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.mqtt_topic import TopicTemplate
from dashboard.ingest.naming import foreign_document, foreign_key
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import NotFinite, Parsed, Recall, finite
from dashboard.ingest.telegraf_json import is_metric, take_metrics

MAX_TEXT_BYTES = 4_096
#: ``auto``: if every line has a time, it is line protocol; JSON with ``name`` and ``fields`` is Telegraf's.
PayloadFormat = Literal["auto", "influx", "json", "text"]
#: Most topics with a cache of lines each; beyond it all caches are dropped.
_MAX_CACHES = 1_000
_LINE_BEGINS = re.compile(rb"[^\s=\"{\[][^=]*+=.")
_LINE_ENDS = re.compile(rb"-?\d{10,19}")


class MqttReader:
    """Reader of one broker's messages, which remembers the topic that each series comes from."""

    def __init__(self, *, format_: PayloadFormat = "auto", max_items: int = 20_000) -> None:
        self._format = format_
        self._origins = Origins(max_items)
        self._lines: Recall[str, LineCache] = Recall(_MAX_CACHES)

    def read(self, topic: str, payload: bytes, template: TopicTemplate, latest_ms: int) -> Parsed:
        """Read one message; raises Invalid when the topic does not match the template or the payload cannot be read."""
        matched = template.match(topic)
        if matched is None:
            raise Invalid("the topic is not of this template", field="topic")
        self._origins.renew(latest_ms)
        name, labels = matched
        payload = payload.rstrip(b"\x00")  # the end of a text in C, which small devices send along
        text = payload.strip()
        if not text:
            return Parsed()  # an empty payload deletes a retained message
        if self._format == "influx" or (self._format == "auto" and _is_lines(text)):
            return self._read_lines(topic, payload, labels, latest_ms)
        is_json = text[:1] in (b"{", b"[", b'"') or text in (b"true", b"false", b"null")
        if self._format == "text" or not (is_json or self._format == "json"):
            value = _plain(text)
        else:
            value = read_leniently(text)
            if is_metric(value):
                return take_metrics(value, latest_ms, origins=self._origins, labels=_present(labels), topic=f"{topic} ")
        parsed = Parsed()
        for index, leaf in enumerate(leaves(name, value)):
            self._take(index, leaf, topic, labels, parsed)
        return parsed

    def _read_lines(self, topic: str, payload: bytes, labels: list[tuple[str, str]], latest_ms: int) -> Parsed:
        """Read line protocol, and add the topic's labels to the tags."""
        cache = self._lines.get(topic)
        if cache is None:
            cache = LineCache(origins=self._origins, labels=_present(labels), topic=f"{topic} ")
            self._lines.learn(topic, cache)
        return parse_line_protocol(payload, cache, latest_ms)

    def _take(self, index: int, leaf: Leaf, topic: str, labels: list[tuple[str, str]], parsed: Parsed) -> None:
        name, path, value = leaf
        origin = topic + path
        try:
            if isinstance(value, ValueFault):
                raise Invalid(value.reason, field="payload")
            if isinstance(value, str):
                if len(value.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
                    raise Invalid(f"a text of more than {MAX_TEXT_BYTES} bytes; send a shorter one", field="payload")
                key = foreign_document(name, labels)
                self._origins.claim(f"{key} ", origin, parsed.batch.claims)
                parsed.write(key, {"text": value}, place=index)
            else:
                number = finite(value)
                key = self._origins.claim(foreign_key(name, labels), origin, parsed.batch.claims)
                parsed.add(key, None, number)
        except Invalid as invalid:
            parsed.refuse(index, invalid, f"{name[:100]}: {written(value)[:100]}")


def _present(labels: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in labels if value}


def _is_lines(text: bytes) -> bool:
    """Return whether each line looks like line protocol with a time, which Telegraf writes."""
    return all(_is_line(line.rstrip()) for line in text.split(b"\n") if line.strip())


def _is_line(line: bytes) -> bool:
    fields, _, time = line.rpartition(b" ")
    return _LINE_BEGINS.match(fields) is not None and _LINE_ENDS.fullmatch(time) is not None


def _plain(text: bytes) -> Any:
    """Parse a number; return any other text unchanged. Raises Invalid."""
    try:
        said = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8", field="payload") from None
    try:
        number = float(said)
    except ValueError:
        return said
    if "_" in said or not said.isascii():
        return said
    if not math.isfinite(number):
        raise NotFinite(field="payload")
    return number
