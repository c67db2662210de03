from __future__ import annotations

import pytest

from dashboard.client.address import Address
from dashboard.client.http import HttpAnswer, decode_answer, encode_request, is_whole

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
BARE = b"HTTP/1.1 429 Too Many\r\nRetry-After: 3\r\n\r\nslower"


def test_a_request_asks_for_the_connection_to_be_closed() -> None:
    request = encode_request("POST", Address.of("http://h:1/p"), "/api", {"X-A": "b"}, b"body")
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert (line, body) == ("POST /p/api HTTP/1.1", b"body")
    assert {"Host: h:1", "Connection: close", "Content-Length: 4", "X-A: b"} <= set(headers)


@pytest.mark.parametrize("data", [OK, CHUNKED])
def test_an_answer_is_whole_when_all_of_its_body_is_there(data: bytes) -> None:
    assert is_whole(data)
    assert not any(is_whole(data[:end]) for end in range(len(data)))


def test_only_the_end_of_the_connection_ends_an_answer_without_a_length() -> None:
    assert not is_whole(BARE)


def test_an_answer_is_decoded() -> None:
    answer = decode_answer(OK)
    assert (answer.status, answer.headers["content-type"], answer.said) == (200, "application/json", {"ok": True})
    assert decode_answer(CHUNKED).body == b"abc"
    assert (decode_answer(BARE).headers["retry-after"], decode_answer(BARE).body) == ("3", b"slower")


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", OK[:-1], CHUNKED[:-9]])
def test_what_is_no_whole_answer_is_the_connections_fault(data: bytes) -> None:
    with pytest.raises(ConnectionError):
        decode_answer(data)


def test_an_answer_says_its_reason_in_one_line() -> None:
    assert HttpAnswer(400, {}, b'{"error":"name: is empty"}').reason == "answered 400: name: is empty"
    assert HttpAnswer(502, {}, b"Bad gateway\n").reason == "answered 502: Bad gateway"
    assert HttpAnswer(502, {}, b"").reason == "answered 502"
    assert HttpAnswer(200, {}, b"[1]").said == HttpAnswer(200, {}, b"[" * 100_000).said == {}
