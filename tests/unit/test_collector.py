"""The garbage collector rests while tests are collected."""

from __future__ import annotations

import gc

import pytest

from tests.support import collector


def test_what_the_collection_makes_is_left_aside_by_the_collector() -> None:
    before = gc.get_freeze_count()
    collection = collector.pytest_collection()
    next(collection)
    try:
        assert not gc.isenabled()
        made = [[number] for number in range(1_000)]
    finally:
        with pytest.raises(StopIteration) as done:
            collection.send(made)
    assert (gc.isenabled(), done.value.value) == (True, made)
    assert gc.get_freeze_count() >= before + len(made)
