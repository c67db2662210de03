"""Address of a request's client: what a named proxy appended counts, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from dashboard.web.server.proxies import TrustedProxies


def request(peer: str, *forwarded: str, **headers: str) -> HTTPServerRequest:
    sent = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    sent["Host"] = "h"
    for line in forwarded:
        sent.add("X-Forwarded-For", line)
    context = SimpleNamespace(remote_ip=peer, protocol="http")
    return HTTPServerRequest(
        start_line=RequestStartLine("GET", "/", "HTTP/1.1"),
        headers=sent,
        connection=SimpleNamespace(context=context),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", ("1.2.3.4",), "1.2.3.4"),
        ("10.0.0.1", ("6.6.6.6, 1.2.3.4",), "1.2.3.4"),  # the client wrote the first
        ("10.0.0.1", ("6.6.6.6, 1.2.3.4, 10.0.0.2",), "1.2.3.4"),  # two proxies
        ("10.0.0.1", ("6.6.6.6", "1.2.3.4"), "1.2.3.4"),  # two header lines
        ("::ffff:10.0.0.1", ("::ffff:1.2.3.4",), "1.2.3.4"),
        ("10.0.0.1", ("[2001:db8::1]",), "2001:db8::1"),
        ("10.0.0.1", ("6.6.6.6, 1.2.3.4:5678",), "1.2.3.4"),  # a proxy that appends the port
        ("10.0.0.1", ("[2001:db8::1]:443",), "2001:db8::1"),
        ("10.0.0.1", ("6.6.6.6, 1.2.3.4, 10.0.0.2:80",), "1.2.3.4"),
        ("10.0.0.1", ("1.2.3.4:5678:9",), "10.0.0.1"),
        ("64:ff9b::10.0.0.1", ("1.2.3.4",), "64:ff9b::a00:1"),  # is not the proxy, whatever it stands for
        ("10.0.0.1", ("1.2.3.4, nonsense",), "10.0.0.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("6.6.6.6", ("1.2.3.4",), "6.6.6.6"),  # no proxy of ours
        ("::ffff:6.6.6.6", (), "6.6.6.6"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(
    peer: str, forwarded: tuple[str, ...], client: str
) -> None:
    made = request(peer, *forwarded, X_Real_Ip="9.9.9.9")
    TrustedProxies(["10.0.0.1", "10.0.0.2"]).apply(made)
    assert made.remote_ip == client


@pytest.mark.parametrize(
    ("peer", "said", "protocol"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "https, http", "http"),
        ("10.0.0.1", "gopher", "http"),
        ("6.6.6.6", "https", "http"),
    ],
)
def test_the_scheme_is_the_proxys_last_word(peer: str, said: str, protocol: str) -> None:
    made = request(peer, X_Forwarded_Proto=said)
    TrustedProxies(["10.0.0.1"]).apply(made)
    assert made.protocol == protocol


def test_a_unix_socket_has_no_address() -> None:
    made = request("", "1.2.3.4")
    TrustedProxies(["10.0.0.1"]).apply(made)
    assert made.remote_ip == ""
