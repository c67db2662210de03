"""Boards over HTTP: conditions, YAML and JSON, former ids, and who may do what. Several processes are in tests/handlers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.unit.boards.test_library import EDDY, WALL
from tests.unit.web.boards.served import served

pytestmark = pytest.mark.gen_test


def board(title: str) -> bytes:
    return json.dumps(WALL | {"title": title}).encode()


async def test_a_board_is_published_as_json_or_yaml_and_read_with_its_tag(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        made = await boards.ask("/hall?note=first", "PUT", board("Hall"))
        assert (made.status, made.json["version"]) == (201, 1)
        assert made.headers["ETag"] == f'"{made.json["etag"]}"'
        yaml = b"title: Great hall # of the castle\nwidgets: []\n"
        changed = await boards.ask("/hall", "PUT", yaml, Content_Type="application/yaml; charset=utf-8")
        assert (changed.status, changed.json["version"]) == (200, 2)
        read = await boards.ask("/hall")
        assert (read.json["title"], read.headers["ETag"]) == ("Great hall", changed.headers["ETag"])
        same = await boards.ask("/hall", If_None_Match=read.headers["ETag"])
        assert (same.status, same.body) == (304, b"")
        written = await boards.ask("/hall?written=1")
        assert b"title: Great hall" in written.body
        assert written.headers["Content-Disposition"] == 'attachment; filename="hall.yaml"'


async def test_a_condition_that_does_not_hold_changes_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        tag = (await boards.ask("/wall")).headers["ETag"]
        for method, headers in (("PUT", {"If_None_Match": "*"}), ("PUT", {"If_Match": '"old"'})):
            refused = await boards.ask("/wall", method, board("Other"), **headers)
            assert (refused.status, refused.json["code"]) == (412, "changed_meanwhile")
        assert (await boards.ask("/wall", "DELETE", If_Match='"old"')).status == 412
        assert (await boards.ask("/wall")).headers["ETag"] == tag
        assert (await boards.ask("/wall", "PUT", board("Other"), If_Match=tag)).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [(b"title: [", "text/yaml", "board"), (b"\xff", "application/yaml", "body"), (b"[]", "application/json", None)],
)
async def test_a_text_that_is_no_board_is_refused(tmp_path: Path, body: bytes, kind: str, field: str | None) -> None:
    async with served(tmp_path) as boards:
        refused = await boards.ask("/wall", "PUT", body, Content_Type=kind)
        assert (refused.status, refused.json.get("field")) == (400, field)


async def test_a_board_is_renamed_and_its_former_id_says_where_it_is(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        assert (await boards.ask("/wall", "PATCH", b'{"id": "hall", "archived": true}')).status == 204
        gone = await boards.ask("/wall")
        assert (gone.status, gone.json["code"], gone.json["moved_to"]) == (404, "moved", "hall")
        (listed,) = (each for each in (await boards.ask("")).json["boards"] if each["id"] == "hall")
        assert (listed["archived"], listed["may_edit"], listed["version"]) == (True, True, 1)


async def test_a_deleted_board_is_listed_for_its_editor_and_comes_back(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        assert (await boards.ask("/wall", "DELETE")).status == 204
        assert (await boards.ask("/wall")).status == 404
        listed = (await boards.ask("?deleted=1")).json
        assert [each["id"] for each in listed["deleted"]] == ["wall"]
        assert (await boards.ask("/wall/restore", "POST")).status == 204
        assert (await boards.ask("/wall")).status == 200


async def test_versions_are_listed_read_compared_and_published_again(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        for title in ("Second", "Third"):
            await boards.ask(f"/wall?note=to+{title}", "PUT", board(title))
        listed = (await boards.ask("/wall/versions?limit=2")).json["versions"]
        assert [(each["version"], each["author"], each["note"]) for each in listed] == [
            (3, "eddy", "to Third"), (2, "eddy", "to Second"),
        ]  # fmt: skip
        assert [each["version"] for each in (await boards.ask("/wall/versions?before=2")).json["versions"]] == [1]
        assert (await boards.ask("/wall/versions/2")).json["title"] == "Second"
        changes = (await boards.ask("/wall/diff")).json
        assert (changes["old"], changes["new"], changes["changes"]) == (2, 3, ["board: title “Second” → “Third”"])
        back = await boards.ask("/wall/rollback", "POST", b'{"version": 1, "note": "back"}')
        assert back.json["version"] == 4
        assert (await boards.ask("/wall")).json["title"] == "Wall"
        assert (await boards.ask("/wall/diff?old=1&new=published")).json["changes"] == []


async def test_a_viewer_reads_and_changes_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        (listed,) = (each for each in (await boards.ask("", by="vera")).json["boards"] if each["id"] == "wall")
        assert (listed["may_edit"], listed["title"]) == (False, "Wall")
        for path, method, body in (
            ("/wall", "PUT", board("X")), ("/wall", "DELETE", b""), ("/wall/rollback", "POST", b'{"version": 1}'),
            ("/wall/diff", "GET", b""), ("/wall/versions", "GET", b""),
        ):  # fmt: skip
            assert (await boards.ask(path, method, body, by="vera")).status == 403


async def test_a_long_list_is_compressed(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        for number in range(30):
            await boards.node.library.put(EDDY, f"b{number}", WALL | {"subtitle": "long " * 20})
        packed = await boards.ask("", Accept_Encoding="gzip")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(json.loads(gzip.decompress(packed.body))["boards"]) == 31
        assert "Content-Encoding" not in (await boards.ask("")).headers
        schema = (await boards.site.ask("/api/v1/schema/board.json")).json
        assert "$schema" in schema
