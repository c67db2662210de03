"""HTTP/1.1 request and answer as bytes, with one connection for each. No I/O, so both clients share it."""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from dashboard.client.address import Address

#: Longest answer that is read; the server's own have a few hundred KiB at most.
MAX_ANSWER_BYTES = 16 * 1024 * 1024


class HttpAnswer(NamedTuple):
    """Answer to a request. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Body as a JSON object; empty if the body is something else (an error page of a proxy, for example)."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def reason(self) -> str:
        """Status and error in one line, for users."""
        text = self.said.get("error") or self.body.decode("utf-8", "replace").strip()[:200]
        return f"answered {self.status}: {text}" if text else f"answered {self.status}"


def reason_of(error: OSError) -> str:
    """Return why a request got no answer, in the system's words and without its error number."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate cannot be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS connection: {error.reason or error}"
    return error.strerror or str(error) or type(error).__name__


def encode_request(method: str, address: Address, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a complete request, which asks the server to close the connection after the answer."""
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
    """Return whether an answer is complete according to its headers: some proxies leave the connection open after the answer.

    Return False if the headers do not give the length of the body. Raises ConnectionError when the headers cannot be read.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    try:
        headers = http.client.parse_headers(io.BytesIO(bytes(data[data.find(b"\n") + 1 : end + 4])))
    except http.client.HTTPException as error:
        raise ConnectionError(f"not an HTTP answer: {error!r}") from None
    if (length := headers.get("Content-Length", "")).isdecimal():
        return len(data) - end - 4 >= int(length)
    return "chunked" in headers.get("Transfer-Encoding", "").lower() and data.endswith(b"\r\n0\r\n\r\n")


def decode_answer(data: bytes) -> HttpAnswer:
    """Parse an answer from all bytes of a connection. Raises ConnectionError when the bytes are not a complete answer."""
    if b"\r\n\r\n" not in data:
        raise ConnectionError("the connection ended before the answer was complete")
    response = http.client.HTTPResponse(cast("socket.socket", _Received(data)))
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError(f"the answer is damaged or not complete: {error!r}") from None
    return HttpAnswer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


class _Received:
    """Received bytes in the form that http.client expects of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
