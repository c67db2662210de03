from __future__ import annotations

import time
from random import Random

import msgspec

from dashboard.messages.session import Disconnect, RequestRefusal, Session, SessionLimits
from dashboard.messages.views import Ping, Unwatch, Watch, encode, with_id
from tests.support.deadline import within
from tests.support.mutation import mutate

INPUTS = 100_000
SEEDS = [
    b'{"type":"watch","id":1,"board":"host","since":"0123456789abcdef.15"}',
    b'{"type":"watch","id":"\\u00e9\\ud83d\\ude00","selectors":["cpu{host=~\\"web.*\\"}","a"],"window_s":900.5,"points":4}',
    b'{"type":"unwatch","view":"v0123456789abcdef","id":null}',
    b'{"type":"ping","id":9007199254740992,"painted_ms":[1,2.5,6e5]}',
    b'{"type":"nothing","id":"x","deep":[[[[{"a":[]}]]]]}',
    '{"type":"ping","id":"κόσμε"}'.encode(),
]
PIECES = [
    b'"type":"ping",', b'"id":', b"\\ud800", b"\\udc00", b"\\u0000", b"null", b"1e999", b"-1e-999", b"[", b"{" * 40,
    b"[" * 2000, b'"', b"\\", b",", b":", b"}", b"true", b"9" * 400, b"1.5", b"NaN", b"\xff", b"\xed\xa0\x80", b"\x00",
    b"18446744073709551616", b'"points":', b'"since":""', b"0." + b"0" * 300, "\u2028".encode(),
]  # fmt: skip


def test_no_text_makes_a_session_raise() -> None:
    random = Random(8259)
    session = Session(SessionLimits(message_burst=1e9), 0.0)
    kinds: dict[type, int] = {}
    slowest = 0.0
    for number in range(INPUTS):
        text = mutate(random, SEEDS[number % len(SEEDS)], PIECES).decode("utf-8", "replace")
        began = time.process_time()
        outcome = session.receive(text, 0.0)
        slowest = max(slowest, time.process_time() - began)
        kinds[type(outcome)] = kinds.get(type(outcome), 0) + 1
        assert not isinstance(outcome, Disconnect)
        if isinstance(outcome, RequestRefusal):
            answer = with_id(encode(outcome.error), outcome.id)
            assert len(outcome.error.message) < 1_000
        else:
            answer = with_id(b'{"type":"pong"}', outcome.id)
        msgspec.json.decode(answer)  # whatever was said can be answered
    assert kinds.keys() == {Watch, Unwatch, Ping, RequestRefusal}
    assert min(kinds.values()) > INPUTS // 100, kinds
    within(slowest, 0.5, "the CPU time of one message")
