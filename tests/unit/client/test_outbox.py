"""Outbox: the next batch, and the meaning of each answer, exact to the sample."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from dashboard.client.http import HttpAnswer
from dashboard.client.outbox import Outbox, SentBatch
from dashboard.client.sample import Sample


def outbox(max_batch: int = 10, max_samples: int = 100) -> Outbox:
    keys = iter(f"key-{number}" for number in range(1_000))
    return Outbox(max_batch=max_batch, max_samples=max_samples, chance=lambda: 0.0, new_key=lambda: next(keys))


def filled(count: int, **sizes: int) -> Outbox:
    box = outbox(**sizes)
    for value in range(count):
        box.add(Sample.of("a", value, t_ms=value))
    return box


def batch_of(box: Outbox) -> SentBatch:
    batch = box.batch()
    assert batch is not None
    return batch


def answer(status: int, said: Any = None, **headers: str) -> HttpAnswer:
    return HttpAnswer(
        status, {k.replace("_", "-"): v for k, v in headers.items()}, b"" if said is None else json.dumps(said).encode()
    )


def consistent(box: Outbox) -> bool:
    counts = box.counts
    return counts.pushed == counts.accepted + counts.refused + counts.dropped + counts.waiting


def test_a_batch_keeps_its_bytes_and_its_key_until_it_is_settled() -> None:
    box = filled(3, max_batch=2)
    first = batch_of(box)
    assert [each["value"] for each in json.loads(first.body)] == [0, 1]
    box.add(Sample.of("late", 9, t_ms=9))
    assert box.failed("gone").wait_s > 0
    assert box.answered(answer(503), 0).wait_s > 0
    assert batch_of(box) is first
    assert first.headers["Idempotency-Key"] == "key-0"
    box.answered(answer(202, {"accepted": 2}), 0)
    assert batch_of(box).key == "key-1"
    assert (box.counts.accepted, box.counts.waiting, box.counts.retries) == (2, 2, 2)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_an_overload_answer_keeps_the_batch_and_its_retry_after_is_honoured(status: int) -> None:
    box = filled(1)
    batch = batch_of(box)
    assert box.answered(answer(status, retry_after="7"), 0).wait_s == 7
    assert batch_of(box) is batch
    assert box.counts.waiting == 1


def test_refused_samples_are_named_counted_and_never_sent_again() -> None:
    box = filled(3)
    batch = batch_of(box)
    refused = [{"index": 1, "field": "value", "reason": "too large", "code": "invalid"}]
    outcome = box.answered(answer(400, {"code": "invalid", "error": "1 of 3", "accepted": 2, "refused": refused}), 0)
    (refusal,) = outcome.refusals
    assert (refusal.sample, refusal.reason, refusal.field) == (batch.samples[1], "too large", "value")
    assert (box.counts.accepted, box.counts.refused, box.counts.waiting) == (2, 1, 0)
    assert box.batch() is None


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 415, 421])
def test_an_answer_that_no_retry_mends_refuses_the_whole_batch(status: int) -> None:
    box = filled(2)
    batch_of(box)
    outcome = box.answered(answer(status, {"code": "nope", "error": "no"}), 0)
    assert {(r.code, r.reason) for r in outcome.refusals} == {("nope", f"answered {status}: no")}
    assert outcome.wait_s == 0
    assert (box.counts.refused, box.batch()) == (2, None)


def test_a_body_that_is_too_large_is_sent_in_halves_with_keys_of_their_own() -> None:
    box = filled(3)
    batch_of(box)
    box.answered(answer(413), 0)
    sent = []
    while (batch := box.batch()) is not None:
        sent.append((batch.key, [each.value for each in batch.samples]))
        box.answered(answer(202 if len(batch.samples) == 1 else 413), 0)
    assert [values for _, values in sent] == [[0], [1, 2], [1], [2]]
    assert len({key for key, _ in sent}) == 4
    assert box.counts.accepted == 3


def test_one_sample_that_is_too_large_alone_is_refused() -> None:
    box = filled(1)
    batch_of(box)
    assert len(box.answered(answer(413), 0).refusals) == 1


def test_what_could_not_stand_in_a_body_is_refused_at_once() -> None:
    box = outbox()
    bad: list[tuple[str, Any]] = [
        ("a", float("nan")),
        ("a", float("inf")),
        ("a", "3"),
        ("a", None),
        ("a", 10**400),
        ("a\ud800", 3),
    ]
    for name, value in bad:
        assert box.add(Sample.of(name, value, t_ms=1)) is not None
    assert (box.counts.pushed, box.counts.refused, box.batch()) == (6, 6, None)


@pytest.mark.parametrize(
    "odd",
    [
        {"unit": 5},
        {"every_s": "5"},
        {"every_s": float("nan")},
        {"t_ms": float("nan")},
        {"t_ms": None},
        {"labels": ["a"]},
    ],
)
def test_what_is_said_oddly_is_refused_and_counted_and_never_raised(odd: dict[str, Any]) -> None:
    box = outbox()
    assert box.add(Sample.of("a", 1, **{"t_ms": 1, **odd})) is not None
    assert box.add(Sample.of("a", 1, t_ms=1, unit=None, every_s=None)) is None  # type: ignore[arg-type]
    assert (box.counts.refused, box.counts.waiting) == (1, 1)
    assert consistent(box)


def test_numbers_of_any_kind_are_sent_as_numbers() -> None:
    box = outbox()
    values: list[Any] = [True, Decimal("1.5"), Fraction(1, 4), 2**53]
    for value in values:
        assert box.add(Sample.of("a", value, t_ms=1)) is None
    assert [each["value"] for each in json.loads(batch_of(box).body)] == [1, 1.5, 0.25, 2**53]


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    box = filled(25, max_batch=10, max_samples=10)
    assert (box.counts.dropped, box.counts.waiting) == (15, 10)
    batch_of(box)
    for value in range(12):
        box.add(Sample.of("b", value, t_ms=value))
    assert (box.counts.dropped, box.counts.waiting) == (17, 20)
    box.abandon()
    assert (box.counts.dropped, box.counts.waiting) == (37, 0)
    assert consistent(box)


@pytest.mark.parametrize("said", [None, {"refused": 3}, {"refused": [{"index": 99}, 5, {"index": True}]}, [1], "x"])
def test_an_answer_that_is_nonsense_still_leaves_the_counts_exact(said: Any) -> None:
    box = filled(2)
    batch_of(box)
    box.answered(answer(400, said), 0)
    assert consistent(box)
    assert box.counts.waiting == 0


def test_a_batch_is_never_larger_than_what_the_server_answers_for() -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        outbox(max_batch=1_001)
