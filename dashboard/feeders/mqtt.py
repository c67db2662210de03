"""Subscription to topics of an MQTT broker (the extra ``mqtt``: aiomqtt). ``Sources`` reconnects after a failure.

A retained message does not carry its time of publication, so it is counted as dropped: an old value must not look new.
If the broker allows it, topics that no template covers are subscribed to as well; each such topic is shown once among
the refusals.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial

from dashboard.domain.errors import ConfigurationError, Invalid
from dashboard.feeders.source_state import SourceFault, SourceState
from dashboard.feeders.sources_file import MqttBroker
from dashboard.feeders.submitter import Submitter, size_of
from dashboard.ingest.claims import collide
from dashboard.ingest.mqtt_payload import MqttReader
from dashboard.ingest.mqtt_topic import TopicTemplate, filters_of
from dashboard.ingest.parsed import Parsed

try:
    import aiomqtt
except ImportError:  # the extra [mqtt] is not installed, see ``check_extra``
    aiomqtt = None  # type: ignore[assignment]  # a module, or none

_MAX_WAITING = 10_000
_MAX_ROWS = 2_000
_TIMEOUT_S = 5.0
_KEEPALIVE_S = 15
_REFUSED = 128
#: Uncovered topics that are remembered, so that each is shown once; beyond it new ones are only counted.
_MAX_UNCOVERED = 1_000
#: A longer payload is refused unread, as feeders' bodies are (``max_ingest_bytes``); a broker may pass on 256 MB.
_MAX_PAYLOAD_BYTES = 4 << 20
#: A longer payload is parsed in a thread: a new series takes tens of microseconds.
_PARSED_AT_ONCE_BYTES = 4_096
#: Bytes of a refused payload that may be shown.
_SHOWN_BYTES = 512
#: Most bytes of messages that wait for the journal; further messages are dropped.
_MAX_WAITING_BYTES = 64 << 20


def check_extra() -> None:
    """Raise ConfigurationError when aiomqtt is not installed."""
    if aiomqtt is None:
        raise ConfigurationError("mqtt needs aiomqtt; pip install 'live-dashboard[mqtt]'")


class MqttSource:
    """Source for one broker. Messages wait for the journal in a queue of at most ``_MAX_WAITING``; further messages are dropped."""

    def __init__(self, broker: MqttBroker, *, submitter: Submitter, state: SourceState) -> None:
        self.state = state
        self._broker = broker
        self._submitter = submitter
        self._templates = broker.templates()
        self._reader = MqttReader(format_=broker.format, max_items=2 * broker.max_series)
        self._uncovered: set[str] = set()

    async def run(self) -> None:
        """Stay subscribed until cancelled; raises SourceFault."""
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
                await self._subscribe(client)
                self.state.well()
                await self._take(client)
        except aiomqtt.MqttError as error:
            raise SourceFault("connection", str(error)) from None

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Subscribe to the templates' topics and, if the file says so and the broker allows it, to all topics near them (``filters_of``).

        Raises SourceFault.
        """
        own = [template.topic_filter for template in self._templates]
        refused = await _refused(client, filters_of(self._templates) if self._broker.show_uncovered else own)
        if refused and self._broker.show_uncovered:
            refused = await _refused(client, own)
        if refused:
            raise SourceFault("subscription", f"the broker refuses {refused}")

    async def _take(self, client: aiomqtt.Client) -> None:
        """Read messages, and store all messages that wait in the queue together.

        A message whose topic would be a series of another topic is stored alone, after the others: by then these own the series.
        """
        merged, messages = Parsed(), client.messages
        try:
            async for message in messages:
                parsed = await self._read(str(message.topic), bytes(message.payload or b""), bool(message.retain))
                is_second = collide(merged.batch.claims, parsed.batch.claims)
                whole, merged = (merged, Parsed()) if is_second else (Parsed(), merged)
                merged.join(parsed, 0)
                if size_of(whole):
                    await self._submitter.keep_counted(whole, self.state)
                if is_second or len(messages) == 0 or size_of(merged) >= _MAX_ROWS:
                    whole, merged = merged, Parsed()
                    if size_of(whole):
                        await self._submitter.keep_counted(whole, self.state)
        finally:
            if left := size_of(merged) + len(messages):
                self.state.dropped["stopped"] += left

    async def _read(self, topic: str, payload: bytes, retained: bool) -> Parsed:
        """Read a message, and count its refusals; return what is to be stored."""
        self.state.seen()
        if retained:
            self.state.dropped["retained"] += 1
            return Parsed()
        template = self._template_of(topic)
        if template is None:
            self._pass_over(topic)
            return Parsed()
        if len(payload) <= _MAX_PAYLOAD_BYTES and not payload.strip(b"\x00 \t\r\n"):
            self.state.dropped["empty"] += 1  # an empty payload deletes a retained message (MQTT 3.1.1, 3.3.1.3)
            return Parsed()
        try:
            parsed = await self._parsed(topic, payload, template)
        except Invalid as invalid:
            self.state.refuse(invalid.code, str(invalid), topic.encode() + b" " + payload[:_SHOWN_BYTES])
            return Parsed()
        batch = parsed.batch
        self.state.refuse_all(batch.refused, unlisted=batch.unread)
        batch.refused, batch.unread, batch.not_finite = [], 0, 0
        return parsed

    async def _parsed(self, topic: str, payload: bytes, template: TopicTemplate) -> Parsed:
        """Parse a message, in a thread if it is long; raises Invalid."""
        if len(payload) > _MAX_PAYLOAD_BYTES:
            raise Invalid(f"is longer than {_MAX_PAYLOAD_BYTES} bytes", field="payload")
        work = partial(self._reader.read, topic, payload, template, self._submitter.latest_ms())
        if len(payload) <= _PARSED_AT_ONCE_BYTES:
            return work()
        try:
            return await asyncio.get_running_loop().run_in_executor(None, work)
        except asyncio.CancelledError:
            self.state.dropped["stopped"] += 1
            raise

    def _pass_over(self, topic: str) -> None:
        """Count a message of an uncovered topic, and show the topic once."""
        self.state.dropped["uncovered"] += 1
        if topic not in self._uncovered and len(self._uncovered) < _MAX_UNCOVERED:
            self._uncovered.add(topic)
            self.state.refuse(
                "uncovered",
                "topic: no template covers it; add one to topics, as home/{room}/{name}",
                topic,
                count=False,
            )

    def _template_of(self, topic: str) -> TopicTemplate | None:
        return next((template for template in self._templates if template.match(topic) is not None), None)


async def _refused(client: aiomqtt.Client, filters: list[str]) -> str:
    """Subscribe to the topic filters in order; return the first filter that the broker refuses, or ""."""
    for each in filters:
        granted = await client.subscribe(each, qos=1)
        if any(code == _REFUSED for code in granted):
            return each
    return ""


def _queue_type(state: SourceState) -> type[asyncio.Queue[aiomqtt.Message]]:
    """Return a class of queues, bounded in number and in bytes, that drop and count the messages that do not fit."""

    class BoundedQueue(asyncio.Queue["aiomqtt.Message"]):
        def __init__(self, maxsize: int = 0) -> None:
            super().__init__(maxsize)
            self._bytes = 0

        def put_nowait(self, item: aiomqtt.Message) -> None:
            length = len(item.payload)
            if self.full() or self._bytes + length > _MAX_WAITING_BYTES:
                state.dropped["queue_full"] += 1
                return
            super().put_nowait(item)
            self._bytes += length

        def get_nowait(self) -> aiomqtt.Message:
            item = super().get_nowait()
            self._bytes -= len(item.payload)
            return item

    return BoundedQueue
