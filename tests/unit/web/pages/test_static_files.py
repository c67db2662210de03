"""Files for browsers: kept for a year by their build, compressed where that is taken."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dashboard.web.pages.static_files import StaticHandler, StaticServices
from dashboard.web.server.compression import CompressedFiles
from dashboard.web.server.route import Route
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test
CODE = b"export const a = 1; // " + b"long " * 500


@pytest.fixture
def site(tmp_path: Path) -> Asking:
    (tmp_path / "js").mkdir()
    (tmp_path / "js/a.js").write_bytes(CODE)
    (tmp_path / "font.woff2").write_bytes(b"wOF2")
    return Asking(Route("/static/{build}/{path}", StaticHandler, StaticServices(tmp_path, CompressedFiles())))


async def test_a_file_of_this_build_is_kept_and_one_of_another_is_not(site: Asking) -> None:
    ours, others = await site.ask("/static/b1/js/a.js"), await site.ask("/static/b0/js/a.js")
    assert ours.body == others.body == CODE
    assert ours.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert others.headers["Cache-Control"] == "no-store"
    assert (await site.ask("/static/b1/font.woff2")).headers["Content-Type"] == "font/woff2"


async def test_a_text_is_compressed_unless_a_range_is_asked_for(site: Asking) -> None:
    packed = await site.ask("/static/b1/js/a.js", Accept_Encoding="gzip")
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.body)) == ("gzip", CODE)
    part = await site.ask("/static/b1/js/a.js", Accept_Encoding="gzip", Range="bytes=0-5")
    assert (part.status, part.body) == (206, CODE[:6])
    head = await site.ask("/static/b1/js/a.js", "HEAD", Accept_Encoding="gzip")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(packed.body)))


async def test_what_a_browser_has_is_not_sent_again_in_either_form(site: Asking) -> None:
    plain = await site.ask("/static/b1/js/a.js")
    packed = await site.ask("/static/b1/js/a.js", Accept_Encoding="gzip")
    assert plain.headers["Etag"] != packed.headers["Etag"]
    again = await site.ask("/static/b1/js/a.js", Accept_Encoding="gzip", If_None_Match=packed.headers["Etag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["none.js", "a%00.js", "..%2Fsecret", "js"])
async def test_nothing_else_is_there(site: Asking, path: str) -> None:
    reply = await site.ask(f"/static/b1/{path}", Accept_Encoding="gzip")
    assert reply.status in (403, 404)
    assert (reply.headers["Cache-Control"], reply.headers["Content-Type"][:16]) == ("no-store", "application/json")
    assert (await site.ask("/static/b1/js/a.js", "POST")).headers["Allow"] == "GET, HEAD"
