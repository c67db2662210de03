"""A small HTTP/1.1 client on asyncio that keeps its connection and tells exactly how a request failed.

Shares no code with the server.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

#: A server that closed a kept connection before a request came says so at once; one that took it and dies says so later.
_AT_ONCE_S = 0.04


class Answer(NamedTuple):
    """Response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Refused(ConnectionError):
    """Error of a connection that could not be made."""


class StaleConnection(ConnectionError):
    """Error of a kept connection that the server closed before it answered anything: the request is to be sent again."""


class HttpClient:
    """Client with one connection, which is opened when it is needed. ``port`` may be changed between requests."""

    def __init__(self, port: int, timeout_s: float) -> None:
        self._port = self.port = port
        self._timeout_s = timeout_s
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """Send a request and return the answer; raises Refused, StaleConnection, TimeoutError, or OSError for a broken connection."""
        if self.port != self._port:
            self.close()
            self._port = self.port
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._request(method, path, body, headers or {})
        except BaseException:
            self.close()
            raise

    async def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        kept = self._reader is not None
        if self._reader is None or self._writer is None:
            try:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError as error:
                raise Refused(str(error)) from None
        lines = {"Host": f"127.0.0.1:{self._port}", "Content-Length": str(len(body)), **headers}
        loop = asyncio.get_running_loop()
        began = loop.time()
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
        try:
            self._writer.write(head.encode() + body)
            await self._writer.drain()
            first = await self._reader.readline()
        except OSError:
            first = b""
        if not first:
            if kept and loop.time() - began < _AT_ONCE_S:
                raise StaleConnection
            raise ConnectionResetError("closed before an answer")
        return await self._answer(first)

    async def _answer(self, first: bytes) -> Answer:
        assert self._reader is not None
        headers: dict[str, str] = {}
        try:
            while (line := await self._reader.readline()) != b"\r\n":
                if not line:
                    raise ConnectionResetError("closed within an answer")
                name, _, value = line.decode().partition(":")
                headers[name.strip().lower()] = value.strip()
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("closed within an answer") from None
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split(b" ", 2)[1]), headers, body)

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None
