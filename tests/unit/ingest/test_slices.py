from __future__ import annotations

import json

import pytest

from dashboard.domain.errors import TooLarge
from dashboard.ingest.batch import KeyCache
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.samples_json import parse_samples
from dashboard.ingest.slices import SLICE_BYTES, Slice, array_slices, line_slices
from dashboard.ingest.telegraf_json import parse_telegraf_json
from tests.support.parsed_checks import LATEST_MS


@pytest.mark.parametrize("body", [b"", b"a v=1", b"[]", b"{}", b"x" * 100])
def test_a_short_body_is_one_slice(body: bytes) -> None:
    assert list(line_slices(body)) == list(array_slices(body)) == [Slice(0, body)]


def test_lines_are_cut_at_their_ends_and_texts_are_not() -> None:
    lines = [f'm,n={n} v={n}i,s="two\nlines"' if n % 3 else f"m,n={n} v={n}i" for n in range(50_000)]
    body = "\n".join(lines).encode()
    slices = list(line_slices(body))
    assert len(slices) == len(body) // SLICE_BYTES + 1
    assert b"\n".join(each.body for each in slices) == body
    assert [each.first for each in slices] == [body[: body.index(each.body)].count(b"\n") for each in slices]
    cache, values, texts = LineCache(200_000), list[float](), 0
    for each in slices:
        parsed = parse_line_protocol(each.body, cache, LATEST_MS)
        assert parsed.batch.refused == []
        values += parsed.batch.values
        texts += len(parsed.documents)
    assert values == list(range(50_000))
    assert texts == 33_333


@pytest.mark.parametrize("separator", [",", ", ", ",\n"])
@pytest.mark.parametrize("odd", ["x", "},{", '"},{\\', "NaN"])
def test_arrays_are_cut_between_elements_only(separator: str, odd: str) -> None:
    samples = [{"series": "a", "labels": {"n": odd}, "value": n} for n in range(30_000)]
    text = "[" + separator.join(json.dumps(each) for each in samples) + "]"
    if odd == "NaN":
        text = text.replace('"value": 7}', '"value": NaN}')
    slices = list(array_slices(text.encode()))
    assert len(slices) == len(text) // SLICE_BYTES + 1
    values = [value for each in slices for value in parse_samples(each.body, KeyCache(), LATEST_MS).values]
    assert values == [n for n in range(30_000) if odd != "NaN" or n != 7]
    assert [each.first for each in slices] == [json.loads(each.body)[0]["value"] for each in slices]


def test_telegrafs_batches_and_ndjson_are_cut_and_what_is_broken_is_not() -> None:
    metrics = [{"name": "m", "tags": {"n": str(n)}, "fields": {"v": n}} for n in range(40_000)]
    slices = list(array_slices(json.dumps({"metrics": metrics}).encode()))
    assert len(slices) > 1
    assert sum(len(parse_telegraf_json(each.body, LATEST_MS).batch.keys) for each in slices) == 40_000
    lines = "\n".join(json.dumps({"series": "a", "value": n}) for n in range(30_000)).encode()
    found = [v for each in array_slices(lines) for v in parse_samples(each.body, KeyCache(), LATEST_MS).values]
    assert found == list(range(30_000))
    for broken in (
        json.dumps(metrics[:30_000]).encode()[:-3],
        json.dumps({"metrics": metrics[:30_000], "x": 1}).encode(),
        b"[" * 2_000_000,
    ):
        assert list(array_slices(broken)) == [Slice(0, broken)]


@pytest.mark.parametrize(
    "body",
    [
        b'[{"series":"a","value":1,"labels":{"l":"' + b"x" * (3 << 20) + b'"}}]',
        b'{"series":"a","value":1,"labels":{"l":"' + b"x" * (3 << 20) + b'"}}',
        b'[{"series":"a","value":1},' + b'{"series":"' + b"},{" * (1 << 20) + b'"}]',
        b"[" * (3 << 20),
    ],
)
def test_a_long_body_that_cannot_be_cut_is_refused(body: bytes) -> None:
    """One call of the decoder would hold the interpreter, and with it the event loop."""
    with pytest.raises(TooLarge, match="array of objects"):
        list(array_slices(body))


def test_an_end_of_an_element_is_found_across_the_windows_of_the_search() -> None:
    long = b'{"series":"a","value":1,"labels":{"l":"' + b"x" * ((1 << 20) + (1 << 18)) + b'"}}'
    for blanks in (0, 1, 500):
        body = b"[" + long + b" " * blanks + b"," + long + b"]"
        assert [each.first for each in array_slices(body)] == [0, 1], blanks
