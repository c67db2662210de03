"""Answers to OTLP: ``ExportMetricsServiceResponse`` with the refused points, and ``google.rpc.Status`` for errors.

Source: the OTLP specification, "Partial Success" and "Failures"; google/rpc/status.proto.
"""

from __future__ import annotations

from dashboard.ingest.batch import Refusal
from dashboard.ingest.otlp_resources import TARGET_INFO
from dashboard.ingest.parsed import NOT_FINITE, Parsed

_MAX_MESSAGE = 500


def partial_success(parsed: Parsed) -> dict[str, object]:
    """Build the JSON answer: ``{}``, or the number of refused points and the reason of the first refusal."""
    refused = _faults(parsed)
    if not refused:
        return {}
    return {
        "partialSuccess": {
            "rejectedDataPoints": str(_count(refused) + parsed.batch.unread),
            "errorMessage": _message(refused),
        }
    }


def partial_success_protobuf(parsed: Parsed) -> bytes:
    """Build the answer in protobuf, as ``ExportMetricsServiceResponse``, with the content of the JSON answer."""
    refused = _faults(parsed)
    if not refused:
        return b""
    said = _message(refused).encode()
    inner = b"\x08" + _varint(_count(refused) + parsed.batch.unread) + b"\x12" + _varint(len(said)) + said
    return b"\x0a" + _varint(len(inner)) + inner


def status_protobuf(code: int, message: str) -> bytes:
    """Encode an error as ``google.rpc.Status``."""
    said = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(said)) + said


def _faults(parsed: Parsed) -> list[Refusal]:
    """Return the refusals that are the sender's fault, without those of NaN, ±Inf and the server's own ``target_info``."""
    return [
        refusal
        for refusal in parsed.batch.refused
        if refusal.code != NOT_FINITE and not refusal.snippet.startswith(f"{TARGET_INFO}{{")
    ]


def _count(refused: list[Refusal]) -> int:
    """Count the refused points; several refused samples may belong to one point."""
    return len({refusal.index for refusal in refused})


def _message(refused: list[Refusal]) -> str:
    first = refused[0]
    what = f" of {first.snippet}" if first.snippet and not first.snippet.startswith("{") else ""
    where = f"{first.field}: " if first.field else ""
    return f"point {first.index}: {where}{first.reason}{what}"[:_MAX_MESSAGE]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
