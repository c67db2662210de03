"""Templates of MQTT topics: the topics to accept, and the names and labels of their series.

In a template ``{label}`` stands for a level that becomes a label, ``{name}`` for the level that becomes the name:
``home/{room}/{name}``.  Plain levels after ``{name}`` are part of the name, so that ``plug/{name}`` and
``plug/{name}/availability`` give different series.  Without ``{name}`` the name is the plain levels, joined by ``_``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.domain.errors import Invalid
from dashboard.domain.series import LABEL_NAME

MAX_TOPIC_CHARACTERS = 1_000
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """A checked template: its levels as text, each with True if the text is the name of a placeholder."""

    levels: tuple[tuple[str, bool], ...]

    @property
    def topic_filter(self) -> str:
        """The topic filter to subscribe to."""
        return "/".join("+" if is_place else level for level, is_place in self.levels)

    @property
    def prefix(self) -> str:
        """The plain levels before the first placeholder, joined by slashes."""
        fixed = []
        for level, is_place in self.levels:
            if is_place:
                break
            fixed.append(level)
        return "/".join(fixed)

    @property
    def labels(self) -> frozenset[str]:
        """The names of the labels that the template gives a topic."""
        return frozenset(level for level, is_place in self.levels if is_place and level != "name")

    @property
    def ending(self) -> str:
        """Text after ``{name}`` in the names of this template's series; without ``{name}``, a slash and the whole name."""
        if ("name", True) not in self.levels:
            return "/" + "_".join(level for level, is_place in self.levels if level and not is_place)
        behind = self.levels[self.levels.index(("name", True)) + 1 :]
        return "".join(f"_{level}" for level, is_place in behind if level and not is_place)

    def match(self, topic: str) -> tuple[str, list[tuple[str, str]]] | None:
        """Return the name and labels for a topic; None when it does not match."""
        parts = topic.split("/")
        if len(parts) != len(self.levels) or len(topic) > MAX_TOPIC_CHARACTERS:
            return None
        name, labels = "", []
        for part, (level, is_place) in zip(parts, self.levels, strict=True):
            if not is_place:
                if part != level:
                    return None
            elif level == "name":
                name = part
            else:
                labels.append((level, part))
        return (name + self.ending if name else self.ending.strip("/_")), labels


def parse_template(text: str) -> TopicTemplate:
    """Parse a template from the configuration; raises Invalid naming the level that is wrong."""
    levels, seen = [], set[str]()
    for level in text.split("/"):
        found = _PLACE.fullmatch(level)
        if found is None and any(char in level for char in "{}+#\x00"):
            raise Invalid(f"{level[:40]!a} is neither a plain level nor one {{label}}", field="topic")
        place = found[1] if found else level
        if found and (not LABEL_NAME.fullmatch(place) or place.startswith("__") or place in seen):
            raise Invalid(f"{place[:40]!a} is not a label, or appears twice", field="topic")
        if found:
            seen.add(place)
        levels.append((place, found is not None))
    if "name" not in seen and not any(level for level, is_place in levels if not is_place):
        raise Invalid("needs {name} or a plain level", field="topic")
    return TopicTemplate(tuple(levels))


def folded(templates: Sequence[TopicTemplate]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of templates by which two topics could get the same series, as indices (later, earlier)."""
    met: dict[tuple[frozenset[str], str], int] = {}
    for number, template in enumerate(templates):
        made = template.labels, template.ending
        if made in met:
            yield number, met[made]
        met.setdefault(made, number)


def filters_of(templates: Sequence[TopicTemplate]) -> list[str]:
    """Return topic filters without overlaps; where possible, they also match topics without a template.

    They match all topics below the templates' prefixes. If a template begins with a placeholder, they are the templates' own filters.
    """
    prefixes = sorted({template.prefix for template in templates})
    if "" in prefixes:
        return list(dict.fromkeys(template.topic_filter for template in templates))
    outer = [each for each in prefixes if not any(each.startswith(f"{other}/") for other in prefixes)]
    return [f"{each}/#" for each in outer]
