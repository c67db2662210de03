"""Mends of issue 14, each with a function that takes it out: a search for dear requests must find the fault again."""

from __future__ import annotations

import re

import pytest

from dashboard.hub import preparation
from dashboard.index import patterns
from dashboard.ingest import batch
from dashboard.intake import accept_samples, batches
from dashboard.query import listing
from dashboard.web.feed import feeding
from dashboard.web.feed import format as format_
from dashboard.web.server import request_body


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 1: match each value by itself, with an engine that goes back, in one step."""
    monkeypatch.setattr(preparation, "_AT_ONCE_US", 10**9)
    monkeypatch.setattr(preparation, "_MAX_COST_US", 10**9)
    monkeypatch.setattr(patterns, "_by_line", lambda _: None)
    monkeypatch.setattr(patterns, "_whole", re.compile)


def bodies_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 2: keep the bodies of refused requests."""
    monkeypatch.setattr(request_body.RequestBody, "close", lambda self: None)


def members_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 3: open any number of members in one step."""
    monkeypatch.setattr(request_body, "_STEP_MEMBERS", 10**9)
    monkeypatch.setattr(request_body, "_MAX_MEMBERS", 10**9)


def unpacked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 3: decompress any number of bytes in one step."""
    monkeypatch.setattr(request_body, "_STEP_BYTES", 10**9)


def new_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 10: put any number of new series into one entry."""
    monkeypatch.setattr(batches, "_NEW_PER_ENTRY", 10**9)
    monkeypatch.setattr(batches, "_ROWS_PER_ENTRY", 8_000)


def bodies_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 10: parse bodies on the loop, in one step."""
    monkeypatch.setattr(feeding, "SLICE_BYTES", 10**9)
    monkeypatch.setattr(format_.Format, "parsed_at_once_bytes", 10**9)


def refusals_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 10: write any number of refusals, on the loop."""
    monkeypatch.setattr(batch, "MAX_REFUSALS", 10**9)
    monkeypatch.setattr(feeding, "MAX_REFUSALS", 10**9)
    monkeypatch.setattr(feeding, "_REFUSALS_AT_ONCE", 10**9)


def listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 10: list all series in one step."""
    monkeypatch.setattr(listing, "_ROWS_PER_STEP", 10**9)


def labels_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 10: put new series into entries whatever number of labels they have."""
    monkeypatch.setattr(batches, "_cost_of_new", lambda key: 4)


def ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 10: end any number of series by one entry."""
    monkeypatch.setattr(accept_samples, "_ENDED_AT_ONCE", 10**9)


#: Mends whose lack makes a request break the bar or cost many times as much. Without the steps of accepting rows neither is so.
MENDS = (
    at_once, bodies_kept, members_free, unpacked_at_once, new_at_once, bodies_whole, refusals_free,
    listed_at_once, labels_free, ends_at_once,
)  # fmt: skip
