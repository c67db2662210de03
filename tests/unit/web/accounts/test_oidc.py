"""The redirects to a provider and back. Logins against a provider are in tests/handlers/test_openid.py."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.accounts.accounts import LoginSession
from dashboard.accounts.oidc import Begun
from dashboard.web.accounts.oidc import OidcCallback, OidcServices, OidcStart
from dashboard.web.server.route import Route
from tests.unit.web.accounts.served import Accounted, accounted
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test


class Provider:
    """Client of a provider that lets ann in: it keeps what the handlers hand over."""

    def __init__(self, served: Accounted) -> None:
        self._served = served
        self.redirect_uri = ""
        self.finished: list[tuple[Begun, str, str]] = []

    async def begin(self, redirect_uri: str, target: str) -> tuple[str, Begun]:
        self.redirect_uri = redirect_uri
        return f"https://id.example/?next={target}", Begun("s", "n", "v", target, self._served.now_ms)

    async def finish(self, begun: Begun, state: str, code: str, redirect_uri: str, address: str) -> LoginSession:
        assert redirect_uri == self.redirect_uri
        self.finished.append((begun, state, code))
        return self._served.accounts.begin(self._served.directory.users["ann"])


def routes(served: Accounted, provider: Provider, public_url: str = "") -> Asking:
    services = OidcServices(cast("Any", provider), served.credentials, public_url, lambda: served.now_ms)
    return served.serve(Route("/oidc/start", OidcStart, services), Route("/oidc/callback", OidcCallback, services))


async def test_a_login_ends_at_the_page_where_it_began(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        provider = Provider(served)
        site = routes(served, provider, "https://dash.example/")
        started = await site.ask("/oidc/start?next=/boards/wall")
        assert started.headers["Location"] == "https://id.example/?next=/boards/wall"
        assert provider.redirect_uri == "https://dash.example/oidc/callback"
        kept = SimpleCookie(started.headers["Set-Cookie"])["oidc"]
        assert (kept["path"], kept["samesite"], kept["httponly"]) == ("/oidc/", "Lax", True)
        ended = await site.ask("/oidc/callback?code=c&state=s", Cookie=f"oidc={kept.value}")
        assert ended.headers["Location"] == "/boards/wall"
        assert provider.finished == [(Begun("s", "n", "v", "/boards/wall", served.now_ms), "s", "c")]
        cookies = [SimpleCookie(each) for each in ended.headers.get_list("Set-Cookie")]
        session = next(each["session"].value for each in cookies if "session" in each)
        assert served.authenticator.by_text(session).id == "ann"


async def test_a_target_on_another_server_is_the_first_page(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        started = await routes(served, Provider(served)).ask("/oidc/start?next=https://evil.example/")
        assert parse_qs(urlsplit(started.headers["Location"]).query)["next"] == ["/"]


async def test_a_login_that_was_refused_or_took_too_long_begins_again(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        provider = Provider(served)
        site = routes(served, provider)
        started = await site.ask("/oidc/start")
        kept = {"Cookie": f"oidc={SimpleCookie(started.headers['Set-Cookie'])['oidc'].value}"}
        refused = await site.ask("/oidc/callback?error=access_denied", **kept)
        assert (refused.status, "access_denied" in refused.json["error"]) == (400, True)
        assert (await site.ask("/oidc/callback?code=c&state=s")).status == 401
        served.now_ms += 601_000
        assert (await site.ask("/oidc/callback?code=c&state=s", **kept)).status == 401
        assert provider.finished == []
