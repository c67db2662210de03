from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dashboard.domain.event import EventIn, EventKind
from dashboard.intake.accept_events import ALERTS, EVENTS, state_of
from tests.support.histories import T0
from tests.support.intakes import IntakeStand

pytestmark = pytest.mark.gen_test


async def listed(stand: IntakeStand, key: str) -> list[dict[str, Any]]:
    stored = (await stand.applied()).documents.get(key)
    if stored is None or stored.document is None:
        return []
    items: list[dict[str, Any]] = msgspec.json.decode(stored.document.body)["items"]
    return items


async def test_what_happened_is_listed_the_newest_first() -> None:
    stand = IntakeStand()
    async with stand.running():
        await stand.events.accept([EventIn(T0 - 5, "deploy 1", "by ann", ("web",)), EventIn(None, "deploy 2")])
        first, second = await listed(stand, EVENTS)
        assert (first["label"], first["t"]) == ("deploy 2", T0)
        assert (second["label"], second["value"], second["t"], second["tags"]) == (
            "deploy 1",
            "by ann",
            T0 - 5,
            ["web"],
        )
        assert await listed(stand, ALERTS) == []
    assert stand.counters.events_accepted == 2


async def test_an_alert_is_listed_with_its_state_until_it_is_over() -> None:
    firing = EventIn(T0, "web-1 is down", kind="alert", state="firing", fingerprint="f1")
    stand = IntakeStand()
    async with stand.running():
        await stand.events.accept([firing])
        (alert,) = await listed(stand, ALERTS)
        assert (alert["id"], alert["label"], alert["state"]) == ("f1", "web-1 is down", "critical")
        await stand.events.accept([msgspec.structs.replace(firing, state="resolved", ended_ms=T0 + 9)])
        (alert,) = await listed(stand, ALERTS)
        assert (alert["state"], alert["ended"]) == ("ok", T0 + 9)
        assert [each["state"] for each in await listed(stand, EVENTS)] == ["ok", "critical"]


async def test_an_alert_that_goes_on_is_told_once() -> None:
    firing = EventIn(T0, "web-1 is down", "for 5m", kind="alert", state="firing", fingerprint="f1")
    stand = IntakeStand()
    async with stand.running():
        await stand.events.accept([firing])
        await stand.events.accept([msgspec.structs.replace(firing, text="for 10m")])
        (told,) = await listed(stand, EVENTS)
        assert told["value"] == "for 10m"


async def test_a_request_that_comes_twice_is_stored_once() -> None:
    stand = IntakeStand()
    async with stand.running():
        for _ in range(2):
            await stand.events.accept([EventIn(None, "deploy")], request_id="r1")
        assert len(await listed(stand, EVENTS)) == 1
        await stand.events.accept([])
    assert stand.journal.head("metrics.0").seq == 1


async def test_a_long_text_is_cut() -> None:
    stand = IntakeStand()
    async with stand.running():
        await stand.events.accept([EventIn(T0, "x", "y" * 4_000)])
        (told,) = await listed(stand, EVENTS)
        assert len(told["value"]) == 500
        assert told["value"].endswith("y…")


@pytest.mark.parametrize(
    ("kind", "state", "tags", "shown"),
    [
        ("alert", "firing", (), "critical"),
        ("alert", "firing", ("severity:Warning",), "warning"),
        ("alert", "resolved", ("severity:critical",), "ok"),
        ("check", "unknown", (), "unknown"),
        ("check", "dancing", (), ""),
        ("event", "critical", (), ""),
    ],
)
async def test_alerts_and_checks_have_a_state(kind: EventKind, state: str, tags: tuple[str, ...], shown: str) -> None:
    assert state_of(EventIn(T0, "x", kind=kind, state=state, tags=tags)) == shown
