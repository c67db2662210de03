"""Messages of an MQTT broker: how much of them waits, and where long ones are parsed."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dashboard.feeders import mqtt
from dashboard.feeders.mqtt import MqttSource
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import MqttBroker
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T


def a_state() -> SourceState:
    return SourceState("mqtt:home", "mqtt", "127.0.0.1:1883", lambda: T, 10)


@pytest.mark.gen_test
async def test_a_long_message_is_parsed_in_a_thread_and_one_that_is_too_long_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, threads, into = a_state(), list[str](), Parsed()
    submitter: Any = SimpleNamespace(latest_ms=lambda: LATEST_MS)
    broker = MqttBroker(name="home", host="127.0.0.1", topics=["home/{name}"])
    source = MqttSource(broker, submitter=cast(Submitter, submitter), state=state)
    read = source._reader.read

    def noted(*given: Any) -> Parsed:
        threads.append("loop" if threading.current_thread() is threading.main_thread() else "aside")
        return read(*given)

    monkeypatch.setattr(source._reader, "read", noted)
    for payload in (b"1", b'{"a": %b2}' % (b" " * 5_000), b" " * mqtt._MAX_PAYLOAD_BYTES + b"3"):
        await source._read("home/t", payload, False, into)
    assert threads == ["loop", "aside"]
    assert into.batch.keys == ["t", "t_a"]
    assert [refusal.reason for refusal in state.refusals] == ["payload: is longer than 4194304 bytes"]


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
