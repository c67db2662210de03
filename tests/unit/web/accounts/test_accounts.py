"""Login, logout and the caller's own account over HTTP. The rules of accounts are in tests/unit/accounts."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, cast

import pytest

from dashboard.domain.identity import Role
from dashboard.web.accounts.accounts import (
    AccountServices,
    FirstAdminHandler,
    LoginHandler,
    LogoutHandler,
    MeHandler,
)
from dashboard.web.server.route import Route
from tests.unit.web.accounts.served import Accounted, accounted
from tests.unit.web.asking import Asking, Reply

pytestmark = pytest.mark.gen_test
PASSWORD = "correct horse battery"


def routes(served: Accounted) -> Asking:
    services = AccountServices(
        served.accounts, *cast("Any", (None, None, None)), public_url=""
    )  # no boards are asked for
    return served.serve(
        Route("/api/v1/login", LoginHandler, services),
        Route("/api/v1/logout", LogoutHandler, services),
        Route("/api/v1/first-admin", FirstAdminHandler, services),
        Route("/api/v1/me", MeHandler, services),
    )


def cookie_of(reply: Reply) -> str:
    return SimpleCookie(reply.headers["Set-Cookie"])["session"].value


async def test_a_password_gives_a_session_in_the_body_and_as_a_cookie_until_the_logout(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        await served.accounts.create_user("ada", "", name="eve", full_name="Eve", role=Role.EDITOR, password=PASSWORD)
        site = routes(served)
        body = json.dumps({"name": "eve", "password": PASSWORD}).encode()
        logged_in = await site.ask("/api/v1/login", "POST", body)
        assert logged_in.json["user"] == {"id": "eve", "name": "Eve", "role": "editor"}
        assert logged_in.json["token"] == cookie_of(logged_in)
        by = {"Cookie": f"session={cookie_of(logged_in)}"}
        me = (await site.ask("/api/v1/me", **by)).json
        assert (me["user"]["id"], me["roles"]) == ("eve", ["viewer", "editor"])
        out = await site.ask("/api/v1/logout", "POST", **by)
        assert (out.status, cookie_of(out)) == (204, "")
        assert (await site.ask("/api/v1/me", **by)).json["kind"] == "anonymous"
        wrong = await site.ask("/api/v1/login", "POST", b'{"name": "eve", "password": "wrong password"}')
        assert (wrong.status, "Set-Cookie" in wrong.headers) == (401, False)


async def test_the_first_admin_is_made_by_the_code_once(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        await served.accounts.change_user("ada", "", "ann", role=Role.ADMIN)
        site = routes(served)
        body = json.dumps({"code": "wrong", "id": "eve", "password": PASSWORD}).encode()
        refused = await site.ask("/api/v1/first-admin", "POST", body)
        assert (refused.status, "Set-Cookie" in refused.headers) == (401, False)


async def test_a_user_changes_the_own_name_and_a_new_password_keeps_this_browser_logged_in(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        await served.accounts.change_user("ada", "", "ann", password=PASSWORD)
        site, before = routes(served), served.token("ann")
        by = {"Authorization": f"Bearer {before}"}
        named = await site.ask("/api/v1/me", "PATCH", b'{"name": "Anna"}', **by)
        assert (named.json["user"]["name"], "Set-Cookie" in named.headers) == ("Anna", False)
        body = json.dumps({"password": "another horse", "old_password": PASSWORD}).encode()
        changed = await site.ask("/api/v1/me", "PATCH", body, **by)
        assert served.authenticator.by_text(cookie_of(changed)).id == "ann"
        assert (await site.ask("/api/v1/me", "PATCH", b'{"role": "admin"}', **by)).status in (400, 401)


async def test_whoever_is_no_user_has_no_account_to_change(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        assert (await routes(served).ask("/api/v1/me", "PATCH", b'{"name": "X"}')).status == 401
