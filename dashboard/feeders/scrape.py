"""Scraping of a Prometheus target at its interval, as Prometheus does it; ``up`` is 1 after a success, else 0.

A failed scrape feeds no samples, so the target's series become late, stale and dead by their declared interval.  A series that a
good answer no longer contains has ended, unless its samples had explicit timestamps, as in Prometheus.
Redirects are followed on the target's host only, because an exporter must not choose what else this server fetches.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from urllib.parse import urljoin, urlsplit

from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient

from dashboard.accounts.fetch import FETCH_FAULTS, fetch
from dashboard.domain.errors import DashboardError, Invalid
from dashboard.domain.series import series_key
from dashboard.feeders.source_state import SourceFault, SourceState, text_of
from dashboard.feeders.sources_file import ScrapeTarget
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.prometheus_text import ACCEPT, KnownHeads, is_openmetrics, parse_prometheus

#: Added to the client's limit. It is more than one chunk, so that our own limit is seen before the client disconnects.
_BEYOND_BYTES = 256 << 10
_PARSED_AT_ONCE_BYTES = 65_536
_LONGEST_DELAY_S = 2.0
_MAX_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}


def scrape_client(targets: Sequence[ScrapeTarget]) -> SimpleAsyncHTTPClient:
    """Create the HTTP client for all targets, with one slot for each target: a target that hangs must not delay another."""
    limit = max((target.max_bytes for target in targets), default=0) + _BEYOND_BYTES
    return SimpleAsyncHTTPClient(
        force_instance=True, max_clients=max(1, len(targets)), max_body_size=limit, max_buffer_size=limit
    )


class _Body:
    """A response's body in chunks, kept up to the limit."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.chunks: list[bytes] = []
        self._size = self._announced = 0

    def header(self, line: str) -> None:
        name, _, value = line.partition(":")
        digits = value.strip()[:20]  # a longer number is too large all the same
        if name.strip().lower() == "content-length" and digits.isascii() and digits.isdigit():
            self._announced = int(digits)

    def take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if not self.too_large:
            self.chunks.append(chunk)

    @property
    def too_large(self) -> bool:
        return max(self._size, self._announced) > self._max_bytes


