"""Login, logout, the caller's own account and password, the first admin, share links; cookies and pages of other origins."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
from tornado.httpclient import HTTPResponse

from dashboard.domain.identity import Role
from dashboard.store.users import changed_revocations
from tests.support.deadline import deadline
from tests.support.inprocess import running
from tests.support.site import PASSWORD, Headers, Site, site

pytestmark = pytest.mark.gen_test


async def log_in(at: Site, name: str = "vera", password: str = PASSWORD, **headers: str) -> HTTPResponse:
    return await at.fetch("POST", "/api/v1/login", {"name": name, "password": password}, headers)


def cookie_of(response: HTTPResponse) -> Headers:
    return {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}


async def test_a_login_gives_a_cookie_and_a_token_that_are_the_user(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        response = await log_in(at, " Vera ")
        said = json.loads(response.body)
        assert (response.code, said["user"]) == (200, {"id": "vera", "name": "Vera", "role": "viewer"})
        assert said["expires"] > at.server.clock.now_ms()
        for headers in (cookie_of(response), {"Authorization": f"Bearer {said['token']}"}):
            status, me = await at.json("GET", "/api/v1/me", headers=headers)
            assert (status, me["kind"], me["user"], me["roles"]) == (200, "user", said["user"], ["viewer"])
        assert (await at.json("GET", "/api/v1/me"))[1] | {"role": ""} == {
            "kind": "anonymous", "user": None, "role": "", "roles": [], "grants": {}, "expires": None,
        }  # fmt: skip


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        answers = set()
        for name, password in (
            ("vera", "wrong password"),
            ("nobody", PASSWORD),
            ("dora", PASSWORD),
            ("", ""),
            ("operator", PASSWORD),
        ):
            response = await log_in(at, name, password)
            assert "Set-Cookie" not in response.headers
            answers.add((response.code, response.body))
        assert len(answers) == 1
        assert json.loads(next(iter(answers))[1])["code"] == "bad_token"


WRONG: list[tuple[str, str, object, str]] = [
    ("/api/v1/login", "POST", {"name": "vera"}, "password"),
    ("/api/v1/login", "POST", {"name": 7, "password": "x"}, "name"),
    ("/api/v1/login", "POST", {"name": "vera", "password": "x", "more": 1}, "more"),
    ("/api/v1/me", "PATCH", {"name": ""}, "name"),
    ("/api/v1/me", "PATCH", {"name": "x" * 81}, "name"),
    ("/api/v1/me", "PATCH", {"password": "short", "old_password": PASSWORD}, "password"),
    ("/api/v1/me", "PATCH", {"password": "long enough", "old_password": "wrong"}, "old_password"),
    ("/api/v1/me", "PATCH", {"password": "long enough"}, "old_password"),
    ("/api/v1/me", "PATCH", {"role": "admin"}, "role"),
]


async def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for path, method, body, field in WRONG:
            status, said = await at.json(method, path, body, as_="vera")
            assert (status, said["code"], said["field"]) == (400, "invalid", field), (body, said)
            for broken in ("", "{", "[]", "null", '{"name":"\\ud800"}'):
                assert (await at.fetch(method, path, broken, as_="vera")).code == 400, broken


async def test_five_wrong_tries_are_heard_and_the_sixth_is_not_even_when_it_is_right(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        codes = [(await log_in(at, "vera", f"wrong {n}")).code for n in range(5)]
        assert codes == [401] * 5
        sixth = await log_in(at)
        assert (sixth.code, json.loads(sixth.body)["code"]) == (429, "rate_limited")
        assert 840 < int(sixth.headers["Retry-After"]) <= 900
        assert json.loads(sixth.body)["error"] == "too many tries; wait 15 minutes"
        assert (await log_in(at, "VERA")).code == 429
        assert (await log_in(at, "eddy")).code == 200


async def test_the_old_password_can_be_tried_no_oftener_than_a_login(tmp_path: Path) -> None:
    """A person who finds a page that is logged in must not find out the password there."""
    async with site(tmp_path) as at:
        body = {"password": "another good one", "old_password": "wrong password"}
        codes = [(await at.fetch("PATCH", "/api/v1/me", body, as_="vera")).code for _ in range(6)]
        assert codes == [400] * 5 + [429]
        good = body | {"old_password": PASSWORD}
        assert (await at.fetch("PATCH", "/api/v1/me", good, as_="vera")).code == 429
        assert (await at.fetch("PATCH", "/api/v1/me", good, as_="eddy")).code == 200


async def test_a_login_that_succeeds_forgets_the_tries_before(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for _ in range(2):
            for _ in range(4):
                assert (await log_in(at, "vera", "wrong password")).code == 401
            assert (await log_in(at)).code == 200


async def test_tries_at_once_are_limited_too(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        codes = [r.code for r in await asyncio.gather(*(log_in(at, "vera", f"wrong {n}") for n in range(10)))]
        assert (codes.count(401), codes.count(429)) == (5, 5)


async def test_who_logs_out_is_nobody_everywhere_within_two_seconds(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        headers = at.cookie("vera")
        other = await at.socket(as_="vera")
        socket = await at.socket(headers)
        await socket.until("authenticated")
        response = await at.fetch("POST", "/api/v1/logout", "", headers)
        assert response.code == 204
        assert "expires=Thu, 01 Jan 1970" in response.headers["Set-Cookie"]
        async with deadline(20):
            assert await socket.end() == 4503
        assert (await at.json("GET", "/api/v1/me", headers=headers))[1]["kind"] == "anonymous"
        bearer = {"Authorization": f"Bearer {headers['Cookie'].removeprefix('session=')}"}
        assert (await at.fetch("GET", "/api/v1/me", None, bearer)).code == 401
        assert (await other.ask("rooms"))["type"] == "rooms"
        assert (await at.fetch("POST", "/api/v1/logout", "", headers)).code == 204  # said twice is said once


async def test_a_session_that_outlives_ours_stays_ended_when_the_books_are_tidied(tmp_path: Path) -> None:
    async with site(tmp_path, session_days=0.001) as at:
        bearer = at.bearer("vera", hours=24 * 365)
        assert (await at.fetch("POST", "/api/v1/logout", "", bearer)).code == 204
        accounts = at.server.accounts
        async with accounts.database.read() as tx:
            (ends_ms,) = (await changed_revocations(tx, 0)).values()
        assert ends_ms >= at.server.clock.now_ms() + 364 * 86_400_000


async def test_a_new_password_ends_all_other_sessions(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        mine, socket, other = at.cookie("vera"), await at.socket(as_="vera"), at.cookie("vera")
        own = await at.socket(mine)
        bearer = {"Authorization": f"Bearer {mine['Cookie'].removeprefix('session=')}"}
        body = {"password": "another good one", "old_password": PASSWORD, "name": "V"}
        response = await at.fetch("PATCH", "/api/v1/me", body, mine)
        assert (response.code, json.loads(response.body)["user"]["name"]) == (200, "V")
        async with deadline(20):
            assert await socket.end() == 4503
        assert (await own.ask("rooms"))["type"] == "rooms"
        for headers, kind in ((mine, "user"), (bearer, "user"), (other, "anonymous"), (cookie_of(response), "user")):
            assert (await at.json("GET", "/api/v1/me", headers=headers))[1]["kind"] == kind
        again = await at.socket()
        token = mine["Cookie"].removeprefix("session=")
        assert (await again.ask("auth", userId="vera", token=token))["type"] == "authenticated"
        assert (await log_in(at)).code == 401
        assert (await log_in(at, "vera", "another good one")).code == 200
        assert (await at.fetch("POST", "/api/v1/logout", "", cookie_of(response))).code == 204  # it is the same session
        async with deadline(20):
            assert (await own.end(), await again.end()) == (4503, 4503)
        assert (await at.fetch("GET", "/api/v1/me", None, bearer)).code == 401


@pytest.mark.parametrize("change", [{"password": "a third good one"}, {"disabled": True}, {"role": "editor"}])
async def test_what_an_admin_changes_ends_also_the_session_that_changed_the_password(
    change: dict[str, object], tmp_path: Path
) -> None:
    async with site(tmp_path) as at:
        bearer = at.bearer("vera")
        body = {"password": "another good one", "old_password": PASSWORD}
        assert (await at.fetch("PATCH", "/api/v1/me", body, bearer)).code == 200
        for other in ({"name": "V"}, {"role": "viewer"}, {"grants": {"host": "editor"}}):
            assert (await at.fetch("PATCH", "/api/v1/users/vera", other, as_="ada")).code == 200
            assert (await at.fetch("GET", "/api/v1/me", None, bearer)).code == 200, other
        assert (await at.fetch("PATCH", "/api/v1/users/vera", change, as_="ada")).code == 200
        assert (await at.fetch("GET", "/api/v1/me", None, bearer)).code == 401


async def test_of_two_sessions_the_one_that_changed_the_password_last_is_kept(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        first = at.bearer("vera")
        body = {"password": "another good one", "old_password": PASSWORD}
        assert (await at.fetch("PATCH", "/api/v1/me", body, first)).code == 200
        second = at.bearer("vera")
        body = {"password": "a third good one", "old_password": "another good one"}
        assert (await at.fetch("PATCH", "/api/v1/me", body, second)).code == 200
        assert (await at.fetch("GET", "/api/v1/me", None, first)).code == 401
        assert (await at.fetch("GET", "/api/v1/me", None, second)).code == 200


async def test_a_password_that_is_changed_while_it_is_checked_is_good_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        accounts = at.server.accounts
        check, numbers = accounts.credentials.check_password, iter(range(10))

        async def slowly(stored: str | None, password: str, address: str) -> bool:
            good = await check(stored, password, address)
            await accounts.accounts.change_user("ada", "", "vera", password=f"another good one {next(numbers)}")
            return good

        monkeypatch.setattr(accounts.credentials, "check_password", slowly)
        assert (await log_in(at)).code == 401
        assert (await log_in(at, "vera", "another good one 0")).code == 401
        bearer = at.bearer("vera")
        body = {"password": "mine again", "old_password": "another good one 1"}
        response = await at.fetch("PATCH", "/api/v1/me", body, bearer)
        assert (response.code, json.loads(response.body)["field"]) == (400, "old_password")
        monkeypatch.setattr(accounts.credentials, "check_password", check)
        assert (await log_in(at, "vera", "another good one 2")).code == 200


async def test_cookies_are_not_for_scripts_nor_for_other_sites(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        flags = (await log_in(at)).headers["Set-Cookie"]
        assert flags.startswith("session=")
        for flag in ("HttpOnly", "Path=/", "SameSite=Lax"):
            assert flag in flags
        assert "Secure" not in flags
        assert "Domain" not in flags


async def test_behind_a_proxy_cookies_are_bound_to_https_and_to_this_host(tmp_path: Path) -> None:
    async with site(tmp_path, proxies=("127.0.0.1",)) as at:
        login = await log_in(at)
        share = await at.fetch("GET", f"/share/{at.share}")
        for response, name in ((login, "__Host-session="), (share, "__Host-share-host=")):
            flags = response.headers["Set-Cookie"]
            assert flags.startswith(name)
            for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
                assert flag in flags
            assert "Domain" not in flags
        assert (await at.json("GET", "/api/v1/me", headers=at.cookie("vera")))[1][
            "kind"
        ] == "anonymous"  # by the other name
        assert (await at.json("GET", "/api/v1/me", headers=cookie_of(login)))[1]["kind"] == "user"


async def test_pages_of_other_sites_cannot_act_for_who_is_logged_in(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        cookie = at.cookie("ada")
        for name, value in (
            ("Origin", "http://evil.example"),
            ("Origin", "null"),
            ("Origin", f"https://127.0.0.1:{at.server.port}.evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ):
            for method, path, body in (
                ("POST", "/api/v1/users", {"id": "eve", "role": "admin", "password": PASSWORD}),
                ("POST", "/api/v1/logout", {}),
                ("POST", "/api/v1/login", {"name": "vera", "password": PASSWORD}),
                ("PATCH", "/api/v1/users/vera", {"role": "admin"}),
                ("DELETE", "/api/v1/users/vera", None),
                ("POST", "/api/message", {"roomId": "ops", "text": "x"}),
            ):
                headers = {**cookie, name: value, "Content-Type": "text/plain"}
                assert (await at.fetch(method, path, body, headers)).code == 403, (name, value, path)
        assert "eve" not in at.server.accounts.directory.users
        same = {**cookie, "Origin": at.url, "Sec-Fetch-Site": "same-origin"}
        assert (await at.fetch("POST", "/api/message", {"roomId": "ops", "text": "x"}, same)).code == 200


ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/..\\evil.example",
    "",
    "/x\r\nSet-Cookie: a=b",
]


async def test_after_a_login_one_is_never_led_to_another_host(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for target in ELSEWHERE:
            response = await at.fetch("GET", f"/login?next={quote(target)}", as_="vera")
            location = response.headers["Location"]
            assert response.code == 302
            assert urlsplit(urljoin(at.url + "/login", location)).netloc == urlsplit(at.url).netloc, target
            assert location == "/", target
        good = await at.fetch("GET", f"/login?next={quote('/boards/host?a=b#c')}", as_="vera")
        assert good.headers["Location"] == "/boards/host?a=b#c"


# --- the first admin ---


async def test_the_link_for_the_first_admin_works_once(tmp_path: Path) -> None:
    async with running(data=str(tmp_path), login="required") as server:
        at = Site(server)
        path = await server.accounts.first_admin_path()
        code = path.partition("code=")[2]
        body = {"code": code, "id": "Root", "name": "The root", "password": PASSWORD}
        for wrong, field in (({"id": "operator"}, "id"), ({"password": "short"}, "password"), ({"id": "a b"}, "id")):
            status, said = await at.json("POST", "/api/v1/first-admin", body | wrong)
            assert (status, said["field"]) == (400, field)
        assert (await at.json("POST", "/api/v1/first-admin", body | {"code": "x"}))[1]["code"] == "bad_token"
        answers = await asyncio.gather(
            *(at.fetch("POST", "/api/v1/first-admin", body | {"id": f"root{n}"}) for n in range(3))
        )
        assert sorted(each.code for each in answers) == [200, 401, 401]
        good = next(each for each in answers if each.code == 200)
        assert json.loads(good.body)["user"]["role"] == "admin"
        assert (await at.fetch("GET", "/api/v1/users", None, cookie_of(good))).code == 200
        assert (await at.fetch("POST", "/api/v1/first-admin", body | {"id": "again"})).code == 401
        assert await server.accounts.first_admin_path() == ""


async def test_a_newer_link_for_the_first_admin_takes_the_place_of_the_older(tmp_path: Path) -> None:
    async with running(data=str(tmp_path), login="required") as server:
        at = Site(server)
        older, newer = [(await server.accounts.first_admin_path()).partition("code=")[2] for _ in range(2)]
        body = {"id": "root", "password": PASSWORD}
        assert (await at.fetch("POST", "/api/v1/first-admin", body | {"code": older})).code == 401
        assert (await at.fetch("POST", "/api/v1/first-admin", body | {"code": newer})).code == 200


# --- share links ---


async def test_a_share_link_opens_its_board_until_it_is_revoked(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        status, made = await at.json("POST", "/api/v1/links", {"board": "host", "hours": 1}, as_="eddy")
        assert status == 201
        assert made["url"].startswith(f"{at.url}/share/")
        response = await at.fetch("GET", made["url"].removeprefix(at.url))
        assert (response.code, response.headers["Location"]) == (302, "/boards/host")
        share = cookie_of(response)
        socket = await at.socket(share)
        assert (await socket.ask("watch", board="host"))["type"] == "snapshot"
        assert (await at.fetch("GET", "/boards/host", None, share)).code == 200
        assert (await at.fetch("POST", "/api/v1/logout", "", share)).code == 204  # nobody ends it for the others
        assert (await at.fetch("GET", "/boards/host", None, share)).code == 200
        assert made["id"] in [link["id"] for link in (await at.json("GET", "/api/v1/links", as_="eddy"))[1]["links"]]
        assert (await at.fetch("DELETE", f"/api/v1/links/{made['id']}", as_="eddy")).code == 204
        async with deadline(20):
            assert await socket.end() == 4503
        assert (await at.fetch("GET", "/boards/host", None, share)).code == 401
        assert (await at.fetch("GET", made["url"].removeprefix(at.url))).code == 404
        assert (await at.fetch("DELETE", f"/api/v1/links/{made['id']}", as_="eddy")).code == 404


async def test_a_link_for_a_board_that_is_not_there_or_for_too_long_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        assert (await at.fetch("POST", "/api/v1/links", {"board": "none"}, as_="eddy")).code == 404
        for hours in (0, -1, 8785, "x", None):
            status, said = await at.json("POST", "/api/v1/links", {"board": "host", "hours": hours}, as_="eddy")
            assert (status, said["field"]) == (400, "hours"), hours
        for wrong in ("x", "a.b.c", at.jwt("ada"), at.share[:-2], "%00"):
            assert (await at.fetch("GET", f"/share/{wrong}")).code == 404, wrong


async def test_who_may_not_see_a_board_cannot_share_it(tmp_path: Path) -> None:
    async with site(tmp_path, private_boards=("cluster",)) as at:
        none, cluster = {"board": "none"}, {"board": "cluster"}
        missing = await at.json("POST", "/api/v1/links", none, as_="eddy")
        status, said = await at.json("POST", "/api/v1/links", cluster, as_="eddy")
        assert (status, said) == (404, {**missing[1], "error": missing[1]["error"].replace("none", "cluster")})
        assert (await at.fetch("POST", "/api/v1/links", cluster, as_="olga")).code == 201
        await at.server.accounts.accounts.change_user("test", "", "eddy", grants=(("cluster", Role.VIEWER),))
        assert (await at.fetch("POST", "/api/v1/links", cluster, as_="eddy")).code == 201


async def test_who_may_not_see_a_board_learns_nothing_of_its_links_and_ends_none(tmp_path: Path) -> None:
    async with site(tmp_path, private_boards=("cluster",)) as at:
        made = (await at.json("POST", "/api/v1/links", {"board": "cluster"}, as_="olga"))[1]
        own = (await at.json("POST", "/api/v1/links", {"board": "host"}, as_="eddy"))[1]
        listed = {link["id"] for link in (await at.json("GET", "/api/v1/links", as_="eddy"))[1]["links"]}
        assert (made["id"] in listed, own["id"] in listed) == (False, True)
        assert (await at.fetch("DELETE", f"/api/v1/links/{made['id']}", as_="eddy")).code == 404
        assert made["id"] in [link["id"] for link in (await at.json("GET", "/api/v1/links", as_="olga"))[1]["links"]]
        assert (await at.fetch("DELETE", f"/api/v1/links/{made['id']}", as_="olga")).code == 204
