from __future__ import annotations

import json
import os
import time
from random import Random

from dashboard.domain.errors import Invalid
from dashboard.messages.session import Disconnect, RequestRefusal, SessionLimits
from dashboard.messages.views import encode, with_id
from dashboard.socketio.engine_packets import EngineType, parse_body
from dashboard.socketio.events import translate
from dashboard.socketio.session import Connect, Leave, NamespaceRefusal, SocketIoSession
from tests.support.deadline import within
from tests.support.mutation import mutate

INPUTS = 100_000 if os.environ.get("NIGHTLY") else 10_000
SEEDS = [
    b'40{"token":"a.b.c","pid":"p","offset":"o"}',
    b"40/live,",
    b'420["auth",{"id":"ann","username":"Ann","token":"x"}]',
    b'421["room:join","ops"]\x1e42["typing:start",{"roomId":"ops"}]\x1e3',
    b'4212["chat:message",{"roomId":"ops","text":"\\u00e9\\ud83d\\ude00","key":"k","at":1700000000000}]',
    b'42/live,3["watch",{"selectors":["cpu{host=~\\"web.*\\"}"],"window_s":900.5,"since":"0123456789abcdef.15"}]',
    b'452-["chat:message",{"_placeholder":true,"num":0}]\x1ebAQIDBA==\x1ebAQIDBA==',
    b"41/live,\x1e431[7]",
    '42["history",{"roomId":"κόσμε","limit":50}]'.encode(),
]
PIECES = [
    b"4", b"2", b"\x1e", b"/live,", b"/", b",", b"b", b"51-", b'["', b'"]', b"\\ud800", b"\\u0000", b"null", b"1e999", b"NaN",
    b"[" * 2000, b"{" * 40, b'"roomId":', b'"auth"', b"9" * 400, b"\xff", b"\x00", b"-1", b"connect", "²".encode(), b"|", b'\\"',
]  # fmt: skip


def test_no_body_makes_a_session_raise_and_every_refusal_can_be_sent() -> None:
    random = Random(8259)
    kinds: dict[str, int] = {}
    slowest = 0.0
    for number in range(INPUTS):
        session = SocketIoSession(SessionLimits(message_burst=1e9), 0.0)
        if number % 3:  # most are in both namespaces
            session.take("0", 0.0)
            session.take("0/live,", 0.0)
        text = mutate(random, SEEDS[number % len(SEEDS)], PIECES).decode("utf-8", "replace")
        began = time.process_time()
        try:
            packets = parse_body(text, max_packets=16)
        except Invalid:
            packets = []
            kinds["no body"] = kinds.get("no body", 0) + 1
        for packet in packets:
            if packet.type is EngineType.BINARY:
                outcome: object = session.skip_attachment(0.0)
            elif packet.type is EngineType.MESSAGE:
                outcome = session.take(packet.data, 0.0)
            else:
                continue
            kinds[type(outcome).__name__] = kinds.get(type(outcome).__name__, 0) + 1
            if isinstance(outcome, RequestRefusal):
                for made in translate(with_id(encode(outcome.error), outcome.id), session.namespaces, 5):
                    json.loads(made[made.index(b"[") :])
            if isinstance(outcome, Disconnect):
                break
            assert isinstance(outcome, Connect | Leave | NamespaceRefusal | RequestRefusal | None) or hasattr(
                outcome, "id"
            )
        slowest = max(slowest, time.process_time() - began)
    assert {"Connect", "Post", "Watch", "Disconnect", "RequestRefusal", "no body"} <= kinds.keys(), kinds
    within(slowest, 0.5, "the CPU time of one packet")
