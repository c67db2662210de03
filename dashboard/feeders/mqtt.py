"""Subscribe to topics of an MQTT broker (the extra ``mqtt``: aiomqtt); connected again by ``Sources`` when it breaks.

A retained message says nothing of when it was said, so it is counted as dropped: an old value must not look new.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import Any

from dashboard.domain.errors import ConfigurationError, Invalid
from dashboard.feeders.source_state import SourceFault, SourceState
from dashboard.feeders.sources_file import MqttBroker
from dashboard.feeders.submitter import Submitter, size_of
from dashboard.ingest.mqtt_payload import TopicTemplate, parse_mqtt
from dashboard.ingest.parsed import Parsed

_MAX_WAITING = 10_000
_MAX_ROWS = 2_000
_TIMEOUT_S = 5.0
_KEEPALIVE_S = 15
_REFUSED = 128


def check_extra() -> None:
    """Raise ConfigurationError when aiomqtt is not installed."""
    try:
        import aiomqtt  # noqa: F401 - whether it is there
    except ImportError:
        raise ConfigurationError("mqtt needs aiomqtt; pip install 'live-dashboard[mqtt]'") from None


class MqttSource:
    """One broker. What comes faster than the journal takes it waits in a bounded queue."""

    def __init__(self, broker: MqttBroker, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._broker = broker
        self._submitter = submitter
        self._templates = broker.templates()

    async def run(self) -> None:
        """Stay subscribed until cancelled; raises SourceFault."""
        import aiomqtt

        broker = self._broker
        client = aiomqtt.Client(
            broker.host,
            broker.port or (8883 if broker.tls else 1883),
            username=broker.username or None,
            password=broker.password() or None,
            identifier=broker.client_id or None,
            queue_type=_queue_type(self.state),
            max_queued_incoming_messages=_MAX_WAITING,
            tls_context=ssl.create_default_context(cafile=broker.ca_file or None) if broker.tls else None,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
        )
        try:
            async with client:
                for template in self._templates:
                    granted = await client.subscribe(template.topic_filter, qos=1)
                    if any(code == _REFUSED for code in granted):
                        raise SourceFault("subscription", f"the broker refuses {template.topic_filter}")
                self.state.well()
                await self._take(client)
        except aiomqtt.MqttError as error:
            raise SourceFault("connection", str(error)) from None

    async def _take(self, client: Any) -> None:
        """Messages as they come; those that wait together are stored together."""
        merged, messages = Parsed(), client.messages
        try:
            async for message in messages:
                self._read(str(message.topic), bytes(message.payload or b""), bool(message.retain), merged)
                if len(messages) == 0 or size_of(merged) >= _MAX_ROWS:
                    whole, merged = merged, Parsed()
                    if size_of(whole):
                        await self._submitter.keep_counted(whole, self.state)
        finally:
            if left := size_of(merged) + len(messages):
                self.state.dropped["stopped"] += left

    def _read(self, topic: str, payload: bytes, retained: bool, into: Parsed) -> None:
        self.state.seen()
        if retained:
            self.state.dropped["retained"] += 1
            return
        template = self._template_of(topic)
        try:
            if template is None:
                raise Invalid("the topic is not of a template", field="topic")
            parsed = parse_mqtt(topic, payload, template)
        except Invalid as invalid:
            self.state.refuse(invalid.code, str(invalid), topic.encode() + b" " + payload)
            return
        self.state.refuse_all(parsed.batch.refused)
        into.batch.keys += parsed.batch.keys
        into.batch.times += parsed.batch.times
        into.batch.values += parsed.batch.values
        into.documents += parsed.documents
        into.places += parsed.places

    def _template_of(self, topic: str) -> TopicTemplate | None:
        return next((template for template in self._templates if template.match(topic) is not None), None)


class _Queue(asyncio.Queue[Any]):
    """A queue that counts what does not fit."""

    def __init__(self, state: SourceState, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._state = state

    def put_nowait(self, item: Any) -> None:
        if self.full():
            self._state.dropped["queue_full"] += 1
        else:
            super().put_nowait(item)


def _queue_type(state: SourceState) -> Any:
    return partial(_Queue, state)
