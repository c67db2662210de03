"""The client needs nothing but the standard library; addresses and answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.client.address import Address, authorization
from dashboard.client.http import decode_answer, encode_request, is_whole
from tests.support.deadline import scaled

ROOT = Path(__file__).resolve().parents[3]


def test_it_imports_where_nothing_is_installed() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import dashboard.client; "
        "print(*{n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names - {'dashboard', '__main__'}); "
        "print(*[n for n in sys.modules if n.startswith('dashboard.') and not n.startswith('dashboard.client')])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=scaled(90))
    assert (done.stderr, done.stdout.split()) == ("", [])


@pytest.mark.parametrize(
    ("url", "address", "host"),
    [
        ("http://münchen.example", Address(False, "xn--mnchen-3ya.example", 80), "xn--mnchen-3ya.example"),
        ("http://a", Address(False, "a", 80), "a"),
        ("https://a/", Address(True, "a", 443), "a"),
        ("http://127.0.0.1:8888", Address(False, "127.0.0.1", 8888), "127.0.0.1:8888"),
        ("http://[::1]:8888/dash/", Address(False, "::1", 8888, "/dash"), "[::1]:8888"),
    ],
)
def test_addresses(url: str, address: Address, host: str) -> None:
    assert Address.of(url) == address
    assert address.host_header == host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a:8888",
        "ftp://a",
        "http://",
        "http://a?x=1",
        "http://u:p@a",
        "http://a:x",
        "http://[a",
        "http://a b",
        "http://a/ä",
        "http://" + "a" * 70,
    ],
)
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Address.of(url)


def test_a_token_cannot_add_headers() -> None:
    assert authorization("abc") == {"Authorization": "Bearer abc"}
    assert authorization(None) == {}
    for token in ("a\r\nX: y", "a b", "ä"):
        with pytest.raises(ValueError, match="printable ASCII"):
            authorization(token)


def test_a_request_asks_for_the_end_of_the_connection() -> None:
    data = encode_request("POST", Address.of("http://a/p"), "/x", {"K": "v"}, b"body")
    assert data.startswith(b"POST /p/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n")
    assert data.endswith(b"\r\nK: v\r\n\r\nbody")


def test_answers_by_length_chunked_and_to_the_end() -> None:
    for data in (
        b'HTTP/1.1 400 Bad\r\nContent-Length: 14\r\n\r\n{"error": "e"}',
        b'HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{"error": "e"}\r\n0\r\n\r\n',
        b'HTTP/1.0 400 Bad\r\n\r\n{"error": "e"}',
    ):
        answer = decode_answer(data)
        assert (answer.status, answer.said, answer.reason) == (400, {"error": "e"}, "answered 400: e")


@pytest.mark.parametrize(
    "data",
    [b"", b"HTTP/1.1 202 OK\r\nContent-Length: 99\r\n\r\nhalf", b"garbage", b"HTTP/1.1 202 O", b"HTTP/1.1 xyz\r\n\r\n"],
)
def test_half_an_answer_is_none(data: bytes) -> None:
    with pytest.raises(ConnectionError):
        decode_answer(data)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"HTTP/1.1 202 OK\r\nContent-Le", False),
        (b"HTTP/1.1 202 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 202 OK\r\ncontent-length: 3\r\n\r\nabc", True),
        (b"HTTP/1.1 204 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 202 OK\r\n\r\nabc", False),
    ],
)
def test_an_answer_ends_where_it_says_so_whatever_the_connection_does(data: bytes, whole: bool) -> None:
    assert is_whole(data) is whole


@pytest.mark.parametrize("headers", [b"X: 1\r\n" * 120, b"X: " + b"x" * 70_000 + b"\r\n"])
def test_headers_that_are_none_are_a_fault_of_the_connection(headers: bytes) -> None:
    with pytest.raises(ConnectionError):
        is_whole(b"HTTP/1.1 502 Bad Gateway\r\n" + headers + b"\r\nno")
