"""What is answered to OTLP: ``ExportMetricsServiceResponse`` with what was refused, and ``google.rpc.Status`` for errors.

Source: the OTLP specification, "Partial Success" and "Failures"; google/rpc/status.proto.
"""

from __future__ import annotations

from dashboard.ingest.batch import Refusal
from dashboard.ingest.otlp_resources import TARGET_INFO
from dashboard.ingest.parsed import NOT_FINITE, Parsed

_MAX_MESSAGE = 500


def partial_success(parsed: Parsed) -> dict[str, object]:
    """The JSON answer to what was parsed: ``{}``, or how many points were refused and why the first was."""
    refused = _faults(parsed)
    if not refused:
        return {}
    return {"partialSuccess": {"rejectedDataPoints": str(_count(refused)), "errorMessage": _message(refused)}}


def partial_success_protobuf(parsed: Parsed) -> bytes:
    """The same as ``ExportMetricsServiceResponse``."""
    refused = _faults(parsed)
    if not refused:
        return b""
    said = _message(refused).encode()
    inner = b"\x08" + _varint(_count(refused)) + b"\x12" + _varint(len(said)) + said
    return b"\x0a" + _varint(len(inner)) + inner


def status_protobuf(code: int, message: str) -> bytes:
    """An error as ``google.rpc.Status``."""
    said = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(said)) + said


def _faults(parsed: Parsed) -> list[Refusal]:
    """Without points that have no value, which are no fault of their sender, and without what is no point of his."""
    return [
        refusal
        for refusal in parsed.batch.refused
        if refusal.code != NOT_FINITE and not refusal.snippet.startswith(f"{TARGET_INFO}{{")
    ]


def _count(refused: list[Refusal]) -> int:
    """How many points those are: a histogram's makes several samples."""
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
