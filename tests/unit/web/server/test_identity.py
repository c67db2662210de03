"""Whose a request is: by header, query, cookie and address."""

from __future__ import annotations

from typing import Any

import pytest
from tornado.httputil import HTTPServerRequest

from dashboard.accounts.authenticator import AT_MACHINE, LOCAL
from dashboard.domain.errors import BadToken
from dashboard.domain.identity import ANONYMOUS
from dashboard.web.server.identity import WebIdentity
from tests.support.talk import talking
from tests.unit.web.server.asked import asked

pytestmark = pytest.mark.gen_test


class Reply:
    """Handler that only keeps the cookies that it is told to set."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, Any]] = {}

    def set_cookie(self, name: str, value: str, **options: Any) -> None:
        self.cookies[name] = {"value": value, **options}


async def test_a_token_counts_wherever_it_stands_and_a_wrong_cookie_does_not() -> None:
    async with talking() as talk:
        ann, parts = talk.token("ann"), talk.accounts
        web = WebIdentity(parts.authenticator, parts.accounts, open_=False, secure=False, session_s=60)
        for request in (
            asked(Authorization=f"Bearer {ann}"),
            asked(f"/?token={ann}"),
            asked(Cookie=f"session={ann}"),
        ):
            assert web.caller_of(request).id == "ann"
        assert web.by_text(ann).id == "ann"
        assert web.by_path("nobody") is None
        assert web.caller_of(asked(Cookie="session=wrong")) == ANONYMOUS
        with pytest.raises(BadToken):
            web.caller_of(asked("/?token=wrong"))


@pytest.mark.parametrize(
    ("request_", "local"),
    [
        (asked(), True),
        (asked(Host="[::1]:8888", ip="::1"), True),
        (asked(ip="10.0.0.7"), False),
        (asked(Host="dash.example"), False),
        (asked(X_Forwarded_For="10.0.0.7"), False),
        (asked(Via="1.1 proxy"), False),
    ],
)
async def test_the_operator_at_the_machine_came_straight_from_it(request_: HTTPServerRequest, local: bool) -> None:
    async with talking() as talk:
        parts = talk.accounts
        web = WebIdentity(parts.authenticator, parts.accounts, open_=True, secure=False, session_s=60)
        assert (web.caller_of(request_) == AT_MACHINE) is local
        assert (web.at_machine(request_) == AT_MACHINE) is local
        assert (web.caller_of(request_, talks=True) == LOCAL) is local
        closed = WebIdentity(parts.authenticator, parts.accounts, open_=False, secure=False, session_s=60)
        assert closed.caller_of(request_) == ANONYMOUS
        assert closed.at_machine(request_) is None


@pytest.mark.parametrize(("secure", "name"), [(False, "session"), (True, "__Host-session")])
async def test_cookies_are_for_this_server_alone(secure: bool, name: str) -> None:
    async with talking() as talk:
        parts, reply = talk.accounts, Reply()
        web = WebIdentity(parts.authenticator, parts.accounts, open_=True, secure=secure, session_s=60)
        handler: Any = reply
        web.set_cookie(handler, "v")
        web.set_share(handler, "host", "s")
        kept = {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure}
        share = "__Host-share-host" if secure else "share-host"
        assert reply.cookies == {name: {"value": "v", "max_age": 60, **kept}, share: {"value": "s", **kept}}
        web.clear_cookie(handler)
        assert reply.cookies[name] == {"value": "", "expires": 1, **kept}
