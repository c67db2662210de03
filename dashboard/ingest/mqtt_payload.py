"""What an MQTT message says: a plain number, a word, JSON, or what Telegraf publishes (line protocol, or JSON of its own).

A number is the series; of a JSON object each number or boolean is ``name_key``, nested ones ``name_key_key``, of an array the name
with a number behind it; texts become documents, null is no value, and an empty message is none.  What Telegraf publishes has names,
tags and times of its own; the topic's labels are put beside its tags.
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
from dashboard.ingest.parsed import NotFinite, Parsed, Recall
from dashboard.ingest.telegraf_json import is_metric, take_metrics

MAX_TEXT_BYTES = 4_096
#: ``auto``: lines of which each has a time are line protocol, JSON with ``name`` and ``fields`` is Telegraf's.
PayloadFormat = Literal["auto", "influx", "json", "text"]
#: Topics whose lines are remembered, each for itself.
_MAX_CACHES = 1_000
_LINE = re.compile(rb"[^\s=\"{\[][^\n]*?=[^\n]+ -?\d{10,19}\s*")


class MqttReader:
    """Reads messages of one broker, and remembers which topic a series comes from."""

    def __init__(self, *, format_: PayloadFormat = "auto", max_items: int = 20_000) -> None:
        self._format = format_
        self._origins = Origins(max_items)
        self._lines: Recall[str, LineCache] = Recall(_MAX_CACHES)

    def read(self, topic: str, payload: bytes, template: TopicTemplate, latest_ms: int) -> Parsed:
        """Read one message; raises Invalid when the topic is not the template's or the payload cannot be read."""
        matched = template.match(topic)
        if matched is None:
            raise Invalid("the topic is not of this template", field="topic")
        self._origins.renew(latest_ms)
        name, labels = matched
        text = payload.strip()
        if not text:
            return Parsed()  # how a retained message is taken back
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
        """Read lines, with the topic's labels beside their tags."""
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
                    raise Invalid(f"a text of more than {MAX_TEXT_BYTES} bytes", field="payload")
                key = foreign_document(name, labels)
                self._origins.claim(f"{key} ", origin)
                parsed.write(key, {"text": value}, place=index)
            else:
                key = self._origins.claim(foreign_key(name, labels), origin)
                parsed.add(key, None, float(value) if isinstance(value, bool) else value)
        except Invalid as invalid:
            parsed.refuse(index, invalid, f"{name[:100]}: {written(value)[:100]}")


def _present(labels: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in labels if value}


def _is_lines(text: bytes) -> bool:
    """Return whether each line looks like line protocol with a time, as Telegraf writes it."""
    return all(_LINE.fullmatch(line) for line in text.split(b"\n") if line.strip())


def _plain(text: bytes) -> Any:
    """Return a number, else the text itself; raises Invalid."""
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
