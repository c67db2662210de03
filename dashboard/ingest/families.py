"""Metadata of Prometheus' metric families. Prometheus sends metadata from time to time, in bodies without samples.

Source: prompb MetricMetadata. Only the kinds are used. A kind applies to all series of a family. When new metadata has
arrived, the kind of each series is looked up again.
"""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.domain.errors import Invalid
from dashboard.domain.series import MAX_NAME_BYTES
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.protobuf import read_fields

#: Kinds by the number of MetricMetadata.MetricType; other types are ignored.
_KINDS = {1: "counter", 2: "gauge", 3: "histogram", 4: "histogram", 5: "summary"}
_ENDS = ("_bucket", "_sum", "_count", "_total")


class Families:
    """Kinds by family name, for at most ``max_items`` families; further families are ignored."""

    def __init__(self, max_items: int = 20_000) -> None:
        self._max_items = max_items
        self._kinds: dict[str, str] = {}
        self._judged: set[str] = set()

    def learn(self, metadata: Iterable[bytes]) -> None:
        """Learn the kinds in messages ``MetricMetadata``; a message that cannot be read is skipped."""
        for entry in metadata:
            kind, family = None, ""
            try:
                for number, _, value in read_fields(entry):
                    if number == 1 and isinstance(value, int):
                        kind = _KINDS.get(value)
                    elif number == 2 and isinstance(value, bytes):
                        family = value.decode("utf-8", "replace")
            except Invalid:
                continue
            has_room = family in self._kinds or len(self._kinds) < self._max_items
            if kind and 0 < len(family) <= MAX_NAME_BYTES and has_room:
                self._kinds[family] = kind
                self._judged.clear()

    def note(self, parsed: Parsed) -> None:
        """Set the kinds of the body's series, as far as the kinds of their families are known."""
        if not self._kinds or self._judged.issuperset(parsed.batch.keys):
            return
        if len(self._judged) > 2 * self._max_items:
            self._judged.clear()
        for key in parsed.batch.keys:
            if key not in self._judged:
                self._judged.add(key)
                if kind := self._kind_of(key.partition("{")[0]):
                    parsed.batch.kinds[key] = kind

    def _kind_of(self, name: str) -> str:
        found = self._kinds.get(name, "")
        for end in _ENDS:
            if not found and name.endswith(end):
                found = self._kinds.get(name.removesuffix(end), "")
        return found
