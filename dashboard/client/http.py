"""One HTTP/1.1 request and its answer as bytes, a connection each: no I/O here, so both clients share it."""

from __future__ import annotations

import http.client
import io
import json
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from dashboard.client.address import Address

#: A longer answer is not read: the server's own are a few hundred KiB at most.
MAX_ANSWER_BYTES = 16 * 1024 * 1024


class Answer(NamedTuple):
    """Header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none (a proxy's page, say)."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def reason(self) -> str:
        """One line for people."""
        text = self.said.get("error") or self.body.decode("utf-8", "replace").strip()[:200]
        return f"answered {self.status}: {text}" if text else f"answered {self.status}"


def encode_request(method: str, address: Address, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The whole request; the server is asked to close the connection after its answer, which ends it."""
    lines = {
        "Host": address.host_header,
        "Connection": "close",
        "Content-Length": str(len(body)),
        "User-Agent": "dashboard-client",
        **headers,
    }
    head = f"{method} {address.prefix}{path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return head.encode("latin-1") + b"\r\n" + body


def is_whole(data: bytes | bytearray) -> bool:
    """Whether nothing more has to come, whatever becomes of the connection: not every proxy closes it when asked to.

    False where only the end of the connection tells; raises ConnectionError when its headers are none.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    try:
        headers = http.client.parse_headers(io.BytesIO(bytes(data[data.find(b"\n") + 1 : end + 4])))
    except http.client.HTTPException as error:
        raise ConnectionError(f"no answer: {error!r}") from None
    if (length := headers.get("Content-Length", "")).isdecimal():
        return len(data) - end - 4 >= int(length)
    return "chunked" in headers.get("Transfer-Encoding", "").lower() and data.endswith(b"\r\n0\r\n\r\n")


def decode_answer(data: bytes) -> Answer:
    """All bytes of a connection; raises ConnectionError when they are no whole answer."""
    if b"\r\n\r\n" not in data:
        raise ConnectionError("no whole answer")
    response = http.client.HTTPResponse(cast("socket.socket", _Received(data)))
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError(f"no whole answer: {error!r}") from None
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


class _Received:
    """What http.client wants of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
