from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.ingest import samples_json
from dashboard.ingest.batch import Batch, KeyCache
from dashboard.ingest.samples_json import parse_named, parse_samples
from tests.support.deadline import within

NOW_MS = 1_800_000_000_000
T = 1_700_000_000_000


def parse(body: bytes | str | list[Any] | dict[str, Any], cache: KeyCache | None = None) -> Batch:
    if isinstance(body, list | dict):
        body = json.dumps(body)
    return parse_samples(body.encode() if isinstance(body, str) else body, cache or KeyCache(), NOW_MS)


def columns(batch: Batch) -> tuple[list[str], list[int | None], list[float], Any]:
    return batch.keys, batch.times, batch.values, batch.declared


ONE = {"series": "orders", "labels": {"shop": "a"}, "value": 3.1, "t": T, "unit": "B", "every_s": 5}


def test_array_object_and_lines_are_the_same() -> None:
    two = {"series": "b", "value": -1}
    expected = (['orders{shop="a"}', "b"], [T, None], [3.1, -1], [(0, "B", 5)])
    lines = json.dumps(ONE) + "\n" + json.dumps(two)
    for body in (json.dumps([ONE, two]), lines, lines + "\n", f" \n{lines}\n\n \n", lines.replace("\n", "\r\n")):
        batch = parse(body)
        assert columns(batch) == expected
        assert batch.refused == []
    assert columns(parse(ONE)) == (['orders{shop="a"}'], [T], [3.1], [(0, "B", 5)])
    assert columns(parse(json.dumps(ONE, indent=2))) == (['orders{shop="a"}'], [T], [3.1], [(0, "B", 5)])


def test_the_second_time_gives_the_same_as_the_first() -> None:
    cache = KeyCache()
    body = [
        ONE,
        {"series": "a", "value": 1, "t": T + 0.7},
        {"series": "a", "value": 2},
        {"series": "x", "value": 2**53},
    ]
    first = parse(body, cache)
    assert columns(parse(body, cache)) == columns(first)
    assert first.times == [T, T, None, None]


@pytest.mark.parametrize("body", ["", " \n", "5", '"x"', "null", "true", "x", "\x00[", "[", "[1", "[1,]", "[{]"])
def test_what_is_no_array_and_no_object_is_invalid(body: str) -> None:
    with pytest.raises(Invalid):
        parse(body)


