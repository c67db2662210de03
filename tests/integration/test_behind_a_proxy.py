"""Behind a real reverse proxy, which is a process of its own: addresses, schemes, origins, and WebSockets."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest

from tests.integration.test_public_server import Public, public
from tests.support.deadline import scaled
from tests.support.rawsocket import RawSocket
from tests.support.reverse_proxy import ReverseProxy

HOST = "dash.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    with public(tmp_path_factory.mktemp("proxied"), "--proxies", "127.0.0.1", "--allowed-hosts", HOST) as found:
        yield found


def ask(
    port: int, method: str, path: str, *, source: str = "127.0.0.2", body: object = None, **headers: str
) -> tuple[int, http.client.HTTPMessage]:
    """Send a request from another address of this machine: the proxy itself is at 127.0.0.1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=scaled(20), source_address=(source, 0))
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Host": HOST, **sent})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def test_by_https_browsers_are_told_to_stay_and_pages_of_http_are_refused(server: Public) -> None:
    with ReverseProxy(server.port, "https") as proxy, ReverseProxy(server.port, "http") as plain:
        status, headers = ask(proxy.port, "GET", "/login")
        assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
        assert "Strict-Transport-Security" not in ask(plain.port, "GET", "/login")[1]
        for origin, allowed in ((f"https://{HOST}", True), (f"http://{HOST}", False), ("https://evil.example", False)):
            status, _ = ask(proxy.port, "POST", "/api/v1/logout", body={}, Origin=origin)
            assert (status != 403) is allowed, origin
        # a client cannot say for itself that it came by http
        forged = ask(proxy.port, "POST", "/api/v1/logout", body={}, Origin=f"http://{HOST}", X_Forwarded_Proto="http")
        assert forged[0] == 403
        # who comes past the proxy is not believed
        assert "Strict-Transport-Security" not in ask(server.port, "GET", "/login", X_Forwarded_Proto="https")[1]


def test_an_invented_address_does_not_give_further_tries(server: Public) -> None:
    with ReverseProxy(server.port) as proxy:
        login = {"name": "nobody", "password": "wrong password"}
        tried = [
            ask(proxy.port, "POST", "/api/v1/login", body=login, X_Forwarded_For=f"6.6.6.{n}", X_Real_Ip=f"7.7.7.{n}")[
                0
            ]
            for n in range(6)
        ]
        assert tried == [401] * 5 + [429]
        # past the proxy, with all headers a proxy sends, from the same address
        direct = ask(
            server.port, "POST", "/api/v1/login", body=login, X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6"
        )
        assert direct[0] == 429


def test_a_websocket_passes_and_its_origin_is_checked(server: Public) -> None:
    with ReverseProxy(server.port) as proxy:
        for origin, status in ((f"https://{HOST}", 101), (f"http://{HOST}", 403)):
            with RawSocket(proxy.port, headers={"Host": HOST, "Origin": origin}) as client:
                assert client.status == status, origin
                if status == 101:
                    assert client.read_json("welcome")["protocol"] == 1
