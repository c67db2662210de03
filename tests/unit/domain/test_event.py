from __future__ import annotations

from dashboard.domain.event import EventIn, build_event, fingerprint_of


def test_an_event_is_made_fit_to_be_shown() -> None:
    event = build_event(None, " a\n\tb\x00 ", text="x\r\ny\x07\ud800", tags=["a", "", "a", " b "], state="x")
    assert event == EventIn(None, "a b\ufffd", "x\ny\ufffd\ufffd", ("a", "b"), "event", "x")


def test_what_is_too_long_says_so() -> None:
    event = build_event(1, "t" * 300, text="x" * 5_000, tags=[f"t{i}" for i in range(40)])
    assert (len(event.title), event.title[-1], len(event.text), event.text[-1]) == (200, "…", 4_000, "…")
    assert (len(event.tags), event.tags[-1]) == (32, "… 9 more tags")


def test_fingerprints_tell_parts_apart() -> None:
    assert fingerprint_of("a", "b") == fingerprint_of("a", "b")
    assert fingerprint_of("a", "b") != fingerprint_of("ab")
    assert len(fingerprint_of("\ud800")) == 16