def test_the_good_samples_are_kept_and_each_bad_one_is_named() -> None:
    body = [
        {"series": "a", "value": 1, "unit": "x"}, {"series": "a", "value": "1"}, {"series": "a"}, {"value": 1}, 7,
        {"series": "9", "value": 1}, {"series": "a", "value": 1, "t": T // 1000}, {"series": "a", "value": None},
        {"series": "a", "value": 1, "t": NOW_MS + 1}, {"series": "a", "value": 10**400}, {"series": "b", "value": True},
        {"series": "a", "value": 1, "labels": {"x": 1}}, {"series": "a", "value": 1, "every_s": 0},
        {"series": "c", "value": 2, "every_s": 3},
    ]  # fmt: skip
    batch = parse(body)
    assert columns(batch) == (["a", "c"], [None, None], [1, 2], [(0, "x", None), (1, None, 3)])
    named = [(r.index, r.field) for r in batch.refused]
    assert named == [
        (1, "value"), (2, "value"), (3, "series"), (4, ""), (5, "series"), (6, "t"), (8, "t"),
        (9, "value"), (10, "value"), (11, "labels.x"), (12, "every_s"),
    ]  # fmt: skip


def test_null_is_no_value_and_no_fault() -> None:
    batch = parse([{"series": "a", "value": None}, {"series": "b", "value": 2}, {"series": "c", "value": None, "t": T}])
    assert (columns(batch), batch.refused) == ((["b"], [None], [2], []), [])


def test_integers_become_the_nearest_double_and_a_byte_order_mark_is_passed_over() -> None:
    cache = KeyCache()
    for _ in range(2):
        batch = parse(
            '\ufeff[{"series":"a","value":9007199254740993},{"series":"b","value":18446744073709551615}]', cache
        )
        assert (batch.values, batch.refused) == ([2.0**53, 2.0**64], [])


#: What bc, date and printf write.
_WRITTEN_BY_SHELLS = {"01": 1, ".5": 0.5, "+1": 1, "1.": 1, "-.25": -0.25, "1.e3": 1_000, "-007": -7}


@pytest.mark.parametrize(("text", "number"), _WRITTEN_BY_SHELLS.items())
def test_a_bare_number_may_be_written_as_shells_do(text: str, number: float) -> None:
    batch = parse_named("a", f" {text}\n".encode(), KeyCache(), NOW_MS)
    assert (batch.values, batch.refused) == ([number], [])


@pytest.mark.parametrize("text", ["1" * 400, "+1e999", "1e", ".", "+", "- 1", "1_0", "1 2"])
def test_what_is_no_bare_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_named("a", text.encode(), KeyCache(), NOW_MS)
    assert caught.value.field == "value"


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "01", ".5", "+1", "1.", "0x1", "١"]
)
def test_these_are_not_numbers(number: str) -> None:
    if number not in _WRITTEN_BY_SHELLS:
        with pytest.raises(Invalid):
            parse_named("a", number.encode(), KeyCache(), NOW_MS)
    assert len(parse(f'{{"series":"a","value":{number}}}').refused) == 1
    if "e400" not in number and "N" not in number and "I" not in number:  # else the array can be taken apart
        with pytest.raises(Invalid):
            parse(f'[{{"series":"a","value":{number}}}]')
    else:
        batch = parse(f'[{{"series":"a","value":{number}}},{{"series":"a","value":1}}]')
        assert (batch.values, [r.index for r in batch.refused]) == ([1], [0])


def test_deep_json_is_refused_and_not_followed() -> None:
    for depth in (17, 1_000, 100_000):
        body = f'{{"series":"a","value":1,"x":{"[" * depth}{"]" * depth}}}'
        assert len(parse(body).refused) == 1


@pytest.mark.parametrize("key", ['"value":2', '"series":"b"', '"t":1700000000000,"t":1', '"unit":"a","unit":"b"'])
def test_a_key_that_stands_twice_is_refused(key: str) -> None:
    batch = parse(f'{{"series":"a","value":1,{key}}}')
    assert batch.keys == []
    assert len(batch.refused) == 1


@pytest.mark.parametrize(
    "sample",
    ['{"series":"a","value":1,"unit":"a","unit":"b"}', '{"series":"a","value":1,"\\u0076alue":2}',
     '{"series":"a","labels":{"x":"\\u003a"},"value":1,"value":2}',
     '{"series":"a","value":1,"every_s":1,"every_s":2}', '{"series":"a","value":1,"labels":{},"labels":null}',
     '{"series":"a","value":1,"x":' + "[" * 17 + "]" * 17 + "}",
     '{"series":"a","value":1,"t":1700000000000,"t":1700000000001},{"series":"a","value":2}'],
)  # fmt: skip
def test_known_series_are_parsed_by_the_same_rules_as_new_ones(sample: str) -> None:
    cache, body = KeyCache(), f"[{sample}]"
    before = parse(body, cache)
    parse(
        '[{"series":"a","value":1},{"series":"a","value":1,"labels":{}},{"series":"a","value":1,"labels":null}]', cache
    )
    after = parse(body, cache)
    assert (columns(after), after.refused) == (columns(before), before.refused)


@pytest.mark.parametrize(
    "bad",
    ['{"series":"b","value":NaN}', '{"series":"b","value":-Infinity}', '{"series":"b\\ud83d","value":1}',
     '{"series":"b\x00","value":1}', '{"series":"b","value":1,"x":' + "[" * 100 + "]" * 100 + "}",
     '{"series":"b","value":' + "9" * 5_000 + "}"],
)  # fmt: skip
def test_a_sample_that_is_no_json_costs_only_itself(bad: str) -> None:
    for body in (
        f'[{{"series":"a","value":1}} , {bad},\n{{"series":"c","value":2}}] ',
        f'{{"series":"a","value":1}}\n{bad}\n{{"series":"c","value":2}}',
    ):
        batch = parse(body)
        assert (batch.keys, [refusal.index for refusal in batch.refused]) == (["a", "c"], [1])


