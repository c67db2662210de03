"""Checks of Host, Origin, methods and headers, the same on every route."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from dashboard.app.build import Dashboard
from tests.handlers.support import answer, fetch
from tests.support.deadline import in_time, scaled, within
from tests.support.inprocess import running

PAGES = Path(__file__).resolve().parents[2] / "static" / "js" / "pages"
pytestmark = pytest.mark.gen_test

ROUTES = ["/", "/explore", "/board?series=a", "/boards/host", "/ws", "/api/v1/samples", "/api/v1/samples/a", "/api/v1/series",
          "/api/v1/documents/a", "/api/v1/boards/host", "/healthz", "/readyz", "/metrics", "/metrics/websocket",
          "/favicon.ico", "/static/x/css/base.css", "/no/such/thing"]  # fmt: skip


async def test_a_foreign_host_is_refused_on_every_route() -> None:
    async with running() as server:
        for path in set(ROUTES) - {"/healthz", "/readyz"}:
            for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", "127.0.0.2", "[::2]"):
                response = await fetch(server, path, headers={"Host": host})
                assert response.code == 421, (path, host)


async def test_our_own_names_are_served_whatever_the_port() -> None:
    async with running(allowed_hosts=("Wall.Example",)) as server:
        for host in ("127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:9", "wall.example", "wall.example."):
            assert (await fetch(server, "/healthz", headers={"Host": host})).code == 200, host


async def test_load_balancers_ask_for_health_by_address_and_without_a_name() -> None:
    async with running() as server:
        for path in ("/healthz", "/readyz"):
            assert (await fetch(server, path, headers={"Host": "10.0.1.5:3000"})).code == 200
            assert (await raw(server, f"GET {path} HTTP/1.0\r\n\r\n"))[0] == 200
            headers = {"Host": "10.0.1.5:3000", "Origin": "http://evil.example"}
            assert (await fetch(server, path, headers=headers)).code == 403
        assert (await raw(server, "GET /metrics HTTP/1.0\r\n\r\n"))[0] == 421


async def test_default_ports_are_the_same_as_none() -> None:
    async with running(trusted_origins=("https://intra.example",), allowed_hosts=("wall.example",)) as server:
        for host, origin, is_allowed in (
            ("wall.example:443", "https://wall.example", True), ("wall.example:80", "http://wall.example", True),
            ("wall.example", "https://wall.example:443", True), ("WALL.example", "https://wall.Example", True),
            ("wall.example", "https://intra.example:443", True), ("wall.example:443", "http://wall.example", False),
            ("wall.example:443", "https://wall.example:444", False), ("wall.example", "https://wall.example:8443", False),
            ("wall.example:443", "https://wall.example:443:443", False), ("wall.example", "https://wall.example/", False),
            ("wall.example", "https://me@wall.example", False), ("wall.example", "https://wall.example:", True),
        ):  # fmt: skip
            response = await fetch(
                server, "/api/v1/samples", method="POST", body="x", headers={"Host": host, "Origin": origin}
            )
            assert (response.code != 403) is is_allowed, (host, origin)
            upgrade = {"Host": host, "Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                       "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
            lines = "".join(f"{name}: {value}\r\n" for name, value in upgrade.items())
            assert (await raw(server, f"GET /ws HTTP/1.1\r\n{lines}\r\n"))[0] == (101 if is_allowed else 403), (
                host,
                origin,
            )


async def test_by_https_pages_by_http_are_of_another_origin_and_browsers_are_to_stay() -> None:
    async with running(proxies=("127.0.0.1",), allowed_hosts=("wall.example",)) as server:
        for scheme, origin, is_allowed in (
            ("https", "https://wall.example", True),
            ("https", "http://wall.example", False),
            ("http", "http://wall.example", True),
        ):
            headers = {"Host": "wall.example", "X-Forwarded-Proto": scheme, "Origin": origin}
            response = await fetch(server, "/healthz", headers=headers)
            assert (response.code != 403) is is_allowed, (scheme, origin)
            assert ("Strict-Transport-Security" in response.headers) is (scheme == "https")
        local = await fetch(server, "/healthz", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
        assert "Strict-Transport-Security" not in local.headers


async def raw(server: Dashboard, request: str | bytes) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers (in lower case) and body of the answer to a request that is sent byte by byte as given."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.encode() if isinstance(request, str) else request)
    head = (await in_time(reader.readuntil(b"\r\n\r\n"), 5)).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await in_time(reader.readexactly(int(headers.get("content-length", 0))), 5)
    writer.close()
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize("expects", ["100-continue", "100-Continue"])
async def test_a_client_that_waits_before_its_body_is_told_to_go_on(expects: str) -> None:
    async with running() as server:
        status, _, _ = await raw(
            server, f"POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: {expects}\r\n\r\n"
        )
        assert status == 100


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
        (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n", 426),
        (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 8\r\n"
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", 426),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", 431),
        (b"POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5x\r\n\r\nabcde", 400),
        (b"POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", 400),
        (b"POST /api/v1/samples HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 413),
        (b"POST /write HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)  # fmt: skip
async def test_what_is_no_request_is_told_so_in_json(request_: bytes, status: int) -> None:
    async with running() as server:
        found, headers, body = await raw(server, request_)
        assert found == status
        assert headers["content-type"].startswith("application/json")
        assert json.loads(body).keys() == {"code", "error"}
        if b"Version: 8" in request_:
            assert headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize(
    ("sent", "reason", "shown"),
    [
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 0, 0, 0, 1, 0x83)),
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
            "",
        ),
        (
            b"put sys.cpu 1700000000 1 host=a\n",
            "400: this is OpenTSDB's telnet form",
            "put sys.cpu 1700000000 1 host=a",
        ),
        (b"\x16\x03\x01\x02\x00\x01\x00", "400: this is TLS", "\x16\x03\x01\x02"),
        (b"Web1.load 1 1700000000\n", "408: this is a Graphite line", "Web1.load 1 1700000000"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", "408: no whole request came in 0.3 s", "GET /healthz HTTP/1.1"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n\r\n", "400: the PROXY protocol", "PROXY TCP4"),
        (b"GET /?token=dsh_secret HTTP/1.1\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", "431: ", "GET /?token=*** HTTP/1.1"),
    ],
)
async def test_what_is_no_request_is_in_the_tap(sent: bytes, reason: str, shown: str) -> None:
    async with running(header_timeout_s=0.3 if reason.startswith("408") else 10) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        if sent.startswith(b"PRI"):
            said = await in_time(reader.readuntil(b"collector"), 10)
        else:
            said = await in_time(reader.read(), 10)
        assert (b"otlphttp" in said) == sent.startswith(b"PRI")
        (feeder,) = answer(await fetch(server, "/api/v1/feeders"))["feeders"]
        (refusal,) = feeder["refusals"]
        assert reason in refusal["reason"]
        assert shown in refusal["snippet"]
        writer.close()


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("OPTIONS /healthz HTTP/1.0", "", 200),  # HAProxy's option httpchk /healthz
        ("OPTIONS /readyz HTTP/1.0", "", 200),
        ("GET http://10.0.0.1:80/healthz HTTP/1.1", "10.0.0.1", 200),
        ("GET http://localhost/write?a=b HTTP/1.1", "localhost", 200),
        ("GET http://localhost/write HTTP/1.1", "evil.example", 421),
        ("GET HTTPS://localhost HTTP/1.1", "evil.example", 421),
    ],
)
async def test_how_load_balancers_and_proxies_ask(line: str, host: str, status: int) -> None:
    async with running() as server:
        head = f"{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n" if host else f"{line}\r\n\r\n"
        found, _, _ = await raw(server, head.encode())
        assert found == status


async def test_an_idle_connection_lives_longer_than_headers_may_take() -> None:
    async with running(header_timeout_s=0.2, idle_timeout_s=scaled(3.0)) as server:
        get = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(2):
            await asyncio.sleep(0.6)  # longer than headers may take
            writer.write(get)
            head = await in_time(reader.readuntil(b"\r\n\r\n"), 5)
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))  # type: ignore[index]
        loop = asyncio.get_running_loop()
        began = loop.time()
        writer.write(get[:20])
        assert await in_time(reader.read(), 5) == b""
        within(loop.time() - began, 2, "a header that is not whole ends the connection")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        began = loop.time()
        assert await in_time(reader.read(), 5) == b""
        assert loop.time() - began > scaled(2.5)
        writer.close()


async def test_a_foreign_origin_is_refused_on_every_route() -> None:
    async with running(trusted_origins=("https://intra.example",)) as server:
        for path in ROUTES:
            for origin in (
                "http://evil.example",
                "null",
                "http://127.0.0.1",
                f"ftp://127.0.0.1:{server.port}",
                "",
                "x",
            ):
                response = await fetch(server, path, headers={"Origin": origin})
                assert response.code == 403, (path, origin)
        for origin in (f"http://127.0.0.1:{server.port}", "https://intra.example"):
            assert (await fetch(server, "/healthz", headers={"Origin": origin})).code == 200


async def test_cross_site_posts_of_browsers_are_refused() -> None:
    async with running() as server:
        response = await fetch(
            server, "/api/v1/samples/a", method="POST", body="1", headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert response.code == 403


async def test_unknown_methods_are_405_with_allow() -> None:
    async with running() as server:
        for path, method, allow in (
            ("/healthz", "POST", "GET, HEAD, OPTIONS"),
            ("/api/v1/samples", "DELETE", "GET, HEAD, POST"),
        ):
            response = await fetch(server, path, method=method, body="" if method == "POST" else None)
            assert response.code == 405
            assert response.headers["Allow"] == allow


async def test_errors_are_json_and_pages_for_people() -> None:
    async with running() as server:
        response = await fetch(server, "/no/such/thing")
        assert (response.code, answer(response)["code"]) == (404, "not_found")
        page = await fetch(server, "/boards/none", headers={"Accept": "text/html"})
        assert page.code == 404
        assert b"there is no board" in page.body
        assert b"<script>" not in (await fetch(server, "/boards/<script>", headers={"Accept": "text/html"})).body


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/write", {"Host": "elsewhere.example"}, 421),
        ("/write", {"Content-Type": "multipart/form-data"}, 415),
        ("/write?" + "x" * 9_000, {}, 414),
        ("/writ", {}, 404),
    ],
)
async def test_a_program_that_takes_pages_too_gets_json(path: str, headers: dict[str, str], status: int) -> None:
    accepts = {"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}
    async with running() as server:
        response = await fetch(server, path, method="POST", body="a v=1", headers=accepts | headers)
        assert (response.code, json.loads(response.body).keys() >= {"code", "error"}) == (status, True)


async def test_pages_carry_the_security_headers_and_a_fresh_nonce() -> None:
    async with running() as server:
        seen = set()
        for _ in range(2):
            response = await fetch(server, "/")
            policy = response.headers["Content-Security-Policy"]
            nonce = re.search(r"'nonce-([^']+)'", policy)[1]  # type: ignore[index]
            assert f'nonce="{nonce}"' in response.body.decode()
            assert "require-trusted-types-for 'script'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in response.headers
            seen.add(nonce)
        assert len(seen) == 2
        page = response.body.decode()
        assert re.findall(r"\son[a-z]+=|<style|\sstyle=", page) == []
        assert "<script src" not in page  # it would hold the first picture back
        within = re.findall(r"<script((?![^>]*\bsrc=)[^>]*)>(.*?)</script>", page, re.DOTALL)
        assert {attributes for attributes, _ in within} == {f' nonce="{nonce}"'}
        files = (
            "theme",
            "look-again",
            "browser-check",
        )  # as they are: nothing of a request or a board is written into a script
        assert [text for _, text in within] == [(PAGES / f"{name}.js").read_text().rstrip("\n") for name in files]


@pytest.mark.parametrize(
    "path", ["/", "/boards/host", "/board", "/explore", "/feeders", "/login", "/admin", "/first-admin"]
)
async def test_every_page_has_its_sentence_for_browsers_that_cannot_run_it(path: str) -> None:
    async with running() as server:
        page = (await fetch(server, path)).body.decode()
    assert re.search(
        r'<p class="unfit">This browser is too old for this page, which needs Chrome or Edge \d+, Firefox \d+, Safari',
        page,
    )
    assert re.search(r'<noscript><p class="unfit">This page needs JavaScript', page)
    assert 0 < page.index("hasModules") < page.index('type="module"')


@pytest.mark.parametrize("path", ["/", "/boards/host", "/board"])
async def test_only_old_browsers_get_the_files_built_for_them(path: str) -> None:
    async with running() as server:
        for version, has_trusted_types in ((79, False), (110, True), (111, True)):
            response = await fetch(
                server, path, headers={"User-Agent": f"Mozilla/5.0 Chrome/{version}.0.0.0 Safari/537.36"}
            )
            loaded = set(re.findall(r"/static/\w+/([\w./-]+\.(?:js|css))", response.body.decode()))
            built = {"vendor/old.js", "vendor/old.css"}
            assert loaded & built == (built if version < 111 else set())
            assert ("js/pages/board.js" in loaded) == (version >= 111)
            assert ("trusted-types" in response.headers["Content-Security-Policy"]) == has_trusted_types


@pytest.mark.parametrize(("length", "status"), [(200, 404), (201, 414)])
async def test_an_address_may_have_its_limit_and_not_a_byte_more(length: int, status: int) -> None:
    async with running(max_uri_bytes=200) as server:
        assert (await fetch(server, "/" + "a" * (length - 1))).code == status


async def test_multipart_bodies_are_refused() -> None:
    async with running() as server:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert (await fetch(server, "/api/v1/samples", method="POST", body="--x--", headers=headers)).code == 415


async def test_the_chosen_page_refuses_what_is_no_selector() -> None:
    async with running() as server:
        assert (await fetch(server, "/board")).code == 200
        assert (await fetch(server, "/board?series=%7B%7D")).code == 400
        page = await fetch(server, "/board?series=%3Cscript%3Ealert(1)%3C/script%3E", headers={"Accept": "text/html"})
        assert page.code == 400
        assert b"<script>alert" not in page.body


async def test_no_name_of_a_static_file_is_a_fault_of_the_server() -> None:
    names = (
        "%00",
        "css/%00.css",
        "a%0d%0ab",
        "%c0%80",
        "%ff",
        "a" * 3_000,
        "css/" + "x" * 300,
        "%2e%2e/%2e%2e/setup.cfg",
        "css",
    )
    async with running() as server:
        for name in names:
            for method in ("GET", "HEAD"):
                assert (await fetch(server, f"/static/x/{name}", method=method)).code in (400, 403, 404), name


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nothing", {}, 404),
        ("/api/v1/samples", {"Host": "evil.example"}, 421),
        ("/write", {"Origin": "http://evil.example"}, 403),
    ],
)
async def test_an_answer_before_the_body_was_read_says_that_the_connection_ends(
    path: str, headers: dict[str, str], status: int
) -> None:
    lines = "".join(
        f"{name}: {value}\r\n" for name, value in ({"Host": "localhost", "Content-Length": "5"} | headers).items()
    )
    async with running() as server:
        found, answered, _ = await raw(server, f"POST {path} HTTP/1.1\r\n{lines}\r\na v=1")
        assert (found, answered.get("connection")) == (status, "close")
