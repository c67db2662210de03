"""Prometheus' remote write, version 1 and 2 (``/api/v1/write``).

Source: prometheus.io, "Remote Write 1.0" and "2.0".  Prometheus drops a request after a 4xx response, by default also 429, and
repeats it after a 5xx response.
"""

from __future__ import annotations

import re
from collections import Counter

from dashboard.ingest.families import Families
from dashboard.ingest.packed import unpack, unpack_snappy_block
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.remote_write import LabelCache, parse_write_request
from dashboard.ingest.remote_write2 import SymbolCache, Written, is_first, parse_request2
from dashboard.ingest.shown_bodies import described, remote_write_names
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format, encoding_in, faults_in, first_fault
from dashboard.web.server.base import UnsupportedEncoding

_FIRST, _SECOND = "prometheus.WriteRequest", "io.prometheus.write.v2.Request"
_VERSION = "X-Prometheus-Remote-Write-Version"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PROTO = re.compile(r";\s*proto=\"?([\w.]+)")


class RemoteWrite(Format):
    """Remote write, version 1 and 2. A refused NaN or infinity is not reported as a fault of the sender."""

    name = "remote_write"
    later_status = 503
    encodings = ("snappy",)
    parsed_at_once_bytes = 0  # hundreds of bytes may be megabytes when they are unpacked

    def __init__(self, labels: LabelCache, families: Families, max_bytes: int) -> None:
        self._labels = labels
        self._symbols = SymbolCache(20_000, origins=labels.origins)
        self._families = families
        self._max_bytes = max_bytes

    def parse(self, request: FeedRequest) -> Parsed:
        _check_version(request)
        body = request.body
        if body.startswith(_ZSTD):  # vmagent calls old blocks of its queue snappy
            body = unpack(body, "zstd", self._max_bytes)
        elif encoding_in(request.headers) in ("", "snappy"):  # without the header too, as in Prometheus
            body = unpack_snappy_block(body, self._max_bytes)
        if _is_second(request) and (_PROTO.search(request.headers.get("Content-Type", "")) or not is_first(body)):
            return parse_request2(body, self._symbols, request.latest_ms)
        return parse_write_request(body, self._labels, request.latest_ms, self._families)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        written = _written(parsed, outcome) if isinstance(parsed, Written) else ()
        if faults := faults_in(outcome.refused):
            text = f"{len(faults) + outcome.unlisted} samples refused; {first_fault(faults, 'series')}"
            return self.refuse(request, Fault(400, "invalid", text, {}))._replace(headers=written)
        return Answer(204, headers=written)

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        """Refuse the request; version 2 also requires the numbers of written samples in headers."""
        answer = super().refuse(request, fault)
        return answer._replace(headers=_counts(0, 0)) if _is_second(request) else answer

    def shown(self, request: FeedRequest) -> str:
        """Describe the body by its first series' names, because its bytes are not readable."""
        return described(f"remote write of {len(request.body)} bytes", remote_write_names(request.body))


def _is_second(request: FeedRequest) -> bool:
    """Return whether the headers declare a ``Request`` of version 2.

    The Content-Type decides; if it names no message, the version header decides.  The caller must then check the body too:
    a sender of both versions may state 2.0.0 also for version 1.
    """
    proto = _PROTO.search(request.headers.get("Content-Type", ""))
    if proto is not None:
        return proto[1] == _SECOND
    return request.headers.get(_VERSION, "").startswith("2.")


def _check_version(request: FeedRequest) -> None:
    """Raise UnsupportedEncoding if the headers declare neither version."""
    proto = _PROTO.search(request.headers.get("Content-Type", ""))
    if proto is not None:
        if proto[1] not in (_FIRST, _SECOND):
            raise UnsupportedEncoding(
                f"{proto[1][:80]} is not understood; send {_FIRST} or {_SECOND}", field="Content-Type"
            )
        return
    version = request.headers.get(_VERSION) or "0.1.0"
    if not version.startswith(("0.", "1.", "2.")):
        raise UnsupportedEncoding(f"version {version[:20]!a} is not understood; 1 and 2 are", field=_VERSION)


def _counts(samples: int, histograms: int) -> tuple[tuple[str, str], ...]:
    counts = (("Samples", samples), ("Histograms", histograms), ("Exemplars", 0))
    return tuple((f"X-Prometheus-Remote-Write-{name}-Written", str(count)) for name, count in counts)


def _written(parsed: Written, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """Return the headers with the numbers of stored samples and histograms; the end of a series counts as a sample too."""
    counts = parsed.counts
    late = Counter(refusal.index for refusal in outcome.refused) - counts.refused
    samples = counts.samples - sum(count for place, count in late.items() if not counts.histograms[place])
    kept = (n for place, n in counts.histograms.items() if not late[place] and not counts.refused[place])
    return _counts(max(0, samples - max(0, outcome.unlisted - counts.unread)) + counts.ended, sum(kept))
