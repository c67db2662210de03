from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_EVERY_S, KeyCache, check_declared, check_time, check_value

NOW_MS = 1_800_000_000_000


def test_integers_become_the_nearest_double() -> None:
    for value in (2**53, -(2**53) - 1, 2**64 - 1, 10**300, 0, 1e300, -1e300):
        assert check_value(value) == float(value)
    with pytest.raises(Invalid, match="larger than any number"):
        check_value(10**400)


def test_times_are_milliseconds_since_1973_and_not_in_the_future() -> None:
    assert check_time(None, NOW_MS) is None
    assert check_time(100_000_000_000, NOW_MS) == 100_000_000_000
    assert check_time(NOW_MS, NOW_MS) == NOW_MS
    assert check_time(1_700_000_000_000.9, NOW_MS) == 1_700_000_000_000
    for wrong in (NOW_MS + 1, 99_999_999_999, 0, -1, 10**30, 1e300):
        with pytest.raises(Invalid) as caught:
            check_time(wrong, NOW_MS)
        assert caught.value.field == "t"
    with pytest.raises(Invalid, match="looks like seconds"):
        check_time(1_700_000_000, NOW_MS)


@pytest.mark.parametrize(
    ("t_ms", "unit", "reason"),
    [
        (NOW_MS // 1_000, "milliseconds", "must be milliseconds since 1970; it looks like seconds"),
        (NOW_MS * 1_000, "milliseconds", "must be milliseconds since 1970; it looks like microseconds"),
        (NOW_MS * 1_000, "seconds", "must be seconds since 1970; it looks like milliseconds"),
        (NOW_MS / 1_000_000_000, "nanoseconds", "must be nanoseconds since 1970; it looks like seconds"),
        (NOW_MS * 60_000, "minutes", "must be minutes since 1970"),
        (5_000, "seconds", "must be seconds since 1970"),
    ],
)
def test_a_time_in_another_unit_is_told_in_the_senders_own(t_ms: float, unit: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_time(t_ms, NOW_MS, field="when", unit=unit)
    assert (caught.value.field, caught.value.reason) == ("when", reason)


def test_units_and_cadences_are_bounded() -> None:
    check_declared(None, None)
    check_declared("", MAX_EVERY_S)
    check_declared("é" * 16, 0.001)
    for unit, every_s in (("x" * 33, None), ("a\nb", None), (None, 0), (None, -1), (None, MAX_EVERY_S + 1)):
        with pytest.raises(Invalid):
            check_declared(unit, every_s)
    for every_s in (float("nan"), float("inf")):
        with pytest.raises(Invalid):
            check_declared(None, every_s)


def test_one_series_has_one_text_however_it_is_named() -> None:
    cache = KeyCache()
    texts = {
        cache.learn("a", b'{"x":"1","y":"2"}'),
        cache.learn("a", b' { "y" : "2", "x":"\\u0031", "z":"" } '),
        cache.learn('a{x="1",y="2"}', b""),
        cache.learn('a{y="2"}', b'{"x":"1"}'),
        cache.learn(' a { y="2", x="1" } ', b"null"),
    }
    assert texts == {'a{x="1",y="2"}'}


@pytest.mark.parametrize(
    ("name", "labels"),
    [("a", b"[]"), ("a", b"1"), ("a", b'"x"'), ("a", b'{"x":1}'), ("a", b'{"x":null}'), ("a", b'{"x":"1","x":"1"}'),
     ('a{x="1"}', b'{"x":"1"}'), ("a", b'{"9":"1"}'), ("a", b'{"__name__":"b"}'), ("a", b'{"x":{"y":"z"}}'),
     ("", b""), ("a b", b""), ("a", b"[" * 100_000)],
)  # fmt: skip
def test_bad_names_and_labels_are_invalid(name: str, labels: bytes) -> None:
    with pytest.raises(Invalid):
        KeyCache().learn(name, labels)


def test_the_cache_is_bounded_in_number() -> None:
    cache = KeyCache(max_keys=10)
    for number in range(100):
        assert cache.learn(f"s{number}", b"") == f"s{number}"
        assert len(cache.known) <= 10


def test_the_cache_is_bounded_in_bytes() -> None:
    cache = KeyCache()
    for number in range(20):
        cache.learn("a", b'{"x":"1"' + b" " * (100_000 + number) + b"}")
    assert sum(len(name) + len(labels) for name, labels in cache.known) < 1_000_000


def test_two_lists_of_rows_that_look_alike_when_joined_are_told_apart() -> None:
    cache = KeyCache()
    for number, row in enumerate([("a", b"1\n2"), ("a", b"3"), ("a", b"1"), ("a", b"2\n3")]):
        cache.known[row] = f"series {number}"
    for _ in range(2):
        for labels, keys in (([b"1\n2", b"3"], ["series 0", "series 1"]), ([b"1", b"2\n3"], ["series 2", "series 3"])):
            rows = cache.find(["a", "a"], labels)
            assert rows is not None
            assert (rows.keys, rows.labelled, rows.colons) == (keys, 2, 0)