class ScrapeSource:
    """Source for one target. ``parser``: threads that parse long answers; ``jitter(a, b)`` returns a random number from a to b."""

    def __init__(
        self,
        target: ScrapeTarget,
        *,
        submitter: Submitter,
        state: SourceState,
        client: SimpleAsyncHTTPClient,
        parser: Executor,
        jitter: Callable[[float, float], float],
    ) -> None:
        self.state = state
        self._target = target
        self._submitter = submitter
        self._client = client
        self._parser = parser
        self._jitter = jitter
        self._labels = {"job": target.name, "instance": target.instance, **target.labels}
        self._up = series_key("up", self._labels).text
        self._known = KnownHeads(2 * target.max_series)
        self._brought: set[str] = set()  # series of the last good answer without explicit timestamps

    async def run(self) -> None:
        """Scrape at a fixed interval, the first time after a random delay."""
        loop = asyncio.get_running_loop()
        every_s = self._target.every_s
        await asyncio.sleep(self._jitter(0, min(every_s / 2, _LONGEST_DELAY_S)))
        due = loop.time()
        while True:
            await self._scrape()
            due = max(due + every_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _scrape(self) -> None:
        try:
            parsed = await self._fetch()
        except SourceFault as fault:
            self.state.fail(fault)
            await self._say_up(0)
            return
        brought = {key for key, t_ms in zip(parsed.batch.keys, parsed.batch.times, strict=True) if t_ms is None}
        still = self._brought if parsed.batch.is_hopeless() else self._brought.intersection(parsed.silent)
        parsed.ended = [(key, None) for key in sorted(self._brought.difference(brought, still, parsed.batch.keys))]
        await self._say_up(1)  # first, so that nobody sees the samples of a target that is still down
        try:
            await self._submitter.keep_counted(parsed, self.state, patience_s=0)
        except DashboardError as error:
            self.state.fail(error)
            return
        self._brought = brought.union(still)  # of an answer that was not read to its end nothing has ended
        self.state.well()

    async def _say_up(self, up: float) -> None:
        said = Parsed()
        said.add(self._up, None, up, every_s=self._target.every_s, kind="gauge")
        try:
            await self._submitter.keep(said, self.state, patience_s=0, of_source=False)
        except DashboardError as error:
            self.state.fail(error)

    async def _fetch(self) -> Parsed:
        """Fetch and parse the target's answer, after any redirects; raises SourceFault."""
        url, until = self._target.url, asyncio.get_running_loop().time() + self._target.timeout_s
        for _ in range(_MAX_REDIRECTS):
            body, answer = await self._answer(url, until - asyncio.get_running_loop().time())
            if not 300 <= answer.code < 400:
                break
            url = redirect_to(url, answer)
        else:
            raise SourceFault("redirect", f"answers more than {_MAX_REDIRECTS} redirects; write the last address")
        self._check_size(body)
        if answer.code != 200:
            raise SourceFault("status", f"answers {answer.code}")
        self.state.seen()
        return await self._parse(b"".join(body.chunks), answer.headers.get("Content-Type", ""))

    async def _answer(self, url: str, timeout_s: float) -> tuple[_Body, HTTPResponse]:
        """Fetch one answer with its body; raises SourceFault."""
        body = _Body(self._target.max_bytes)
        request = HTTPRequest(
            url,
            headers=self._headers(),
            connect_timeout=max(0.001, timeout_s),
            request_timeout=max(0.001, timeout_s),
            follow_redirects=False,
            streaming_callback=body.take,
            header_callback=body.header,
        )
        try:
            return body, await fetch(self._client, request, raise_error=False)
        except HTTPTimeoutError:
            raise SourceFault(
                "timeout", f"no whole answer in {self._target.timeout_s:g} s (timeout_s of the target)"
            ) from None
        except FETCH_FAULTS as error:
            self._check_size(body)
            raise SourceFault("connection", getattr(error, "message", "") or text_of(error)) from None

    async def _parse(self, text: bytes, content_type: str) -> Parsed:
        latest_ms, every_s = self._submitter.latest_ms(), self._target.every_s

        def parse() -> Parsed:
            is_open = is_openmetrics(content_type)
            return parse_prometheus(
                text,
                latest_ms,
                openmetrics=is_open,
                labels=self._labels,
                rename=True,
                every_s=every_s,
                max_line_bytes=self._target.max_line_bytes,
                known=self._known,
            )

        try:
            if len(text) <= _PARSED_AT_ONCE_BYTES:
                return parse()
            return await asyncio.get_running_loop().run_in_executor(self._parser, parse)
        except Invalid as invalid:
            self.state.refuse("format", str(invalid), text[:200], count=False)
            raise SourceFault("format", str(invalid)) from None

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": ACCEPT,
            "User-Agent": "live-dashboard",
            "X-Prometheus-Scrape-Timeout-Seconds": f"{self._target.timeout_s:g}",
        }
        target = self._target
        if token := target.token():
            headers["Authorization"] = f"Bearer {token}"
        elif target.username:
            pair = f"{target.username}:{target.password()}".encode()
            headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        return headers

    def _check_size(self, body: _Body) -> None:
        if body.too_large:
            raise SourceFault(
                "too_large", f"the answer has more than {self._target.max_bytes} bytes (max_bytes of the target)"
            )


def redirect_to(url: str, answer: HTTPResponse) -> str:
    """Return the address to which the answer redirects.

    Raises SourceFault if that is on another host or port, or is not encrypted although ``url`` is.
    """
    try:
        to = urljoin(url, answer.headers.get("Location", ""))
        old, new = urlsplit(url), urlsplit(to)
        is_near = old.hostname == new.hostname and (
            (old.scheme, old.port or _PORTS.get(old.scheme)) == (new.scheme, new.port or _PORTS.get(new.scheme))
            or (old.scheme, new.scheme) == ("http", "https")
        )
    except ValueError:
        is_near = False
    if not is_near or to == url:
        place = ascii(answer.headers.get("Location", "").partition("?")[0][:100])
        raise SourceFault(
            "redirect", f"answers {answer.code} to {place}; only redirects on the same host and port are followed"
        )
    return to
