"""Messages of the server become updates: resuming, gaps, and the reasons to end for good."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.client.backoff import FIRST_S
from dashboard.client.following import Document, FollowError, Following, Lost, Point
from dashboard.client.websocket import HandshakeRefused

A = {"sid": 7, "series": "a", "name": "a", "labels": {}, "unit": "ms", "every_s": None, "last": 5}


def snapshot(**more: Any) -> dict[str, Any]:
    base = {"type": "snapshot", "id": 1, "view": "v", "as_of": 9, "position": "e.1", "step_ms": 0, "documents": []}
    return base | {"series": [A | {"t": [4, 5], "v": [1.0, 2.0]}]} | more


def frame(**more: Any) -> dict[str, Any]:
    return {"type": "frame", "view": "v", "as_of": 10, "position": "e.2"} | more


def test_a_snapshot_then_frames() -> None:
    following = Following(["a"], chance=lambda: 0.0)
    first = following.take(snapshot(documents=[{"key": "n", "body": {"x": 1}, "t": 3, "every_s": None}]))
    assert first is not None
    assert (first.snapshot, first.gap, first.as_of_ms) == (True, "", 9)
    assert first.points == (Point("a", 4, 1.0, "ms"), Point("a", 5, 2.0, "ms"))
    assert first.documents == (Document("n", {"x": 1}, 3),)
    b = A | {"sid": 8, "series": "b"}
    second = following.take(
        frame(series=[b], points=[[7, [6], [3.0]], [8, [6], [4.0], 70]], gone=[7, 99], gone_documents=["n"])
    )
    assert second is not None
    assert second.points == (Point("a", 6, 3.0, "ms"), Point("b", 6, 4.0, "ms"))
    assert ([s.series for s in second.series], second.gone, second.gone_documents) == (["b"], ("a",), ("n",))


def test_buckets_come_as_their_means() -> None:
    following = Following(board="host")
    first = following.take(snapshot(step_ms=10, series=[A | {"t": [0], "min": [1], "mean": [2.5], "max": [3]}]))
    second = following.take(frame(buckets=[[7, [10], [1], [4.5], [9]]]))
    assert first is not None
    assert second is not None
    assert [p.value for p in (*first.points, *second.points)] == [2.5, 4.5]


def test_the_next_request_goes_on_where_this_one_ended() -> None:
    following = Following("a", window_s=5)
    assert '"since"' not in following.request()
    following.take(snapshot())
    assert '"since": "e.1"' in following.request()
    assert following.take(frame()) is None, "nothing was missed"
    assert '"since": "e.2"' in following.request()


def test_a_gap_is_told_with_the_snapshot_after_it_once() -> None:
    following = Following(["a"])
    following.take(snapshot())
    assert following.take({"type": "gap", "view": "v", "reason": "trimmed", "position": "e.5"}) is None
    assert [update and update.gap for update in (following.take(snapshot()), following.take(snapshot()))] == [
        "trimmed",
        "",
    ]


def test_points_of_an_unknown_series_begin_the_view_anew() -> None:
    following = Following(["a"])
    following.take(snapshot())
    with pytest.raises(LookupError):
        following.take(frame(points=[[99, [1], [1.0]]]))
    following.begin_anew("unknown_series")
    assert '"since"' not in following.request()
    update = following.take(snapshot())
    assert update is not None
    assert update.gap == "unknown_series"


def test_unknown_messages_are_passed_over() -> None:
    assert Following(["a"]).take({"type": "weather", "rain": True}) is None


@pytest.mark.parametrize("code", ["invalid", "not_found", "too_many_subscriptions", "not_authenticated", "forbidden"])
def test_an_error_that_is_in_the_request_ends_it(code: str) -> None:
    with pytest.raises(FollowError, match="no such board"):
        Following(board="x").take({"type": "error", "id": 1, "code": code, "message": "no such board"})


@pytest.mark.parametrize("error", [Lost(4505, ""), Lost(4502, ""), Lost(1009, ""), HandshakeRefused(401, {})])
def test_what_would_end_the_same_again_is_not_tried_again(error: OSError) -> None:
    with pytest.raises(FollowError):
        Following(["a"]).lost(error, 0)


def test_all_else_is_tried_again_with_growing_waits() -> None:
    following = Following(["a"], chance=lambda: 0.0)
    waits = [following.lost(error, 0) for error in (Lost(4001, ""), OSError(), HandshakeRefused(502, {}))]
    assert waits == [FIRST_S / 2, FIRST_S, FIRST_S * 2]
    assert following.lost(Lost(4006, ""), 0) >= 5
    assert following.lost(HandshakeRefused(503, {"retry-after": "20"}), 0) == 20
    following.take(snapshot())
    assert following.lost(OSError(), 0) == FIRST_S / 2


def test_a_proxy_that_answers_a_reconnect_with_401_is_tried_again() -> None:
    following = Following(["a"])
    following.take({"type": "welcome"})
    assert following.lost(HandshakeRefused(401, {}), 0) > 0


def test_either_selectors_or_a_board() -> None:
    for arguments in ({}, {"selectors": ["a"], "board": "b"}):
        with pytest.raises(ValueError, match="either"):
            Following(**arguments)  # type: ignore[arg-type]
