"""Users, tokens and the audit log over HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.domain.identity import Role
from tests.support.deadline import deadline
from tests.support.site import PASSWORD, Site, site

pytestmark = pytest.mark.gen_test

NEW = {"id": "Nina", "name": "Nina N.", "role": "editor", "password": PASSWORD}


async def users(at: Site) -> dict[str, Any]:
    return {user["id"]: user for user in (await at.json("GET", "/api/v1/users", as_="ada"))[1]["users"]}


async def test_a_user_is_made_listed_changed_and_deleted(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        status, made = await at.json("POST", "/api/v1/users", NEW, as_="ada")
        assert (status, made["id"], made["name"], made["role"], made["disabled"]) == (
            201,
            "nina",
            "Nina N.",
            "editor",
            False,
        )
        assert (await users(at))["nina"] == made
        assert (await at.json("POST", "/api/v1/users", NEW, as_="ada"))[1]["field"] == "id"
        assert (await at.fetch("POST", "/api/v1/login", {"name": "nina", "password": PASSWORD})).code == 200
        assert (await users(at))["nina"]["last_login"] > 0
        change = {"name": "N", "role": "viewer", "grants": {"host": "operator"}}
        status, changed = await at.json("PATCH", "/api/v1/users/nina", change, as_="ada")
        assert (status, changed["name"], changed["role"], changed["grants"]) == (
            200,
            "N",
            "viewer",
            {"host": "operator"},
        )
        assert (await at.fetch("DELETE", "/api/v1/users/nina", as_="ada")).code == 204
        assert "nina" not in await users(at)
        for method, body in (("DELETE", None), ("PATCH", {"name": "x"})):
            assert (await at.fetch(method, "/api/v1/users/nina", body, as_="ada")).code == 404
        assert (await at.fetch("POST", "/api/v1/login", {"name": "nina", "password": PASSWORD})).code == 401


WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", "/users", {"id": ""}, "id"),
    ("POST", "/users", {"id": "operator"}, "id"),
    ("POST", "/users", {"id": "a/b"}, "id"),
    ("POST", "/users", {"id": 7}, "id"),
    ("POST", "/users", {"role": "root"}, "role"),
    ("POST", "/users", {"role": "nobody"}, "role"),
    ("POST", "/users", {"password": "short"}, "password"),
    ("POST", "/users", {"password": "x" * 1001}, "password"),
    ("POST", "/users", {"name": "x" * 81}, "name"),
    ("POST", "/users", {"version": 1}, "version"),
    ("PATCH", "/users/vera", {"role": "root"}, "role"),
    ("PATCH", "/users/vera", {"password": "short"}, "password"),
    ("PATCH", "/users/vera", {"name": "\u202e"}, "name"),
    ("PATCH", "/users/vera", {"disabled": "yes"}, "disabled"),
    ("PATCH", "/users/vera", {"grants": {"host": "root"}}, "grants"),
    ("PATCH", "/users/vera", {"grants": {"none": "viewer"}}, "grants"),
    ("PATCH", "/users/vera", {"id": "x"}, "id"),
    ("PATCH", "/users/vera", {"grants": {f"b{n}": "viewer" for n in range(101)}}, "grants"),
    ("PATCH", "/users/vera", {"grants": {"b" * 101: "viewer"}}, "grants"),
    ("POST", "/tokens", {"name": ""}, "name"),
    ("POST", "/tokens", {"name": "\u202e"}, "name"),
    ("POST", "/tokens", {"name": "x" * 81}, "name"),
    ("POST", "/tokens", {"verbs": []}, "verbs"),
    ("POST", "/tokens", {"verbs": ["admin"]}, "verbs"),
    ("POST", "/tokens", {"prefixes": [""]}, "prefixes"),
    ("POST", "/tokens", {"prefixes": ["x"] * 51}, "prefixes"),
    ("POST", "/tokens", {"per_s": -1}, "per_s"),
    ("POST", "/tokens", {"max_series": -1}, "max_series"),
    ("POST", "/tokens", {"days": 0}, "days"),
    ("POST", "/tokens", {"days": 1e9}, "days"),
]


async def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for method, path, change, field in WRONG:
            base = {"/users": NEW, "/tokens": {"name": "probe"}}.get(path, {})
            status, said = await at.json(method, f"/api/v1{path}", {**base, **change}, as_="ada")
            assert (status, said["code"], said.get("field")) == (400, "invalid", field), (path, change, said)


async def test_a_grant_is_on_a_board_that_there_is_or_was_when_it_was_granted(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await at.server.accounts.accounts.change_user("test", "", "vera", grants=(("gone", Role.EDITOR),))
        wrong = {"grants": {"gone": "editor", "host": "viewer", "none": "viewer"}}
        status, said = await at.json("PATCH", "/api/v1/users/vera", wrong, as_="ada")
        assert (status, said["error"], said["field"]) == (400, "grants: there is no board 'none'", "grants")
        good = {"grants": {"gone": "editor", "host": "viewer"}}
        status, said = await at.json("PATCH", "/api/v1/users/vera", good, as_="ada")
        assert (status, said["grants"]) == (200, good["grants"])
        assert (await at.fetch("PATCH", "/api/v1/users/nobody", good, as_="ada")).code == 404


async def test_the_last_admin_stays_admin(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for method, body in (("PATCH", {"role": "operator"}), ("PATCH", {"disabled": True}), ("DELETE", None)):
            status, said = await at.json(method, "/api/v1/users/ada", body, as_="ada")
            assert (status, said["code"]) == (403, "forbidden")
        assert (await at.fetch("PATCH", "/api/v1/users/olga", {"role": "admin"}, as_="ada")).code == 200
        answers = await asyncio.gather(
            *(at.fetch("PATCH", f"/api/v1/users/{name}", {"role": "viewer"}, as_="ada") for name in ("ada", "olga"))
        )
        assert sorted(answer.code for answer in answers)[0] == 200
        roles = [user.role.word for user in at.server.accounts.directory.users.values() if not user.disabled]
        assert roles.count("admin") == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"disabled": True}, 4503),
        ({"password": "another good one"}, 4503),
        ({"role": "editor"}, 4005),
        ({"grants": {"host": "admin"}}, 4005),
    ],
)
async def test_what_an_admin_takes_is_gone_within_two_seconds(change: Any, code: int, tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        socket, other = await at.socket(as_="vera"), await at.socket(as_="eddy")
        assert (await at.fetch("PATCH", "/api/v1/users/vera", change, as_="ada")).code == 200
        async with deadline(20):
            assert await socket.end() == code
        assert (await other.ask("rooms"))["type"] == "rooms"


async def test_a_deleted_users_socket_ends(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        socket = await at.socket(as_="vera")
        assert (await at.fetch("DELETE", "/api/v1/users/vera", as_="ada")).code == 204
        async with deadline(20):
            assert await socket.end() == 4503


# --- tokens ---


async def test_a_token_is_shown_once_and_works_until_it_is_revoked(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        body = {
            "name": "probe",
            "verbs": ["read", "read"],
            "prefixes": ["cpu."],
            "per_s": 5,
            "max_series": 9,
            "days": 1.5,
        }
        status, made = await at.json("POST", "/api/v1/tokens", body, as_="ada")
        text = made.pop("token")
        assert (status, text[:4], made["verbs"], made["created_by"]) == (201, "dsh_", ["read"], "ada")
        assert made["expires"] - made["created"] == 129_600_000
        listed = (await at.fetch("GET", "/api/v1/tokens", as_="ada")).body.decode()
        assert text not in listed
        assert made | {"token": ""} in [each | {"token": ""} for each in json.loads(listed)["tokens"]]
        basic = {"Authorization": "Basic " + base64.b64encode(f"x:{text}".encode()).decode()}
        for headers in ({"Authorization": f"Bearer {text}"}, {"Authorization": f"token {text}"}, basic):
            assert (await at.fetch("GET", "/api/v1/series", None, headers)).code == 200
        assert (await at.fetch("GET", f"/api/v1/series?token={text}")).code == 200
        socket = await at.socket({"Authorization": f"Bearer {text}"})
        assert (await at.fetch("DELETE", f"/api/v1/tokens/{made['id']}", as_="ada")).code == 204
        async with deadline(20):
            assert await socket.end() == 4503
        assert (await at.fetch("GET", f"/api/v1/series?token={text}")).code == 401
        assert (await at.fetch("DELETE", f"/api/v1/tokens/{made['id']}", as_="ada")).code == 404


async def test_a_token_that_never_expires_takes_its_sockets_with_it(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        _, made = await at.json("POST", "/api/v1/tokens", {"name": "follower", "verbs": ["read"]}, as_="ada")
        assert made["expires"] is None
        socket = await at.socket({"Authorization": f"Bearer {made['token']}"})
        assert (await at.fetch("DELETE", f"/api/v1/tokens/{made['id']}", as_="ada")).code == 204
        async with deadline(20):
            assert await socket.end() == 4503


async def test_when_a_token_was_used_is_shown(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await at.fetch("GET", "/api/v1/series", None, at.bearer("read"))
        await at.server.accounts.housekeeping.tidy()
        used = {
            token["name"]: token.get("last_used")
            for token in (await at.json("GET", "/api/v1/tokens", as_="ada"))[1]["tokens"]
        }
        assert used["read"] > 0
        assert used["write"] is None


# --- the audit log ---


async def test_every_act_is_in_the_audit_log_without_a_secret(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        secrets = [PASSWORD, "another good one", "wrong password"]
        await at.fetch("POST", "/api/v1/login", {"name": "ada", "password": "wrong password"})
        secrets.append((await at.json("POST", "/api/v1/login", {"name": "ada", "password": PASSWORD}))[1]["token"])
        await at.fetch("POST", "/api/v1/users", NEW, as_="ada")
        await at.fetch("PATCH", "/api/v1/users/nina", {"password": "another good one", "role": "viewer"}, as_="ada")
        await at.fetch("DELETE", "/api/v1/users/nina", as_="ada")
        token = (await at.json("POST", "/api/v1/tokens", {"name": "probe"}, as_="ada"))[1]
        await at.fetch("DELETE", f"/api/v1/tokens/{token['id']}", as_="ada")
        link = (await at.json("POST", "/api/v1/links", {"board": "host"}, as_="eddy"))[1]
        await at.fetch("DELETE", f"/api/v1/links/{link['id']}", as_="eddy")
        secrets += [token["token"], link["url"].rpartition("/")[2]]
        await at.fetch("POST", "/api/v1/rooms", {"id": "dev", "title": "Dev"}, as_="olga")
        await at.fetch("PATCH", "/api/v1/rooms/dev", {"private": True}, as_="olga")
        await at.fetch("DELETE", "/api/v1/rooms/dev", as_="olga")
        said = await at.socket(as_="vera")
        await said.ask("join_room", roomId="ops")
        told = await said.ask("message", roomId="ops", text="what was said")
        over = await at.socket(as_="olga")
        await over.ask("join_room", roomId="ops")
        await over.ask("delete", roomId="ops", messageId=told["messageId"])
        secrets.append("what was said")
        await at.server.accounts.accounts.issue("eddy", at.server.accounts.directory.users["vera"], 2**42)
        await at.fetch("POST", "/api/v1/logout", "", as_="vera")
        text = (await at.fetch("GET", "/api/v1/audit?limit=500", as_="ada")).body.decode()
        found = [(each["actor"], each["action"]) for each in json.loads(text)["events"] if each["actor"] != "test"]
        assert found == [
            ("vera", "logout.done"),
            ("eddy", "session.issued"), ("olga", "message.deleted"),
            ("olga", "room.deleted"), ("olga", "room.changed"), ("olga", "room.created"),
            ("eddy", "link.revoked"), ("eddy", "link.created"),
            ("ada", "token.revoked"), ("ada", "token.created"),
            ("ada", "user.deleted"), ("ada", "user.changed"), ("ada", "user.created"),
            ("ada", "login.done"), ("ada", "login.failed"),
        ]  # fmt: skip
        for secret in secrets:
            assert secret not in text
        by_http = [e for e in json.loads(text)["events"] if e["actor"] != "test" and e["address"]]
        assert len(by_http) == len(found) - 2
        assert all(each["address"] == "127.0.0.1" for each in by_http)


async def test_the_audit_log_comes_in_pages(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        everything = (await at.json("GET", "/api/v1/audit?limit=500", as_="ada"))[1]
        assert everything["more"] is False
        found: list[Any] = []
        before = ""
        while True:
            page = (await at.json("GET", f"/api/v1/audit?limit=3{before}", as_="ada"))[1]
            found += page["events"]
            if not page["more"]:
                break
            before = f"&before={page['events'][-1]['id']}"
        assert found == everything["events"]
        for query in ("limit=0", "limit=501", "limit=x", "before=-1", "before=1e3", "limit=\u0663"):
            status, said = await at.json("GET", f"/api/v1/audit?{query.encode().decode('latin-1')}", as_="ada")
            assert (status, said["field"]) == (400, query.partition("=")[0]), query


async def test_nobody_renames_to_somebody_else(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for name in ("Operator", "Olga\u200b", "\u041elga", "olga"):
            status, said = await at.json("PATCH", "/api/v1/me", {"name": name}, as_="vera")
            assert (status, said["field"]) == (400, "name"), name
        status, said = await at.json("PATCH", "/api/v1/me", {"name": "Vera\u200b of \uff32\uff26\uff23"}, as_="vera")
        assert (status, said["user"]["name"]) == (200, "Vera of RFC")
        new = {"id": "v2", "name": "VERA of RFC", "password": PASSWORD}
        assert (await at.json("POST", "/api/v1/users", new, as_="ada"))[0] == 400
