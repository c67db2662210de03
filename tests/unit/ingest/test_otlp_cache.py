from __future__ import annotations

from dashboard.ingest.otlp_cache import MAX_CACHED_BYTES, PointCache


def test_the_series_of_a_point_is_known_by_its_metric_and_attributes() -> None:
    cache = PointCache()
    assert cache.numbers(b"cpu") == {}
    cache.learn_number(b"cpu", "cpu", b"host=a", 'cpu{host="a"}')
    assert cache.numbers(b"cpu") == {b"host=a": 'cpu{host="a"}'}
    assert cache.numbers(b"memory") == {}


def test_a_metric_whose_name_changes_is_learnt_anew() -> None:
    cache = PointCache()
    cache.learn_number(b"cpu", "cpu", b"host=a", 'cpu{host="a"}')
    in_use = cache.numbers(b"cpu")  # by another thread, for a body that has the former name
    cache.learn_number(b"cpu", "cpu_total", b"host=b", 'cpu_total{host="b"}')
    assert cache.numbers(b"cpu") == {b"host=b": 'cpu_total{host="b"}'}
    assert cache.numbers(b"cpu").name == "cpu_total"
    assert (in_use.name, in_use) == ("cpu", {b"host=a": 'cpu{host="a"}'})


def test_not_more_is_remembered_than_there_is_room_for() -> None:
    cache = PointCache(max_items=10)
    for number in range(25):
        cache.learn_number(b"cpu", "cpu", b"%d" % number, "cpu")
    assert len(cache.numbers(b"cpu")) <= 10
    long = b"x" * (MAX_CACHED_BYTES + 1)
    assert cache.numbers(long) is not cache.numbers(long)
