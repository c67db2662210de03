"""The same requests by the quick way and by the handler's: the answers, the counts and the series must be the same."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.app.build import Dashboard
from dashboard.web.feed.feeding import FeedHandler
from dashboard.web.server import quick_connection
from dashboard.web.server.quick_connection import QuickConnection
from tests.handlers.feeders import guarded, series_in
from tests.support.deadline import in_time
from tests.support.inprocess import running
from tests.support.recorded import SENDERS, requests_of

pytestmark = pytest.mark.gen_test

#: A header that changes nothing, but is never on a request that is handled quickly.
BY_HANDLER = "Sec-Fetch-Site: none"
SAMPLES = "/api/v1/samples"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the rest of a request however busy the machine is."""
    monkeypatch.setattr(quick_connection, "_ARRIVES_S", 600.0)


class Sent(NamedTuple):
    """A request. ``headers``: as lines."""

    path: str
    body: bytes
    headers: tuple[str, ...] = ()


def known(body: Any, *headers: str, path: str = SAMPLES) -> Sent:
    return Sent(path, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


#: Each with whether it is handled quickly.
REQUESTS: list[tuple[Sent, bool]] = [
    (known({"series": "a", "value": 1}), True),
    (known([{"series": "a", "labels": {"x": "y"}, "value": 1.5, "unit": "ms", "every_s": 5}]), True),
    (known([{"series": "a", "value": 1}, {"series": "", "value": 1}, {"series": "b", "value": None}]), True),
    (known(b'{"series":"a","value":1}\n{"series":"b","value":2}\n'), True),
    (known([{"series": "a", "value": "text"}]), True),
    (known([{"series": "a", "value": 1, "t": 1}]), True),
    (known(b'[{"series":"a","value":NaN}]'), True),
    (known(b"\xef\xbb\xbf" + b'{"series":"a","value":1}'), True),
    (known(b""), False),
    (known(b"3"), False),
    (known(b"[not json"), False),
    (known(b'{"series":"a","value":1}'.decode().encode("utf-16")), False),
    (known(b"\x1f\x8b\x08 no gzip"), False),
    (known({"series": "a", "value": 1, "auth_token": "none"}), False),
    (known(b'{"series":"a","value":1,"\\u0061pi_key":"none"}'), False),
    (known({"series": "a", "value": 1}, "Idempotency-Key: one"), True),
    (known({"series": "a", "value": 1}, "Idempotency-Key: one"), True),
    (known({"series": "a", "value": 1}, "Idempotency-Key: " + "x" * 201), False),
    (known({"series": "a", "value": 1}, "Authorization: Bearer unknown"), False),
    (known({"series": "a", "value": 1}, "Authorization: Basic cm9vdDpyb290"), False),
    (known({"series": "a", "value": 1}, "X-Forwarded-For: 10.0.0.1"), False),
    (known({"series": "a", "value": 1}, "Content-Type: multipart/form-data; boundary=x"), False),
    (known({"series": "a", "value": 1}, "Content-Type: application/x-www-form-urlencoded"), True),
    (known([{"series": f"n{n}", "value": n} for n in range(400)]), True),
    (known(b"[" + b"0," * 1_500 + b"0]"), False),
    (known(b"3.5", path=f"{SAMPLES}/caf%C3%A9%20%2F"), False),
    (known(b"3.5", path=f"{SAMPLES}/%61%3Ab"), True),
    (known({"value": 2, "labels": {"a": "b"}}, path=f"{SAMPLES}/named"), True),
    (known(b"x", path=f"{SAMPLES}/named"), False),
    (known(b"3", path=f"{SAMPLES}/"), False),
    (known(b"cpu,host=a usage=1 1700000000000000000\ncpu,host=b usage=x", path="/write"), True),
    (known(b"cpu usage=1", path="/api/v2/write"), True),
    (known({"current": 5}, path="/widgets/karma"), True),
    (known({"what": "deploy", "tags": "a b"}, path="/events/"), True),
    (known({"series": "a"}, path="/api/annotations"), False),
    (known([{"metric": "a.b", "value": 1, "tags": {"h": "x"}}], path="/api/put"), True),
    (known({"resourceMetrics": []}, "Content-Type: application/json", path="/v1/metrics"), True),
    (known({"series": "a", "value": 1}, path="/api/v1/nowhere"), False),
    (known({"series": "a", "value": 1}, path="//api/v1/samples/"), True),
]


class Client:
    """One kept connection to a server; ``extra`` is on each request."""

    def __init__(self, server: Dashboard, extra: str = "") -> None:
        self.server, self._extra = server, extra

    async def send(self, sent: Sent) -> tuple[list[str], bytes]:
        """Head, without the date, and body of the answer."""
        if not hasattr(self, "_writer"):
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        lines = [f"POST {sent.path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(sent.body)}"]
        head = "\r\n".join([*lines, *filter(None, (self._extra, *sent.headers))])
        self._writer.write(f"{head}\r\n\r\n".encode() + sent.body)
        answer = (await in_time(self._reader.readuntil(b"\r\n\r\n"), 20)).decode("latin-1")
        length = re.search(r"Content-Length: (\d+)", answer)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        if "Connection: close" in answer:
            self.close()
        # the handler's answers to refused requests have the same headers in another order
        return sorted(line for line in answer.split("\r\n") if not line.startswith(("Date:", "Etag:"))), body

    @property
    def is_quick(self) -> bool:
        """Whether the connection is still served without Tornado."""
        assert self.server._server is not None
        return any(isinstance(each, QuickConnection) for each in self.server._server.connections)

    def close(self) -> None:
        if hasattr(self, "_writer"):
            self._writer.close()
            del self._writer


@asynccontextmanager
async def both(**chosen: Any) -> AsyncIterator[tuple[Client, Client]]:
    """A client of a server that it asks by the quick way, and of another that it asks by the handler's way."""
    async with running(**chosen) as one, running(**chosen) as other:
        quick, slow = Client(one), Client(other, BY_HANDLER)
        yield quick, slow
        quick.close()
        slow.close()


def state_of(server: Dashboard) -> dict[str, Any]:
    """What has become of the requests."""
    counters = server.counters
    return {
        "series": series_in(server),
        "accepted": counters.samples_accepted,
        "refused": counters.samples_refused,
        "feeders": counters.feeder_samples,
        "documents": counters.documents_accepted,
        "events": counters.events_accepted,
        "appends": counters.journal_appends,
        "held": server.web.context.bodies.held_bytes,
    }


async def same(quick: Client, slow: Client, sent: Sent) -> None:
    for client in (quick, slow):  # a client that was refused may have been cut off
        client.close()
    first, second = await quick.send(sent), await slow.send(sent)
    assert first == second, sent
    assert state_of(quick.server) == state_of(slow.server), sent


async def test_the_quick_way_answers_and_stores_as_the_handler_does() -> None:
    async with both() as (quick, slow):
        for sent, is_quick in REQUESTS:
            await same(quick, slow, sent)
            assert (quick.is_quick, slow.is_quick) == (is_quick, False), sent


async def test_limits_of_tokens_and_rights_count_on_the_quick_way(tmp_path: Path) -> None:
    for folder in (tmp_path / "1", tmp_path / "2"):
        folder.mkdir()
    async with (
        guarded(tmp_path / "1", prefixes=("ok_",), per_s=2) as (one, first),
        guarded(tmp_path / "2", prefixes=("ok_",), per_s=2) as (other, second),
    ):
        quick, slow = Client(one), Client(other, BY_HANDLER)
        for name in ("ok_a", "bad"):
            for shown in (True, False):
                quick.close()
                headers = [(f"Authorization: Bearer {token}",) if shown else () for token in (first, second)]
                body = json.dumps({"series": name, "value": 1}).encode()
                answers = [
                    await client.send(Sent(SAMPLES, body, each))
                    for client, each in zip((quick, slow), headers, strict=True)
                ]
                assert answers[0] == answers[1]
                assert quick.is_quick is shown
        assert state_of(one) == state_of(other)
        quick.close()
        slow.close()


def recorded() -> Iterator[Sent]:
    """What real senders have sent, without compression; the sender's own headers."""
    for file in sorted(SENDERS.glob("*.http")):
        for request in requests_of(file.stem):
            if request.method == "POST":
                headers = tuple(f"{name}: {value}" for name, value in request.headers.items() if name != "Host")
                yield Sent(request.address, request.body, headers)


async def test_recordings_of_real_senders_are_the_same_both_ways() -> None:
    handled = {True: set[str](), False: set[str]()}
    async with both() as (quick, slow):
        for sent in recorded():
            await same(quick, slow, sent)
            handled[quick.is_quick].add(sent.path)
    assert "/v1/metrics" in handled[True]
    assert "/api/v1/write" in handled[False]  # packed by snappy


async def test_real_clients_are_handled_quickly() -> None:
    async with running() as server:
        body = b'{"series":"a","value":1}'

        def python() -> bytes:
            with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as client:
                client.request("POST", SAMPLES, body)  # in two pieces
                return client.getresponse().read()

        def curl() -> bytes:
            url = f"http://127.0.0.1:{server.port}{SAMPLES}"
            return subprocess.run(["curl", "-s", "-d", body.decode(), url], stdout=subprocess.PIPE, check=True).stdout

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FeedHandler, "feed", None)  # which only Tornado's way calls
            for send in (python, curl) if shutil.which("curl") else (python,):
                assert await asyncio.to_thread(send) == b'{"accepted":1}'


