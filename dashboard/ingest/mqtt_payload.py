"""What an MQTT message says: a topic by a template, and a payload that is a plain number, a word, or JSON.

A template is a topic in which ``{label}`` stands for one level that becomes a label and ``{name}`` for one that becomes the name:
``home/{room}/{name}``.  Without ``{name}`` the name is the other levels, joined by ``_``.  A number is the
series; of a JSON object each number or boolean is ``name_key``, nested ones ``name_key_key``; texts become documents.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.domain.series import LABEL_NAME
from dashboard.domain.strict_json import read_json
from dashboard.ingest.naming import foreign_document, foreign_key
from dashboard.ingest.parsed import NotFinite, Parsed

MAX_TOPIC_CHARACTERS = 1_000
MAX_KEYS = 1_000
MAX_TEXT_BYTES = 4_096
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """A template that was checked: its levels, each fixed or the name of a place."""

    levels: tuple[tuple[str, bool], ...]

    @property
    def topic_filter(self) -> str:
        """What to subscribe to."""
        return "/".join("+" if is_place else level for level, is_place in self.levels)

    def match(self, topic: str) -> tuple[str, list[tuple[str, str]]] | None:
        """The name and labels that a topic gives; None when it is not of this template."""
        parts = topic.split("/")
        if len(parts) != len(self.levels) or len(topic) > MAX_TOPIC_CHARACTERS:
            return None
        name, fixed, labels = "", [], []
        for part, (level, is_place) in zip(parts, self.levels, strict=True):
            if not is_place:
                if part != level:
                    return None
                fixed.append(part)
            elif level == "name":
                name = part
            else:
                labels.append((level, part))
        return name or "_".join(filter(None, fixed)), labels


def parse_template(text: str) -> TopicTemplate:
    """A template from the configuration; raises Invalid naming the level that is wrong."""
    levels, seen = [], set[str]()
    for level in text.split("/"):
        found = _PLACE.fullmatch(level)
        if found is None and any(char in level for char in "{}+#\x00"):
            raise Invalid(f"{level[:40]!a} is neither a plain level nor one {{label}}", field="topic")
        place = found[1] if found else level
        if found and (not LABEL_NAME.fullmatch(place) or place.startswith("__") or place in seen):
            raise Invalid(f"{place[:40]!a} is no label, or stands twice", field="topic")
        if found:
            seen.add(place)
        levels.append((place, found is not None))
    if "name" not in seen and not any(level for level, is_place in levels if not is_place):
        raise Invalid("needs {name} or a plain level", field="topic")
    return TopicTemplate(tuple(levels))


def parse_mqtt(topic: str, payload: bytes, template: TopicTemplate) -> Parsed:
    """One message -> Parsed, without times; raises Invalid when the topic is not the template's or the payload says nothing."""
    matched = template.match(topic)
    if matched is None:
        raise Invalid("the topic is not of this template", field="topic")
    name, labels = matched
    parsed = Parsed()
    text = payload.strip()
    is_json = text[:1] in (b"{", b"[", b'"') or text in (b"true", b"false", b"null")
    _take(name, labels, read_json(text) if is_json else _plain(text), parsed)
    return parsed


def _plain(text: bytes) -> float | str:
    """A number, else the text itself; raises Invalid."""
    try:
        said = text.decode()
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8", field="payload") from None
    if not said:
        raise Invalid("is empty", field="payload")
    try:
        number = float(said)
    except ValueError:
        return said
    if "_" in said or not said.isascii():
        return said
    if not math.isfinite(number):
        raise NotFinite(field="payload")
    return number


def _take(name: str, labels: list[tuple[str, str]], value: Any, parsed: Parsed) -> None:
    """Go through the payload without recursion: an object of objects is at most as deep as JSON may be here."""
    waiting, index = [(name, value)], 0
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            if index + len(waiting) + len(value) > MAX_KEYS:
                raise Invalid(f"has more than {MAX_KEYS} keys", field="payload")
            waiting += [(f"{name}_{key}", inner) for key, inner in reversed(value.items())]
            continue
        try:
            if isinstance(value, str):
                if len(value.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
                    raise Invalid(f"a text of more than {MAX_TEXT_BYTES} bytes", field="payload")
                parsed.write(foreign_document(name, labels), {"text": value})
            elif isinstance(value, int | float):
                parsed.add(foreign_key(name, labels), None, float(value) if isinstance(value, bool) else value)
            else:
                raise Invalid("is no number, boolean or text", field="payload")
        except Invalid as invalid:
            parsed.refuse(index, invalid, f"{name[:100]}: {value!r:.100}")
        index += 1
