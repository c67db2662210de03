"""The bytes of signals, as they stand in the journal."""

from __future__ import annotations

import msgspec

from dashboard.domain.feeder import IngestStatsUpdate
from dashboard.domain.holding import AskSeriesOwned, SeriesOwned
from dashboard.domain.node import NodeBeat, NodeLeft
from dashboard.domain.presence import AskRoster, DirectoryChanged, Roster, TypingSignal
from dashboard.domain.rate import RateUsed
from dashboard.domain.screen_order import ScreenOrder

Signal = (
    NodeBeat
    | NodeLeft
    | Roster
    | AskRoster
    | DirectoryChanged
    | TypingSignal
    | IngestStatsUpdate
    | ScreenOrder
    | SeriesOwned
    | AskSeriesOwned
    | RateUsed
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Signal] = msgspec.msgpack.Decoder(Signal)


def encode_signal(signal: Signal) -> bytes:
    """The payload bytes of a signal."""
    return _encoder.encode(signal)


def decode_signal(payload: bytes) -> Signal | None:
    """None: it is not one."""
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
