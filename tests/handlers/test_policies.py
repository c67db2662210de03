"""The whole table of policies: each row, over HTTP and ``/ws``, for each kind of caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.accounts.policies import FEEDS, POLICIES, SHOWS_TOKEN
from dashboard.domain.identity import VERBS, Role
from dashboard.messages.session import MESSAGE_TYPES
from tests.support.site import PEOPLE, Headers, Site, site

pytestmark = pytest.mark.gen_test(timeout=120)

#: An address for each template; of things that are there where that makes a difference.
PARTS = {
    "{board}": "host",
    "{link}": "none",
    "{build}/{path}": "x/css/base.css",
    "{name}": "orders",
    "{key}": "note",
    "{user}": "nobody",
    "{token}": "0f",
    "{room}": "ops",
    "{stream}": "lab",
    "{group}": "job/lab",
    "{widget}": "orders",
    "{push}": "none",
    "{check}": "none",
    "{annotation}": "7",
    "{bucket}": "0f",
    "{signal}": "traces",
    "{number}": "1",
    "{label}": "job",
}
#: A heartbeat's address is its token: who has none finds nothing.
REFUSALS = (401, 403, 404)
PAGES = ("/", "/boards/host", "/board", "/explore", "/profile", "/admin")
PERSONS = [name for name in PEOPLE if name != "dora"]
HTTP = [row for row in POLICIES if not row.startswith("ws ")]


def address(template: str) -> str:
    for part, value in PARTS.items():
        template = template.replace(part, value)
    assert "{" not in template
    return template


def headers_of(site: Site, caller: str) -> Headers:
    """Return the headers of a caller: ``dora`` is disabled, ``expired`` has a session that has ended."""
    if caller == "anonymous":
        return {}
    if caller == "share":
        return site.sharer
    if caller in VERBS:
        return site.bearer(caller)
    return site.cookie("vera", hours=-1) if caller == "expired" else site.cookie(caller)


def expected(row: str, caller: str) -> int:
    """Return the status that the table states: 401, 403, or 200 for allowed. Boards are for viewers, the shared board
    also for callers with the link."""
    policy = POLICIES[row]
    if caller in VERBS and row != "GET /oidc/callback":
        if policy == SHOWS_TOKEN:
            return 200 if caller == "write" else 403
        if not policy.verb:
            return 200 if policy.least is Role.NOBODY else 403
        return 200 if caller == policy.verb else 403
    role = PEOPLE[caller] if caller in PERSONS else Role.NOBODY
    if policy.why == "who may see the board":
        return 200 if role or caller == "share" else 401
    if row == "GET /oidc/callback":
        return 401  # nobody was sent to the provider
    if policy == SHOWS_TOKEN:
        return 200 if role >= Role.EDITOR else 403 if role else 401
    if policy.least is Role.NOBODY:
        return 200
    if not role:
        return 401
    if policy.why == "who may edit the board":
        return 200 if role >= Role.EDITOR else 403
    return 200 if role >= policy.least else 403


def heartbeat(row: str) -> bool:
    return row.endswith(("/{push}", "/{check}"))


#: Addresses that feeders post to.
FEEDING = {row.partition(" ")[2] for row in HTTP if POLICIES[row] in (FEEDS, SHOWS_TOKEN)}
CALLERS = ["anonymous", "share", "dora", "expired", *VERBS, *PERSONS]


def _rows() -> Iterator[tuple[str, str, str]]:
    for row in HTTP:
        method, _, template = row.partition(" ")
        yield row, method, address(template)


@pytest.mark.parametrize("caller", CALLERS)
async def test_each_route_is_for_whom_the_table_says(caller: str, tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        wrong = []
        for row, method, path in _rows():
            body = "{}" if method in ("POST", "PUT", "PATCH") else None
            response = await at.fetch(method, path, body, headers_of(at, caller))
            got = response.code if response.code in (401, 403) else 200
            want = expected(row, caller)
            if heartbeat(row) and want != 200:
                got = want if response.code in REFUSALS else 200
            if got != want:
                wrong.append((row, response.code, want))
            assert response.code < 500, (row, response.body)
        assert wrong == []


async def test_a_proof_that_is_wrong_is_refused_wherever_it_is_shown(tmp_path: Path) -> None:
    """A wrong proof does not count as none: a caller who shows one must learn that it is not valid."""
    async with site(tmp_path) as at:
        for row, method, path in _rows():
            template = row.partition(" ")[2]
            if "/static/" in path or template in (
                "/ping",
                "/health",
                "/ready",
                "/api/health",
                "/-/healthy",
                "/-/ready",
                "/api/v1/status",
                "/api/v2/setup",
            ):  # those answer whoever asks
                continue
            body = "{}" if method in ("POST", "PUT", "PATCH") else None
            headers = [
                "Bearer dsh_wrong",
                "Bearer a.b.c",
                f"Token {at.jwt('dora')}",
                "Basic eDp5",
                "Basic ü",
                "Digest x",
                "x",
            ]
            if template in FEEDING:  # agents from elsewhere say root:root, which is as nothing
                headers = [header for header in headers if not header.startswith("Basic")]
            asked = ({"Authorization": header.encode().decode("latin-1")} for header in headers)
            for header, response in zip(
                headers, await asyncio.gather(*(at.fetch(method, path, body, each) for each in asked)), strict=True
            ):
                assert response.code == 401 or (heartbeat(row) and response.code == 404), (row, header)
            if not heartbeat(row):
                assert (await at.fetch(method, f"{path}?token=wrong", body)).code == 401, row


@pytest.mark.parametrize("path", PAGES)
async def test_pages_lead_those_whom_nobody_knows_to_the_login_and_back(path: str, tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for headers in ({}, at.cookie("dora")):
            response = await at.fetch("GET", path, None, {"Accept": "text/html", **headers})
            assert (response.code, response.headers["Location"]) == (302, f"/login?next={path.replace('/', '%2F')}")
        response = await at.fetch("GET", "/admin", None, {"Accept": "text/html"}, as_="eddy")
        assert response.code == 403


async def test_the_person_at_the_machine_is_operator_without_a_login_and_only_there(tmp_path: Path) -> None:
    async with site(tmp_path, login="auto") as at:
        assert (await at.json("GET", "/api/v1/me"))[1]["role"] == "operator"
        assert (await at.fetch("GET", "/api/v1/presence")).code == 200
        assert (await at.fetch("GET", "/api/v1/users")).code == 403
        for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"):
            assert (await at.fetch("GET", "/api/v1/presence", None, {name: "127.0.0.1"})).code == 401, name
        page = await at.fetch("GET", "/")
        local = page.headers["Set-Cookie"].partition(";")[0]
        assert (await at.json("GET", "/api/v1/me", headers={"Cookie": local}))[1]["user"]["id"] == "operator"
        forwarded = {"Cookie": local, "X-Forwarded-For": "10.0.0.1"}
        assert (await at.json("GET", "/api/v1/me", headers=forwarded))[1]["kind"] == "anonymous"
        status, me = await at.json("GET", "/api/v1/me", headers={"Authorization": f"Bearer {local[8:]}"})
        assert (status, me["kind"]) == (200, "local")  # what is not known is as none here


# --- things of one's own, of others, and none ---


async def test_of_rooms_only_those_that_one_may_join_are_there(tmp_path: Path) -> None:
    async with site(tmp_path, private_boards=("cluster",)) as at:
        listed = {
            name: {room["id"] for room in (await at.json("GET", "/api/v1/rooms", as_=name))[1]["rooms"]}
            for name in PERSONS
        }
        boards = set(at.server.boards.titles())
        assert listed == {
            "vera": boards - {"cluster"} | {"ops", "secret"},
            "eddy": boards - {"cluster"} | {"ops"},
            "olga": boards | {"ops"},
            "ada": boards | {"ops", "secret"},
        }
        for room, may in (
            ("secret", {"vera", "ada"}),
            ("ops", set(PERSONS)),
            ("cluster", {"olga", "ada"}),
            ("none", set()),
            ("direct:eddy:vera", {"vera", "eddy"}),
            ("inbox:vera", {"vera"}),
        ):
            for name in PERSONS:
                status = (await at.fetch("GET", f"/api/v1/rooms/{room}/messages", as_=name)).code
                if room != "inbox:vera":
                    assert status == (200 if name in may else 404), (room, name)
                elif name != "vera":
                    assert status == 404
                exported = (await at.fetch("GET", f"/api/v1/rooms/{room}/export", as_=name)).code
                assert exported == (403 if name in ("vera", "eddy") else 200 if name in may else 404), (room, name)
                if not room.startswith("inbox"):
                    said = (await at.fetch("POST", "/api/message", {"roomId": room, "text": "x"}, as_=name)).code
                    assert said == (200 if name in may else 404), (room, name)


async def test_boards_are_for_those_they_are_for(tmp_path: Path) -> None:
    async with site(tmp_path, public_boards=("host",), private_boards=("cluster",)) as at:
        await at.server.accounts.accounts.change_user("test", "", "eddy", grants=(("cluster", Role.VIEWER),))

        async def status(path: str, headers: Headers) -> int:
            return (await at.fetch("GET", path, None, headers)).code

        for caller, host, cluster, none in (
            ("anonymous", 200, 401, 401),
            ("share", 200, 401, 401),
            ("dora", 200, 401, 401),
            ("read", 200, 404, 404),
            ("write", 200, 404, 404),
            ("vera", 200, 404, 404),
            ("eddy", 200, 200, 404),
            ("olga", 200, 200, 404),
            ("ada", 200, 200, 404),
        ):
            headers = headers_of(at, caller)
            for prefix in ("/boards", "/api/v1/boards"):
                got = [await status(f"{prefix}/{board}", headers) for board in ("host", "cluster", "none")]
                assert got == [host, cluster, none], (caller, prefix)


async def test_a_share_link_shows_its_board_and_nothing_else(tmp_path: Path) -> None:
    async with site(tmp_path, private_boards=("host",)) as at:
        for path, status in (
            ("/boards/host", 200),
            ("/api/v1/boards/host", 200),
            ("/boards/cluster", 401),
            ("/api/v1/series", 401),
            ("/api/v1/documents/x", 401),
            ("/metrics", 401),
            ("/board?series=x", 401),
            ("/explore", 401),
            ("/api/v1/rooms", 401),
        ):
            assert (await at.fetch("GET", path, None, at.sharer)).code == status, path
        page = (await at.fetch("GET", "/boards/host", None, at.sharer)).body.decode()
        assert "/boards/cluster" not in page
        assert (await at.fetch("GET", "/boards/host", as_="vera")).code == 404  # private: for viewers it is not there


# --- the socket ---

FIELDS = {
    "auth": {"userId": "x", "token": "y"},
    "watch": {"board": "host"},
    "unwatch": {"view": "v0"},
    "join_room": {"roomId": "ops"},
    "leave_room": {"roomId": "ops"},
    "message": {"roomId": "ops", "text": "x"},
    "direct": {"userId": "nobody", "text": "x"},
    "edit": {"roomId": "ops", "messageId": "ops.9", "text": "x"},
    "delete": {"roomId": "ops", "messageId": "ops.9"},
    "read": {"roomId": "ops", "messageId": "ops.9"},
    "history": {"roomId": "ops"},
    "typing": {"roomId": "ops", "isTyping": True},
    "presence": {"status": "online"},
    "edit_board": {"board": "host", "page": "p"},
}


@pytest.mark.parametrize("caller", CALLERS)
async def test_each_message_is_for_whom_the_table_says(caller: str, tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for type_ in sorted(MESSAGE_TYPES):
            socket = await at.socket(headers_of(at, caller))
            if caller in PERSONS:
                await socket.until("authenticated")
            socket.send(type_, id="asked", **FIELDS.get(type_, {}))
            socket.send("rooms", id="after")  # answered after what was asked, if that has no answer
            code = ""
            while (message := await socket.read()) is not None and message.get("id") != "after":
                if message.get("id") == "asked" and message["type"] == "error":
                    code = message["code"]
            got = {"not_authenticated": 401, "forbidden": 403}.get(code, 200)
            wanted = expected(f"ws {type_}", caller)
            if type_ == "watch" and caller in ("anonymous", "dora", "expired"):
                wanted = 401  # the board is not public
            assert got == wanted, (type_, code)
            socket.close()


async def test_selectors_are_for_viewers_and_tokens_that_read(tmp_path: Path) -> None:
    async with site(tmp_path, public_boards=("host",)) as at:
        for caller in CALLERS:
            socket = await at.socket(headers_of(at, caller))
            answer = await socket.ask("watch", selectors=["orders"])
            good = caller in PERSONS or caller == "read"
            assert answer["type"] == ("snapshot" if good else "error"), (caller, answer)
            assert good or answer["code"] in ("not_authenticated", "forbidden")
            socket.close()


async def test_whoever_may_not_see_a_board_does_not_hear_whether_it_is_there(tmp_path: Path) -> None:
    async with site(tmp_path, private_boards=("cluster",)) as at:
        for caller, code in (
            ("anonymous", "not_authenticated"),
            ("share", "not_authenticated"),
            ("vera", "not_found"),
            ("read", "not_found"),
        ):
            socket = await at.socket(headers_of(at, caller))
            for board in ("cluster", "none"):
                assert (await socket.ask("watch", board=board))["code"] == code, (caller, board)
            socket.close()
        socket = await at.socket(as_="olga")
        assert (await socket.ask("watch", board="cluster"))["type"] == "snapshot"


async def test_messages_are_changed_by_their_authors_and_taken_back_by_operators_too(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        sockets = {name: await at.socket(as_=name) for name in PERSONS}
        for socket in sockets.values():
            assert (await socket.ask("join_room", roomId="ops"))["type"] == "joined"
        for name, code in (("eddy", "forbidden"), ("olga", "forbidden"), ("ada", "forbidden"), ("vera", "")):
            said = (await sockets["vera"].ask("message", roomId="ops", text="x"))["messageId"]
            answer = await sockets[name].ask("edit", roomId="ops", messageId=said, text="y")
            assert answer.get("code", "") == code, name
        for name, code in (("eddy", "forbidden"), ("olga", ""), ("ada", ""), ("vera", "")):
            said = (await sockets["vera"].ask("message", roomId="ops", text="x"))["messageId"]
            for wanted in (code, code or "not_found"):  # what is deleted is not there
                answer = await sockets[name].ask("delete", roomId="ops", messageId=said)
                assert answer.get("code", "") == wanted, name
        for messageId in ("ops.999", "secret.1", "ops.", "ops.-1", "x"):
            assert (await sockets["vera"].ask("delete", roomId="ops", messageId=messageId))["code"] == "not_found"


async def test_without_having_joined_nothing_can_be_said_in_a_room(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        socket = await at.socket(as_="vera")
        for type_ in ("message", "edit", "delete", "read", "typing", "leave_room"):
            assert (await socket.ask(type_, **FIELDS[type_]))["code"] == "not_member", type_
        for room in ("none", "inbox:eddy", "direct:ada:eddy"):
            for type_ in ("join_room", "history"):
                assert (await socket.ask(type_, roomId=room))["code"] == "not_found", (type_, room)
