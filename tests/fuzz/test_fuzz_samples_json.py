from __future__ import annotations

import math
import time
from random import Random

import msgspec
import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.series import parse_series
from dashboard.entries.metrics import decode_change
from dashboard.entries.samples import Samples, encode_samples
from dashboard.ingest.batch import Batch, KeyCache
from dashboard.ingest.samples_json import parse_named, parse_samples
from tests.support.deadline import within
from tests.support.mutation import mutate

INPUTS = 100_000
LATEST_MS = 1_800_000_000_000
SEEDS = [
    b'[{"series":"orders","labels":{"shop":"a"},"value":3.1,"t":1700000000000,"unit":"B/s","every_s":5}]',
    b'[{"series":"a","value":1},{"series":"b{c=\\"d\\"}","value":-2e3,"t":null},{"series":"9","value":"x"}]',
    b'{"series":"a","value":1}\n{"series":"b","value":2.5,"labels":null}\n\n{"series":"c"}\n',
    b'{"series":"a",\n"labels":{"x":"\\u00e9\\ud83d\\ude00","y":""},\n"value":0.1}',
    '{"series":"a","labels":{"x":"κόσμε"},"value":1,"extra":[[{"a":[]}]]}'.encode(),
]
NAMED = [b"3.1", b" -5 ", b'{"value":3,"labels":{"a":"b"},"t":1700000000000}', b"1e5", b'{"value":1,"unit":"%"}']
PIECES = [
    b'"series":', b'"value":', b'"t":', b'"labels":{}', b'"unit":"x",', b'"every_s":0', b"\\ud800", b"\\udc00", b"NaN",
    b"Infinity", b"1e400", b"-0", b"9007199254740993", b"18446744073709551616", b"9" * 330, b"[" * 60, b"{" * 60,
    b'"', b"\\", b",", b"}", b"]", b"{", b"null", b"true", b"\xff", b"\xed\xa0\x80", b"\x00", b"\n", b"\r", b"\xef\xbb\xbf",
    b'"a{b=\\"c\\"}"', b"\\u0000", b"\\n", b"1.5e-320", b"253402300800000", b'{"series":"z","value":7}', b"\\u0076alue",
]  # fmt: skip


def check(batch: Batch) -> None:
    """Check that the result is fit for the journal and for the answer."""
    rows = len(batch.keys)
    assert len(batch.times) == len(batch.values) == rows
    assert all(t is None or (isinstance(t, int) and 10**11 <= t <= LATEST_MS) for t in batch.times)
    assert all(math.isfinite(v) for v in batch.values)
    assert all(0 <= row < rows for row, _, _ in batch.declared)
    msgspec.json.encode(batch.refused)
    if rows:
        change = decode_change(encode_samples(batch.keys, [t or 0 for t in batch.times], batch.values, batch.declared))
        assert isinstance(change, Samples)
        assert change.keys.decode().split("\n") == batch.keys
        assert parse_series(batch.keys[0]).text == batch.keys[0]


def fuzz(seed: int, inputs: int, *, named: bool) -> None:
    random, cache = Random(seed), KeyCache(max_keys=500)
    taken = refused = invalid = 0
    slowest = 0.0
    for number in range(inputs):
        body = mutate(random, (NAMED if named else SEEDS)[number % 5], PIECES)
        began = time.process_time()
        try:
            batch = parse_named("a", body, cache, LATEST_MS) if named else parse_samples(body, cache, LATEST_MS)
        except Invalid as error:
            invalid += 1
            msgspec.json.encode(str(error))
        else:
            taken += len(batch.keys)
            refused += len(batch.refused)
            check(batch)
        slowest = max(slowest, time.process_time() - began)
    assert min(taken, invalid) > inputs // 20
    assert named or refused > inputs // 20
    assert len(cache.known) <= 500
    within(slowest, 0.5, "the CPU time of one body")


def test_no_body_makes_the_parser_raise_anything_but_invalid() -> None:
    fuzz(1, INPUTS * 3 // 4, named=False)


def test_no_body_for_a_named_series_makes_the_parser_raise_anything_but_invalid() -> None:
    fuzz(2, INPUTS // 4, named=True)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("where", [b'"extra":%s', b'"labels":{"a":%s}'])
def test_an_integer_of_5000_digits_where_no_number_is_expected_is_invalid(named: bool, where: bytes) -> None:
    body = b'{"value":1,' + where % (b"1" * 5000) + (b"}" if named else b',"series":"a"}')
    cache = KeyCache()
    if named:
        with pytest.raises(Invalid):
            parse_named("a", body, cache, LATEST_MS)
    else:
        assert [r.index for r in parse_samples(body, cache, LATEST_MS).refused] == [0]
