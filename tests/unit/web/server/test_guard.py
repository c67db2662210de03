"""What the guard lets through, by host, origin, length and kind, and to which handler; no connection is needed for it."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.web.server.base import BaseHandler
from dashboard.web.server.guard import GuardedApplication, RefusedHandler
from dashboard.web.server.proxies import TrustedProxies
from dashboard.web.server.routes import pattern_of
from tests.unit.web.server.asked import asked
from tests.unit.web.server.test_context import context


class Plain(BaseHandler[None]):
    """A route without variables."""


class Named(BaseHandler[None]):
    """A route with a variable."""


class Guarded:
    """Application with two routes that records to which handler it would give a request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shared = context()
        self.told: list[tuple[str, str, str]] = []
        shared.tell_refused = lambda *told: self.told.append(told)
        routes = [("/write", Plain, {}), (pattern_of("/boards/{board}"), Named, {"template": "/boards/{board}"})]
        self.application = GuardedApplication(
            routes,
            context=shared,
            names=frozenset({"localhost", "dash.example"}),
            max_uri_bytes=100,
            proxies=TrustedProxies(()),
            trusted_origins=["https://other.example"],
        )
        self._given: tuple[Any, ...] = ()
        monkeypatch.setattr(self.application, "get_handler_delegate", self._give)

    def _give(self, request: Any, target: Any, arguments: Any = None, path: Any = None) -> object:
        self._given = target, arguments, path
        return object()

    def asked(self, uri: str, method: str = "GET", **headers: str) -> tuple[Any, Any]:
        """Return the handler of a request, and the values of its path's variables, or the status of its refusal."""
        self.application.find_handler(asked(uri, method, **headers))
        target, arguments, path = self._given
        return target, arguments["services"].status if target is RefusedHandler else path


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Guarded:
    return Guarded(monkeypatch)


@pytest.mark.parametrize(
    ("uri", "handler", "path"),
    [
        ("/write", Plain, None),
        ("/write/", Plain, None),
        ("//write?x=1", Plain, None),
        ("http://elsewhere/write", Plain, None),
        ("/boards/host", Named, [b"host"]),
    ],
)
def test_a_route_is_found_also_with_slashes_too_many(
    guarded: Guarded, uri: str, handler: type[object], path: list[bytes] | None
) -> None:
    assert guarded.asked(uri) == (handler, path)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "dash.example.", "dash.example:443"])
def test_the_names_of_this_server(guarded: Guarded, host: str) -> None:
    for _ in range(2):  # the second time it is remembered
        assert guarded.asked("/write", Host=host)[0] is Plain


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "[::1"])
def test_another_host_is_misdirected(guarded: Guarded, host: str) -> None:
    assert guarded.asked("/write", Host=host) == (RefusedHandler, 421)


@pytest.mark.parametrize("origin", ["http://localhost:8888", "https://localhost:8888", "https://other.example:443"])
def test_pages_of_this_server_and_of_trusted_origins_may_ask(guarded: Guarded, origin: str) -> None:
    assert guarded.asked("/write", Origin=origin)[0] is Plain


@pytest.mark.parametrize(
    "origin", ["null", "http://localhost", "http://other.example", "https://localhost:8888/x", "ftp://localhost:8888", "http://[:1"]
)  # fmt: skip
def test_pages_of_other_origins_may_not(guarded: Guarded, origin: str) -> None:
    assert guarded.asked("/write", Origin=origin) == (RefusedHandler, 403)


def test_a_long_address_and_a_form_with_parts_are_refused(guarded: Guarded) -> None:
    assert guarded.asked("/" + "x" * 99)[0] is not RefusedHandler
    assert guarded.asked("/" + "x" * 100) == (RefusedHandler, 414)
    assert guarded.asked("/write", "POST", Content_Type="Multipart/form-data; boundary=x") == (RefusedHandler, 415)


def test_administrators_are_told_of_refused_data_and_not_of_pages(guarded: Guarded) -> None:
    guarded.asked("/write", "GET", Host="evil.example")
    assert guarded.told == []
    guarded.asked("/write/", "POST", Host="evil.example")
    ((address, reason, path),) = guarded.told
    assert (address, path) == ("127.0.0.1", "/write")
    assert reason.startswith("421: ")


def test_what_a_client_expects_is_read_in_any_case(guarded: Guarded) -> None:
    request = asked("/write", "POST", Expect="100-Continue")
    guarded.application.find_handler(request)
    assert request.headers["Expect"] == "100-continue"
