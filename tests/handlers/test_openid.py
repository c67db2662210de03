"""Login by an OpenID provider: a small real provider, real keys, real redirects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from dashboard.app.build import Dashboard
from dashboard.domain.identity import Role
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running
from tests.support.openid_provider import CLIENT, SECRET, Provider, openid_provider

pytestmark = pytest.mark.gen_test


@asynccontextmanager
async def both(**settings: str) -> AsyncIterator[tuple[Dashboard, Provider]]:
    async with openid_provider() as provider:
        openid = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
        async with running(**openid, **settings) as server:
            yield server, provider


async def log_in(server: Dashboard, target: str = "/explore") -> HTTPResponse:
    """Follow the redirects as a browser does; return the answer to the callback."""
    started = await fetch(server, f"/oidc/start?next={target}")
    assert started.code == 302
    back = await AsyncHTTPClient(force_instance=True).fetch(
        started.headers["Location"], follow_redirects=False, raise_error=False
    )
    assert back.code == 302
    way = urlsplit(back.headers["Location"])
    cookie = started.headers["Set-Cookie"].partition(";")[0]
    return await fetch(server, f"{way.path}?{way.query}", headers={"Cookie": cookie})


def session_of(response: HTTPResponse) -> str:
    (cookie,) = [c for c in response.headers.get_list("Set-Cookie") if c.startswith("session=")]
    return cookie.partition(";")[0]


async def who(server: Dashboard, response: HTTPResponse) -> dict[str, object]:
    me = answer(await fetch(server, "/api/v1/me", headers={"Cookie": session_of(response)}))
    return dict(me["user"])


async def test_somebody_new_becomes_a_viewer_and_is_led_to_where_they_wanted() -> None:
    async with both() as (server, _):
        response = await log_in(server)
        assert (response.code, response.headers["Location"]) == (302, "/explore")
        assert await who(server, response) == {"id": "ann", "name": "Ann", "role": "viewer"}


async def test_the_same_person_is_the_same_user_again_whatever_they_are_called_now() -> None:
    async with both() as (server, provider):
        await log_in(server)
        provider.user = {"sub": "1", "preferred_username": "somebody-else"}
        assert (await who(server, await log_in(server)))["id"] == "ann"


async def test_nobody_becomes_a_user_who_is_there_already_by_being_called_like_them() -> None:
    async with both() as (server, provider):
        await server.accounts.accounts.create_user(
            "test", "", name="ann", full_name="The real Ann", role=Role.ADMIN, password="correct horse battery"
        )
        user = await who(server, await log_in(server))
        assert user["id"] != "ann"
        assert str(user["id"]).startswith("ann-")
        assert user["role"] == "viewer"
        provider.user = {"sub": "2", "preferred_username": "operator"}
        assert (await who(server, await log_in(server)))["id"] != "operator"


async def test_a_disabled_user_is_not_let_in_and_no_login_is_noted() -> None:
    async with both() as (server, _):
        await log_in(server)
        accounts = server.accounts.accounts
        await accounts.change_user("test", "", "ann", disabled=True)
        before = (await accounts.list_users())[0]
        assert (await log_in(server)).code == 403
        assert (await accounts.list_users())[0] == before


async def test_of_the_providers_name_only_what_can_be_seen_is_taken() -> None:
    async with both() as (server, provider):
        provider.user = {"sub": "1", "preferred_username": "ann", "name": "\x1b[31mAn\u202en\x00"}
        assert (await who(server, await log_in(server)))["name"] == "[31mAnn"


async def test_nobody_new_is_let_in_when_the_administrator_says_so() -> None:
    async with both(oidc_role="none") as (server, _):
        assert (await log_in(server)).code == 403


@pytest.mark.parametrize(
    "twist",
    [
        {"aud": "another"},
        {"azp": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "http://evil.example"},
        {"exp": 1},
        {"nonce": "replayed"},
        {"sub": ""},
        {"sub": "x" * 256},
    ],
)
async def test_a_token_that_was_made_for_something_else_is_refused(twist: dict[str, object]) -> None:
    async with both() as (server, provider):
        provider.twist = twist
        assert (await log_in(server)).code == 401


async def test_a_token_for_several_programs_that_was_made_for_us_is_good() -> None:
    async with both() as (server, provider):
        provider.twist = {"aud": [CLIENT, "another"], "azp": CLIENT}
        assert (await log_in(server)).code in (302, 303)


async def test_a_token_signed_with_another_key_is_refused() -> None:
    async with both() as (server, provider):
        provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        assert (await log_in(server)).code == 401


async def test_an_answer_to_another_login_is_refused() -> None:
    async with both() as (server, _):
        first = await fetch(server, "/oidc/start")
        cookie = first.headers["Set-Cookie"].partition(";")[0]
        stolen = await fetch(server, "/oidc/callback?code=x&state=of-another", headers={"Cookie": cookie})
        assert stolen.code == 401
        assert (await fetch(server, "/oidc/callback?code=x&state=y")).code == 401
        forged = await fetch(server, "/oidc/callback?code=x&state=y", headers={"Cookie": "oidc=a.b.c"})
        assert forged.code == 401


async def test_a_way_back_to_another_host_is_not_taken() -> None:
    async with both() as (server, _):
        for target in ("//evil.example", "https://evil.example/", "/%5Cevil.example"):
            assert (await log_in(server, target)).headers["Location"] == "/"


async def test_a_provider_that_is_away_is_said_clearly_and_without_one_there_is_nothing() -> None:
    async with running(oidc_issuer="http://127.0.0.1:1", oidc_client_id=CLIENT) as server:
        response = await fetch(server, "/oidc/start")
        assert response.code == 503
        assert "OpenID provider does not answer" in answer(response)["error"]
    async with running() as server:
        assert (await fetch(server, "/oidc/start")).code == 404
