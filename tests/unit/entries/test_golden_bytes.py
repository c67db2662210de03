"""Every payload of the journal has a tag of its own, and bytes that stay: older data folders and streams are read."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.feeder import FeederState, Refused
from dashboard.domain.rate import Pace
from dashboard.domain.room import Message
from dashboard.entries.boards import BoardOperated
from dashboard.entries.documents import DocumentDeleted, DocumentWritten, ItemsListed
from dashboard.entries.metrics import CHANGES, decode_change, encode_change
from dashboard.entries.rooms import ROOM_CODEC, ROOM_EVENTS, MessageEntry, ReadEntry
from dashboard.entries.samples import Samples, SeriesEnded, pack
from dashboard.entries.signals import (
    SIGNAL_CODEC,
    SIGNALS,
    AskEditors,
    AskRoster,
    AskSeriesOwned,
    ClientKnown,
    ClientsKnown,
    DirectoryChanged,
    EditorAt,
    IngestStatsUpdate,
    NodeBeat,
    NodeLeft,
    NodeReached,
    OriginsClaimed,
    RateUsed,
    RequestsBegun,
    Roster,
    ScreenOrder,
    SeriesOwned,
    TypingSignal,
    UserHere,
)

FEEDER = FeederState(
    "token:1", "jobs", "token", ("json",), 3, 1, 0, 2, 10, 0.5, 7, "a 1", "", (Refused(7, "value: no", "x"),)
)
MESSAGE = Message("ops", 3, 4, "ann", "Ann", "hi", "<p>hi</p>", 9, key="k", edited_ms=10)
#: A payload of each tag, and the bytes that the version before this table wrote for it.
SIGNAL_BYTES: dict[str, tuple[Any, str]] = {
    "n": (
        NodeBeat("id", "box/1", 5, "b1", 2, {"viewers": 3.0}, 4),
        "99a16ea26964a5626f782f3105a262310281a776696577657273cb400800000000000004c0",
    ),
    "l": (
        NodeLeft("id"),
        "92a16ca26964",
    ),
    "j": (
        NodeReached("id", ("unix:/d/n.sock",)),
        "93a16aa2696491ae756e69783a2f642f6e2e736f636b",
    ),
    "r": (
        Roster("id", 7, True, [UserHere("ann", "Ann", "away", 5, 2, ("host",), ("ops",))], {"host": 1}),
        "96a172a2696407c39197a3616e6ea3416e6ea461776179050291a4686f737491a36f707381a4686f737401",
    ),
    "a": (
        AskRoster("id"),
        "92a161a26964",
    ),
    "s": (
        DirectoryChanged(),
        "91a173",
    ),
    "t": (
        TypingSignal("ops", "ann", "Ann", True),
        "95a174a36f7073a3616e6ea3416e6ec3",
    ),
    "f": (
        IngestStatsUpdate("id", False, [FEEDER]),
        (
            "94a166a26964c2919ea7746f6b656e3a31a46a6f6273a5746f6b656e91a46a736f6e030100020acb3fe0000000"
            "00000007a3612031a0919307a976616c75653a206e6fa178"
        ),
    ),
    "o": (
        ScreenOrder("host", "reload"),
        "93a16fa4686f7374a672656c6f6164",
    ),
    "h": (
        SeriesOwned("id", "token", "t1", False, ["a", "b"], ["c"]),
        "97a168a26964a5746f6b656ea27431c292a161a16291a163",
    ),
    "k": (
        AskSeriesOwned("id"),
        "92a16ba26964",
    ),
    "u": (
        ClientsKnown([ClientKnown("k", "user", "ann", "Ann", "s", 2, 5)], ["g"]),
        "93a1759197a16ba475736572a3616e6ea3416e6ea173020591a167",
    ),
    "p": (
        RateUsed("id", "user", {"ann": (Pace(1.0, 5.0), 2.0)}),
        "94a170a26964a47573657281a3616e6e9292cb3ff0000000000000cb4014000000000000cb4000000000000000",
    ),
    "c": (
        OriginsClaimed("id", "lines", {"a_b": ("a b", 7)}),
        "94a163a26964a56c696e657381a3615f6292a361206207",
    ),
    "b": (RequestsBegun("id", {"0f": 7}), "93a162a2696481a2306607"),
    "w": (
        EditorAt("wall", "p", "ann", "Ann", "t", (0, 1, 2, 3)),
        "98a177a477616c6ca170a3616e6ea3416e6ea1749400010203c2",
    ),
    "q": (AskEditors("wall"), "92a171a477616c6c"),
}
ROOM_BYTES: dict[str, tuple[Any, str]] = {
    "o": (
        BoardOperated("wall", 3, "ann", "Ann", "k", 9, b"[]", 2, True, 0),
        "9ba16fa477616c6c03a3616e6ea3416e6ea16b09c4025b5d02c300",
    ),
    "m": (
        MessageEntry(MESSAGE),
        (
            "92a16d8aa4726f6f6da36f7073a373657103ab6368616e6765645f73657104a6617574686f72a3616e6ea46e61"
            "6d65a3416e6ea474657874a26869a468746d6ca93c703e68693c2f703ea4745f6d7309a36b6579a16ba9656469"
            "7465645f6d730a"
        ),
    ),
    "r": (
        ReadEntry("ops", "ann", 4, {"bob": 3}),
        "95a172a36f7073a3616e6e0481a3626f6203",
    ),
}
CHANGE_BYTES: dict[str, tuple[Any, str]] = {
    "s": (
        Samples(b"a\nb", 5, pack(array("d", [1.0, 2.0])), ((0, "EUR", 60.0),), ((1, "counter"),)),
        (
            "96a173c403610a6205c410000000000000f03f0000000000000040919300a3455552cb404e0000000000009192"
            "01a7636f756e746572"
        ),
    ),
    "e": (
        SeriesEnded(b"a", (7,)),
        "93a165c401619107",
    ),
    "l": (
        ItemsListed("events", (("e1", b'{"id":"e1"}'),), 50, 1000, True),
        "96a16ca66576656e74739192a26531c40b7b226964223a226531227d32cd03e8c3",
    ),
    "d": (
        DocumentWritten("note", b'{"text":"x"}', 60.0, True),
        "95a164a46e6f7465c40c7b2274657874223a2278227dcb404e000000000000c3",
    ),
    "x": (
        DocumentDeleted("note"),
        "92a178a46e6f7465",
    ),
}


@pytest.mark.parametrize("tag", SIGNALS)
def test_the_bytes_of_a_signal_stay(tag: str) -> None:
    signal, data = SIGNAL_BYTES[tag]
    assert type(signal) is SIGNALS[tag]
    assert SIGNAL_CODEC.encode(signal).hex() == data
    assert SIGNAL_CODEC.decode(bytes.fromhex(data)) == signal


def test_a_beat_of_a_server_that_says_nothing_of_board_files_is_read() -> None:
    data = "98a16ea26964a5626f782f3105a262310281a776696577657273cb400800000000000004"
    assert SIGNAL_CODEC.decode(bytes.fromhex(data)) == SIGNAL_BYTES["n"][0]


@pytest.mark.parametrize("tag", ROOM_EVENTS)
def test_the_bytes_of_a_room_event_stay(tag: str) -> None:
    event, data = ROOM_BYTES[tag]
    assert type(event) is ROOM_EVENTS[tag]
    assert ROOM_CODEC.encode(event).hex() == data
    assert ROOM_CODEC.decode(bytes.fromhex(data)) == event


@pytest.mark.parametrize("tag", CHANGES)
def test_the_bytes_of_a_change_stay(tag: str) -> None:
    change, data = CHANGE_BYTES[tag]
    assert type(change) is CHANGES[tag]
    assert encode_change(change).hex() == data
    assert decode_change(bytes.fromhex(data)) == change


@pytest.mark.parametrize("table", [SIGNALS, ROOM_EVENTS, CHANGES])
def test_the_tag_in_the_table_is_the_payloads_own(table: dict[str, Any]) -> None:
    assert {kind.__struct_config__.tag: kind for kind in table.values()} == table


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x92\xa1?\x01", b"\xc1" * 9])
def test_what_is_none_of_them_is_told_apart(data: bytes) -> None:
    assert SIGNAL_CODEC.decode(data) is None
    assert ROOM_CODEC.decode(data) is None
    with pytest.raises(Invalid):
        decode_change(data)
