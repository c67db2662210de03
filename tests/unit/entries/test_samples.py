from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.entries.documents import DocumentDeleted, DocumentWritten
from dashboard.entries.metrics import decode_change, encode_change
from dashboard.entries.samples import Samples, encode_samples, unpack_floats, unpack_ints
from tests.support.histories import history
from tests.support.mutation import mutate

INT64 = st.integers(-(2**63), 2**63 - 1)
ROWS = st.lists(st.tuples(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=9),
                          INT64, st.floats(allow_nan=False)), min_size=1, max_size=20)  # fmt: skip


@settings(max_examples=80)
@given(ROWS, st.booleans())
def test_samples_come_back_as_they_were(rows: list[tuple[str, int, float]], one_time: bool) -> None:
    keys, times, values = [list(column) for column in zip(*rows, strict=True)]
    declared = [(0, "B", None), (len(rows) - 1, None, 2.5)]
    payload = encode_samples(keys, times[0] if one_time else times, values, declared)
    change = decode_change(payload)
    assert isinstance(change, Samples)
    assert change.keys.decode().split("\n") == keys
    assert change.times == times[0] if isinstance(change.times, int) else unpack_ints(change.times).tolist() == times
    assert unpack_floats(change.values).tolist() == values
    assert list(change.declared) == declared


@pytest.mark.parametrize(
    "change", [DocumentWritten("k", b"{}", 5.0), DocumentWritten("k", b"null"), DocumentDeleted("k")]
)
def test_documents_come_back_as_they_were(change: DocumentWritten | DocumentDeleted) -> None:
    assert decode_change(encode_change(change)) == change


def test_columns_are_little_endian() -> None:
    assert unpack_ints(b"\x01" + bytes(7)).tolist() == [1]
    assert unpack_floats(bytes(6) + b"\xf0\x3f").tolist() == [1.0]


EIGHT = bytes(8)
FOREIGN: list[Any] = [
    None, 1, "s", [], ["s"], ["z", 1], ["s", b"a", 1, b"", []], ["s", b"a", 1, bytes(9), []], ["s", b"a\nb", 1, EIGHT, []],
    ["s", b"a", b"", EIGHT, []], ["s", b"a", bytes(16), EIGHT, []], ["s", "a", 1, EIGHT, []], ["s", b"a", 1.5, EIGHT, []],
    ["s", b"a", 1, EIGHT, [(1, None, None)]], ["s", b"a", 1, EIGHT, [(-1, None, None)]], ["s", b"a", 1, EIGHT, [(0, 5, None)]],
    ["d", 1, b""], ["d", "k"], ["x"], ["x", None], {"s": 1},
]  # fmt: skip


@pytest.mark.parametrize("foreign", FOREIGN, ids=repr)
def test_a_foreign_entry_is_invalid(foreign: Any) -> None:
    with pytest.raises(Invalid):
        decode_change(msgspec.msgpack.encode(foreign))


def test_damaged_bytes_are_invalid_or_a_change() -> None:
    random = Random(7)
    payloads = [entry.payload for entry in history(3, 40)]
    changes = 0
    for number in range(5_000):
        try:
            decode_change(
                mutate(random, payloads[number % 40], [b"\x93", b"\xcf" + b"\xff" * 8, b"\xc4\x00", b"\n", b"\xff"])
            )
            changes += 1
        except Invalid:
            pass
    assert 100 < changes < 4_900


def test_equal_times_are_stored_once() -> None:
    same, other = encode_samples(["a", "b"], [7, 7], [1.0, 2.0]), encode_samples(["a", "b"], [7, 8], [1.0, 2.0])
    assert same == encode_samples(["a", "b"], 7, [1.0, 2.0])
    assert [isinstance(decode_change(each).times, int) for each in (same, other)] == [True, False]  # type: ignore[union-attr]
