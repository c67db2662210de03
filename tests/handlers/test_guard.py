"""Host, Origin, methods, headers: what holds on every route."""

from __future__ import annotations

import json
import re

import pytest

from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

ROUTES = ["/", "/explore", "/board?series=a", "/boards/host", "/ws", "/api/v1/samples", "/api/v1/samples/a", "/api/v1/series",
          "/api/v1/documents/a", "/api/v1/boards/host", "/healthz", "/readyz", "/metrics", "/metrics/websocket",
          "/favicon.ico", "/static/x/css/base.css", "/no/such/thing"]  # fmt: skip


async def test_a_foreign_host_is_refused_on_every_route() -> None:
    async with running() as server:
        for path in ROUTES:
            for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", "127.0.0.2", "[::2]"):
                response = await fetch(server, path, headers={"Host": host})
                assert response.code == 421, (path, host)


async def test_our_own_names_are_served_whatever_the_port() -> None:
    async with running(allowed_hosts=("Wall.Example",)) as server:
        for host in ("127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:9", "wall.example", "wall.example."):
            assert (await fetch(server, "/healthz", headers={"Host": host})).code == 200, host


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
            ("/healthz", "POST", "GET, HEAD"),
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
        inline = re.findall(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|<style|\sstyle=", response.body.decode())
        assert inline == []


async def test_static_files_are_kept_for_ever_only_under_this_build() -> None:
    async with running() as server:
        page = (await fetch(server, "/")).body.decode()
        build = re.search(r'name="build" content="([0-9a-f]+)"', page)[1]  # type: ignore[index]
        current = await fetch(server, f"/static/{build}/css/base.css")
        assert (current.code, current.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        other = await fetch(server, "/static/older/css/base.css")
        assert (other.code, other.headers["Cache-Control"]) == (200, "no-store")
        for path in ("../setup.cfg", "%2e%2e/setup.cfg", "css/../../setup.cfg", "css/none.css"):
            assert (await fetch(server, f"/static/{build}/{path}")).code in (403, 404), path
        assert (await fetch(server, f"/static/{build}/vendor/uplot.js", method="HEAD")).code == 200


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