def test_a_first_line_that_is_none_of_ours_costs_only_itself() -> None:
    batch = parse('oops\n{"series":"a","value":1}')
    assert (batch.keys, [refusal.index for refusal in batch.refused]) == (["a"], [0])


@pytest.mark.parametrize(
    "body",
    [
        '[{"series":"a","value":NaN}',
        '[{"series":"a","value":NaN} {"series":"a","value":1}]',
        '[{"series":"a","value":NaN}] x',
        "[NaN,",
        "[" * 100_000,
    ],
)
def test_an_array_that_cannot_be_taken_apart_is_invalid(body: str) -> None:
    with pytest.raises(Invalid):
        parse(body)


@pytest.mark.parametrize(
    "first", ['{"series":"a{x=\\"1\\"}","value":1}', '{"series":"a{x=\\"1\\"}","labels":{"y":"2"},"value":1}']
)
def test_a_series_with_its_labels_in_its_name_stands_for_itself_only(first: str) -> None:
    cache = KeyCache()
    wanted = parse(first).keys
    for _ in range(2):
        assert parse(f"[{first},{first}]", cache).keys == wanted * 2
        assert parse('[{"series":"a","value":2},{"series":"a","labels":{"y":"2"},"value":2}]', cache).keys == [
            "a",
            'a{y="2"}',
        ]
        assert parse(f'[{first[:-1]},"value":2}}]', cache).keys == []  # a key that stands twice


def test_an_escaped_colon_does_not_hide_a_key_that_stands_twice() -> None:
    cache = KeyCache()
    assert parse('[{"series":"a{x=\\":\\"}","value":1}]', cache).keys == ['a{x=":"}']
    twice = parse('[{"series":"a{x=\\"\\u003a\\"}","value":1,"value":2}]', cache)
    assert (twice.keys, len(twice.refused)) == ([], 1)


def test_an_object_of_very_many_keys_is_handled_in_bounded_time() -> None:
    """Without a bound, 4 MiB of such keys would block the event loop for hours; at most 50 ms are allowed."""
    body = b'{"series":"a","value":1,' + b",".join(b'"k%d":1' % i for i in range(5_000)) + b"}"
    began = time.process_time()
    parse(body)
    within(time.process_time() - began, 0.1, "the CPU time")


def test_a_body_of_nothing_but_bad_samples_is_handled_in_bounded_time() -> None:
    body = b"[" + b",".join([b"1"] * 200_000) + b"]"
    began = time.process_time()
    try:
        batch = parse(body)
    except Invalid:
        return
    within(time.process_time() - began, 5, "the CPU time")  # in a thread: the loop goes on
    assert len(batch.refused) + batch.unread == 200_000


def test_a_bare_number_or_an_object_is_taken_for_a_named_series() -> None:
    cache = KeyCache()
    assert columns(parse_named("a", b" 3.1\n", cache, NOW_MS)) == (["a"], [None], [3.1], [])
    assert columns(parse_named('a{x="1"}', b"-2", cache, NOW_MS)) == (['a{x="1"}'], [None], [-2], [])
    body = b'{"value":1e3,"labels":{"x":"1"},"t":1700000000000,"unit":"B"}'
    assert columns(parse_named("a", body, cache, NOW_MS)) == (['a{x="1"}'], [T], [1000.0], [(0, "B", None)])


