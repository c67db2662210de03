"""Messages of an MQTT broker: how much of them waits, and where long ones are parsed."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dashboard.feeders import mqtt
from dashboard.feeders.mqtt import MqttSource
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import MqttBroker
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.parsed import Parsed
from tests.support.intakes import IntakeStand
from tests.support.parsed_checks import LATEST_MS, T


def a_state() -> SourceState:
    return SourceState("mqtt:home", "mqtt", "127.0.0.1:1883", lambda: T, 10)


@pytest.mark.gen_test
async def test_a_long_message_is_parsed_in_a_thread_and_one_that_is_too_long_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, threads, keys = a_state(), list[str](), list[str]()
    submitter: Any = SimpleNamespace(latest_ms=lambda: LATEST_MS)
    broker = MqttBroker(name="home", host="127.0.0.1", topics=["home/{name}"])
    source = MqttSource(broker, submitter=cast(Submitter, submitter), state=state)
    read = source._reader.read

    def noted(*given: Any) -> Parsed:
        threads.append("loop" if threading.current_thread() is threading.main_thread() else "aside")
        return read(*given)

    monkeypatch.setattr(source._reader, "read", noted)
    for payload in (b"1", b'{"a": %b2}' % (b" " * 5_000), b" " * mqtt._MAX_PAYLOAD_BYTES + b"3"):
        keys += (await source._read("home/t", payload, False)).batch.keys
    assert threads == ["loop", "aside"]
    assert keys == ["t", "t_a"]
    assert [refusal.reason for refusal in state.refusals] == ["payload: is longer than 4194304 bytes"]


class Messages(list[tuple[str, bytes]]):
    """Messages of a broker that wait."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        while self:
            topic, payload = self.pop(0)
            yield SimpleNamespace(topic=topic, payload=payload, retain=False)


@pytest.mark.gen_test
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("payload", [b"21.5", b"warm", b'{"n": 1, "s": "x"}', b"m v=1 1700000000000000000"])
async def test_of_two_topics_that_would_be_one_name_the_second_is_refused(payload: bytes, at_once: bool) -> None:
    stand, state = IntakeStand(), a_state()
    submitter = Submitter(samples=stand.samples, documents=stand.documents, limits=stand.limits)
    topics = ["home/room a", "home/room_a", "home/room a", "home/room_a"]
    broker = MqttBroker(name="home", host="127.0.0.1", topics=["home/{name}"])
    source = MqttSource(broker, submitter=submitter, state=state)
    async with stand.running():
        sent = [(topic, payload) for topic in topics]
        for messages in [Messages(sent)] if at_once else [Messages([each]) for each in sent]:
            await source._take(cast(Any, SimpleNamespace(messages=messages)))
    values = 2 if payload.startswith(b"{") else 1
    assert (state.accepted, state.refused) == (2 * values, {"name_taken": 2 * values})


@pytest.mark.gen_test
async def test_messages_that_wait_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_MAX_WAITING_BYTES", 1_000)
    state = a_state()
    queue = mqtt._queue_type(state)(10)
    message = SimpleNamespace(payload=b"x" * 400)
    for _ in range(3):
        queue.put_nowait(message)
    assert (queue.qsize(), state.dropped) == (2, {"queue_full": 1})
    await queue.get()
    queue.put_nowait(message)
    assert (queue.qsize(), state.dropped) == (2, {"queue_full": 1})