_NAMES = st.sampled_from(["a", "b", "a:b", "", "ä", "x" * 600])
_VALUES = st.one_of(st.none(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=3), st.booleans())
_SAMPLE = st.fixed_dictionaries(
    {"series": _NAMES, "value": _VALUES},
    optional={
        "labels": st.dictionaries(_NAMES, _NAMES, max_size=2),
        "t": st.sampled_from([0, 1_700_000_000_000, 1.5, -1, 2**60]),
        "unit": st.sampled_from(["ms", "", 5]),
        "more": st.just(1),
    },
)
#: Like the profile of the unit tests, which is not loaded where these tests run alone.
_SAME_IN_EVERY_RUN = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
_BODIES = st.one_of(st.lists(_SAMPLE, max_size=4), _SAMPLE).map(lambda body: json.dumps(body).encode())


async def test_bodies_of_all_kinds_are_the_same_both_ways() -> None:
    async with both() as (quick, slow):
        loop = asyncio.get_running_loop()

        @settings(_SAME_IN_EVERY_RUN, max_examples=40)
        @given(body=_BODIES, cut=st.integers(0, 10))
        def compare(body: bytes, cut: int) -> None:
            sent = Sent(SAMPLES, body if cut else body[:-1])
            asyncio.run_coroutine_threadsafe(same(quick, slow, sent), loop).result()

        await asyncio.to_thread(compare)
