"""Static files: how long browsers keep them, which are refused, and their compression."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from dashboard.app.build import Dashboard
from tests.handlers.support import fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

BASE = Path(__file__).parents[2] / "static/css/base.css"


async def build_of(server: Dashboard) -> str:
    page = (await fetch(server, "/")).body.decode()
    found = re.search(r'name="build" content="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


async def as_sent(server: Dashboard, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    """Request a file; the body of the response is not decompressed."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://127.0.0.1:{server.port}{path}"
    return await AsyncHTTPClient().fetch(
        url, method=method, headers=names, decompress_response=False, raise_error=False
    )


async def test_files_are_kept_for_ever_only_under_this_build() -> None:
    async with running() as server:
        build = await build_of(server)
        current = await fetch(server, f"/static/{build}/css/base.css")
        assert (current.code, current.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        other = await fetch(server, "/static/older/css/base.css")
        assert (other.code, other.headers["Cache-Control"]) == (200, "no-store")
        face = await fetch(server, f"/static/{build}/vendor/inter-latin.woff2")
        assert (face.headers["Content-Type"], face.body[:4]) == ("font/woff2", b"wOF2")
        assert "immutable" in face.headers["Cache-Control"]


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_files_outside_of_the_folder_are_refused(coding: str) -> None:
    async with running() as server:
        for path in (
            "../setup.cfg",
            "%2e%2e/setup.cfg",
            "css/../../setup.cfg",
            "css/none.css",
            "css",
            "%00",
            "css/%00.css",
        ):
            response = await as_sent(server, f"/static/x/{path}", Accept_Encoding=coding)
            assert response.code in (403, 404), path


async def test_texts_are_sent_compressed_to_those_who_accept_it() -> None:
    async with running() as server:
        path = f"/static/{await build_of(server)}/css/base.css"
        plain = await as_sent(server, path)
        packed = await as_sent(server, path, Accept_Encoding="br;q=1.0, gzip;q=0.8")
        assert plain.body == gzip.decompress(packed.body) == BASE.read_bytes()
        assert 2 * len(packed.body) < len(plain.body)
        assert (packed.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
        for header in ("Cache-Control", "Content-Type", "Vary", "Last-Modified", "X-Content-Type-Options"):
            assert packed.headers[header] == plain.headers[header]
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert packed.headers["ETag"] != plain.headers["ETag"]  # they are different bytes
        again = await as_sent(server, path, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"])
        assert (again.code, again.body) == (304, b"")
        other = await as_sent(server, path, Accept_Encoding="gzip", If_None_Match=plain.headers["ETag"])
        assert (other.code, other.body) == (200, packed.body)
        head = await as_sent(server, path, "HEAD", Accept_Encoding="gzip")
        assert (head.headers["Content-Length"], head.body) == (str(len(packed.body)), b"")


async def test_the_sheet_of_a_page_brings_its_parts_and_names_them_where_it_is_not_compressed() -> None:
    async with running() as server:
        page = (await fetch(server, "/")).body.decode()
        [path] = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
        packed = await as_sent(server, path, Accept_Encoding="gzip")
        whole = gzip.decompress(packed.body)
        assert BASE.read_bytes() in whole
        assert b"@import" not in whole
        plain = (await as_sent(server, path)).body
        parts = re.findall(rb'@import "([^"]+)";', plain)
        assert len(parts) == 5
        for part in parts:
            found = await as_sent(server, path.rsplit("/", 1)[0] + "/" + part.decode())
            assert (found.code, found.body in whole) == (200, True), part


async def test_ranges_and_fonts_are_sent_as_they_are() -> None:
    async with running() as server:
        build = await build_of(server)
        part = await as_sent(server, f"/static/{build}/css/base.css", Accept_Encoding="gzip", Range="bytes=0-9")
        assert (part.code, part.body) == (206, BASE.read_bytes()[:10])
        face = await as_sent(server, f"/static/{build}/vendor/inter-latin.woff2", Accept_Encoding="gzip")
        assert face.body[:4] == b"wOF2"
