"""State of a browser's view: it takes snapshots and frames as docs/protocol.md says. Shares no code with the server."""

from __future__ import annotations

import json
from typing import Any


class Screen:
    """Samples (or buckets) by series, and documents."""

    def __init__(self) -> None:
        self.samples: dict[str, list[tuple[int, float]]] = {}
        self.buckets: dict[str, dict[int, tuple[float, float, float]]] = {}
        self.newest: dict[str, tuple[int, float]] = {}  # of series shown in buckets
        self.documents: dict[str, Any] = {}
        self.units: dict[str, str] = {}
        self.names: dict[int, str] = {}
        self.position = ""
        self.gaps: list[str] = []

    def take(self, body: bytes) -> None:
        message = json.loads(body)
        self.position = message["position"]
        if message["type"] == "gap":
            self.gaps.append(message["reason"])
            return
        if message["type"] == "snapshot":
            self.samples, self.buckets, self.newest, self.documents, self.units, self.names = {}, {}, {}, {}, {}, {}
        for definition in message.get("series", []):
            self._define(definition, whole=message["type"] == "snapshot")
        for sid, times, values, *_ in message.get("points", []):
            held = self.samples.setdefault(self.names[sid], [])
            held[:] = [point for point in held if point[0] not in set(times)]  # a later value takes its place
            held.extend(zip(times, values, strict=True))
        for sid, *columns, newest in message.get("buckets", []):
            self.newest[self.names[sid]] = tuple(newest)
            for t, *row in zip(*columns, strict=True):
                self.buckets.setdefault(self.names[sid], {})[t] = tuple(row)
        for document in message.get("documents", []):
            self.documents[document["key"]] = document["body"]
        for key in message.get("gone_documents", []):
            self.documents.pop(key, None)
        for sid in message.get("gone", []):
            if (name := self.names.pop(sid, None)) is not None and name not in self.names.values():
                self.samples.pop(name, None)
                self.buckets.pop(name, None)
                self.newest.pop(name, None)

    def _define(self, definition: dict[str, Any], *, whole: bool) -> None:
        name = definition["series"]
        self.names[definition["sid"]] = name
        self.units[name] = definition["unit"]
        if whole and "v" in definition:
            self.samples[name] = list(zip(definition["t"], definition["v"], strict=True))
        if whole and "mean" in definition:
            rows = zip(definition["min"], definition["mean"], definition["max"], strict=True)
            self.buckets[name] = dict(zip(definition["t"], rows, strict=True))
            self.newest[name] = tuple(definition["newest"])

    def held(self, from_ms: int = 0) -> tuple[object, ...]:
        """Return what the screen draws; the result does not depend on how the data arrived."""
        samples = {k: sorted(p for p in v if p[0] >= from_ms) for k, v in self.samples.items()}
        buckets = {k: {t: row for t, row in v.items() if t >= from_ms} for k, v in self.buckets.items()}
        return samples, buckets, self.newest, self.documents, self.units
