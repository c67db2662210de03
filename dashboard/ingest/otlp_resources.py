"""Labels that an OpenTelemetry resource and scope put on all their series, and ``target_info``.

Source: the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", Resource Attributes and Instrumentation
Scope.

- ``service.name`` (with ``service.namespace/`` in front if there is one) is the label ``job``, ``service.instance.id`` is
  ``instance``.  All other attributes of the resource are labels of a further series, ``target_info``, whose value is 1.
- If a resource has neither attribute, all its attributes become labels, because nothing else distinguishes the resource.  Most
  resources from a collector have neither.  The same applies to resources in one request with the same ``job`` and ``instance``.
- A scope's name, version, schema and attributes are the labels ``otel_scope_name``, ``otel_scope_version``,
  ``otel_scope_schema_url`` and ``otel_scope_…``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.series import series_key
from dashboard.ingest.otlp_names import Names, label_name, labels_of
from dashboard.ingest.otlp_schema import RESOURCE, SCOPE, Part, read_any
from dashboard.ingest.otlp_values import MAX_ATTRIBUTES, items, pairs_of
from dashboard.ingest.parsed import Recall

TARGET_INFO = "target_info"
_IDENTITY = ("service.name", "service.namespace", "service.instance.id")
#: Most cached resources (beyond it the cache is emptied), and most bytes of one (a longer one is not cached).
_MAX_RESOURCES = 1_000
_MAX_REMEMBERED_BYTES = 16_384

Identity = tuple[str, str]


class OtlpOptions(NamedTuple):
    """Settings for OTLP. ``promoted``: resource attributes that become labels of all series of the resource; ``*`` means all attributes."""

    promoted: frozenset[str] = frozenset()
    names: Names = "prometheus"


class Origin(NamedTuple):
    """Labels of all series of a resource and a scope; ``raw``: bytes that are equal for equal labels.

    ``info``: the series text of ``target_info``; ``fault``: the reason why ``target_info`` cannot be built.
    """

    labels: dict[str, str]
    raw: bytes
    info: str = ""
    fault: str = ""


class Resources:
    """Factory and cache of origins. ``_shared``: identities (``job``, ``instance``) of several resources in one request."""

    def __init__(self, options: OtlpOptions) -> None:
        self._options = options
        self._known: Recall[tuple[bytes, bool], Origin] = Recall(_MAX_RESOURCES)
        self._pairs: Recall[bytes, list[tuple[str, str]]] = Recall(_MAX_RESOURCES)
        self._shared: Recall[Identity, bool] = Recall(_MAX_RESOURCES)

    def note_shared(self, resources: Iterable[Part]) -> None:
        """Remember the identities (``job``, ``instance``) that several resources of one request share."""
        distinct = {raw_of(resource): resource for resource in resources}
        if len(distinct) < 2:
            return
        identities: Counter[Identity] = Counter()
        for resource in distinct.values():
            try:
                identities[_identity(self._attributes(resource))] += 1
            except Invalid:
                continue
        for identity, count in identities.items():
            if count > 1 and any(identity):
                self._shared.learn(identity, True)

    def origin(self, resource: Part) -> Origin:
        """Return the labels that a resource (protobuf or decoded JSON) puts on its series; raises Invalid."""
        raw, pairs = raw_of(resource), self._attributes(resource)
        identity = _identity(pairs)
        alone = not any(identity) or identity in self._shared
        found = self._known.get((raw, alone))
        if found is None:
            found = self._make(pairs, identity, everything=alone)
            if len(raw) <= _MAX_REMEMBERED_BYTES:
                self._known.learn((raw, alone), found)
        return found

    def _attributes(self, resource: Part) -> list[tuple[str, str]]:
        raw = raw_of(resource)
        pairs = self._pairs.get(raw)
        if pairs is None:
            pairs = pairs_of(items(read_any(resource, RESOURCE), "attributes", MAX_ATTRIBUTES))
            if len(raw) <= _MAX_REMEMBERED_BYTES:
                self._pairs.learn(raw, pairs)
        return pairs

    def _make(self, pairs: list[tuple[str, str]], identity: Identity, *, everything: bool) -> Origin:
        own = {name: value for name, value in zip(("job", "instance"), identity, strict=True) if value}
        others = [pair for pair in pairs if pair[0] not in _IDENTITY or not any(identity)]
        promoted = self._options.promoted
        everything = everything or "*" in promoted
        labels = labels_of([pair for pair in others if everything or pair[0] in promoted], own) | own
        info = fault = ""
        if own and others:
            try:
                info = series_key(TARGET_INFO, labels_of(others, own) | own).text
            except Invalid as invalid:
                fault = str(invalid)
        return Origin(labels, _digest(labels), info, fault)


def with_scope(origin: Origin, scope: Part, schema_url: object) -> Origin:
    """Add the labels of one of the resource's scopes; raises Invalid."""
    found = read_any(scope or {}, SCOPE)
    texts = {"name": found.get("name"), "version": found.get("version"), "schema_url": schema_url}
    labels = {f"otel_scope_{name}": text for name, text in texts.items() if isinstance(text, str) and text}
    for name, value in labels_of(pairs_of(items(found, "attributes", MAX_ATTRIBUTES))).items():
        labels.setdefault(f"otel_scope_{label_name(name)}", value)
    if not labels:
        return origin
    whole = labels_of(origin.labels.items(), labels) | labels
    return Origin(whole, _digest(whole), origin.info, origin.fault)


def raw_of(part: Part) -> bytes:
    """Return bytes that are equal for equal parts of a request."""
    return part if isinstance(part, bytes) else msgspec.json.encode(part)


def _identity(pairs: list[tuple[str, str]]) -> Identity:
    said = dict(pairs)
    name, space = said.get("service.name", ""), said.get("service.namespace", "")
    return (f"{space}/{name}" if space and name else name), said.get("service.instance.id", "")


def _digest(labels: dict[str, str]) -> bytes:
    whole = "\x00".join(f"{name}\x01{value}" for name, value in sorted(labels.items()))
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()