@pytest.mark.parametrize(
    ("name", "body"),
    [("a", b""), ("a", b" "), ("a", b"x"), ("a", b"1 2"), ("a", b"true"), ("a", b'"1"'), ("a", b"{}"), ("a", b"[1"), ("a", b'["1"]'),
     ("a", b"\xff"), ("a", b'{"value":1,"value":2}'), ("9", b"1"), ("", b"1"), ("a", b'{"value":1}x'),
     ("a", b'{"value":1,"labels":{"x":"\xff"}}'), ("a", b'{"value":1,"t":5}')],
)  # fmt: skip
def test_these_are_invalid_for_a_named_series(name: str, body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        parse_named(name, body, KeyCache(), NOW_MS)
    assert str(caught.value).isprintable()


SAMPLES = st.fixed_dictionaries(
    {"series": st.sampled_from(["a", "b", "c.d", "9", ""]), "value": st.floats(-1e9, 1e9) | st.integers(-9, 2**54)},
    optional={
        "labels": st.none() | st.dictionaries(st.sampled_from(["x", "y", "9"]), st.sampled_from(["", "1", '"'])),
        "t": st.none() | st.sampled_from([T, T + 0.5, 5, NOW_MS + 1]),
        "unit": st.none() | st.sampled_from(["B", "x" * 33]),
        "every_s": st.none() | st.sampled_from([1, 0.5, 0, -1]),
    },
)


@settings(max_examples=80)
@given(st.lists(SAMPLES, max_size=6))
def test_every_sample_is_either_taken_or_refused_and_alone_as_in_company(samples: list[dict[str, Any]]) -> None:
    cache = KeyCache()
    batch = parse(samples, cache)
    assert len(batch.keys) + len(batch.refused) == len(samples)
    refused = {r.index for r in batch.refused}
    row = 0
    for index, sample in enumerate(samples):
        alone = parse([sample], cache)
        assert (index in refused) == bool(alone.refused)
        if not alone.refused:
            assert (alone.keys[0], alone.times[0], alone.values[0]) == (
                batch.keys[row], batch.times[row], batch.values[row],
            )  # fmt: skip
            row += 1
    again = parse(samples, cache)
    assert (columns(again), again.refused) == (columns(batch), batch.refused)


@pytest.mark.parametrize("form", ["array", "object", "lines"])
def test_an_array_of_values_becomes_numbered_series(form: str) -> None:
    texts = [b'{"series":"a{x=\\"1\\"}","value":[1,null,[2.5]],"unit":"s"}', b'{"series":"b","value":3}',
             b'{"series":"c","labels":{"y":"2"},"value":[7],"t":%d}' % T,
             b'{"series":"d","value":[1,"x"]}', b'{"series":"e","value":[true]}',
             b'{"series":"f","value":[1],"value":[2]}', b'{"series":"g","value":[]}']  # fmt: skip
    if form == "object":
        texts = [texts[0].replace(b",", b",\n")]
    body = b"[" + b",".join(texts) + b"]" if form == "array" else b"\n".join(texts)
    parsed = parse_samples(body, KeyCache(), T + 1)
    rows = [('a_0{x="1"}', 1.0), ('a_2_0{x="1"}', 2.5), ("b", 3.0), ('c_0{y="2"}', 7.0)]
    assert list(zip(parsed.keys, parsed.values, strict=True)) == rows[: 2 if form == "object" else 4]
    assert parsed.declared == [(0, "s", None), (1, "s", None)]
    assert [(refusal.index, refusal.field) for refusal in parsed.refused] == (
        [] if form == "object" else [(3, "value"), (4, "value"), (5, "value")]
    )
    assert parsed.where is not None
    assert parsed.where() == ([0, 0] if form == "object" else [0, 0, 1, 2])


def test_arrays_do_not_make_a_part_longer_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples_json, "MAX_SAMPLES", 20)
    parsed = parse_samples(
        b"\n".join(b'{"series":"s%d","value":[1,2,3,4,5,6,7]}' % n for n in range(10)), KeyCache(), T
    )
    assert len(parsed.keys) == 21
    assert [refusal.index for refusal in parsed.refused] == list(range(3, 10))


def test_an_array_for_a_named_series_becomes_numbered_series() -> None:
    for body in (b"[1, null, 2]", b' {"value":[1,null,2],"unit":"s"}'):
        parsed = parse_named("a", body, KeyCache(), T + 1)
        assert (parsed.keys, parsed.values) == (["a_0", "a_2"], [1, 2])
        assert parsed.where is not None
        assert parsed.where() == [0, 0]
