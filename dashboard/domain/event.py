"""Events: a deploy, an annotation, an alert that fires or ends, a check's result.

Sources: StatsD (DogStatsD) events and checks, Graphite events, Grafana annotations, Alertmanager.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

MAX_TITLE_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 4_000
MAX_TAGS = 32
MAX_TAG_BYTES = 200

EventKind = Literal["event", "annotation", "alert", "check"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


class EventIn(Struct, frozen=True):
    """Event as a feeder sent it. A ``t_ms`` of None stands for the time of acceptance.

    ``state``: ``firing`` or ``resolved`` for an alert; ``ok``, ``warning``, ``critical`` or ``unknown`` for a check; else "".
    Events with the same ``fingerprint`` are about the same alert or check; the newest event gives its state.
    """

    t_ms: int | None
    title: str
    text: str = ""
    tags: tuple[str, ...] = ()
    kind: EventKind = "event"
    state: str = ""
    ended_ms: int | None = None
    fingerprint: str = ""


def build_event(
    t_ms: int | None,
    title: str,
    *,
    text: str = "",
    tags: Iterable[str] = (),
    kind: EventKind = "event",
    state: str = "",
    ended_ms: int | None = None,
    fingerprint: str = "",
) -> EventIn:
    """Build an event that can be shown: long texts are cut with …, unprintable characters become �, empty tags are left out."""
    shown = tuple(dict.fromkeys(_cut(_line(tag), MAX_TAG_BYTES) for tag in tags if tag.strip()))
    if len(shown) > MAX_TAGS:
        shown = (*shown[: MAX_TAGS - 1], f"… {len(shown) - MAX_TAGS + 1} more tags")
    return EventIn(
        t_ms,
        _cut(_line(title), MAX_TITLE_CHARACTERS),
        _cut(_CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")), MAX_TEXT_CHARACTERS),
        shown,
        kind,
        _cut(_line(state), 40),
        ended_ms,
        _cut(_line(fingerprint), 64),
    )


def fingerprint_of(*parts: str) -> str:
    """Derive a fingerprint from ``parts``, for senders that give none; equal parts give equal fingerprints."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _line(text: str) -> str:
    return _CONTROL.sub("\ufffd", _SPACES.sub(" ", text).strip())


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
