"""Drafts over HTTP. Their rules are in tests/unit/boards/test_drafts.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.boards.served import served

pytestmark = pytest.mark.gen_test


def titled(title: str, key: str) -> bytes:
    return json.dumps({"key": key, "operation": [{"op": "set", "field": "title", "value": title}]}).encode()


async def test_an_operation_is_undone_redone_and_published(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        assert (await boards.ask("/wall/operations", "POST", titled("Hall", "k1"))).json == {
            "seq": 1, "status": "committed",
        }  # fmt: skip
        assert (await boards.ask("/wall/operations", "POST", titled("Other", "k1"))).json["seq"] == 1
        draft = (await boards.ask("/wall/draft")).json
        assert (draft["is_draft"], draft["by"], draft["operations"], draft["document"]["title"]) == (
            True, "eddy", 1, "Hall",
        )  # fmt: skip
        for key, again, title in (("k2", False, "Wall"), ("k3", True, "Hall")):
            body = json.dumps({"key": key, "again": again}).encode()
            assert (await boards.ask("/wall/undo", "POST", body)).status == 200
            assert (await boards.ask("/wall/draft")).json["document"]["title"] == title
        listed = (await boards.ask("/wall/operations?limit=2")).json["operations"]
        assert [each["seq"] for each in listed] == [2, 3]
        assert [each["seq"] for each in (await boards.ask("/wall/operations?before=2")).json["operations"]] == [1]
        published = await boards.ask("/wall/publish", "POST", b'{"note": "done"}')
        assert published.json["version"] == 2
        assert (await boards.ask("/wall")).json["title"] == "Hall"
        assert (await boards.ask("/wall/reach")).json == {"screens": 2, "viewers": 1}


async def test_a_draft_is_discarded(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        await boards.ask("/wall/operations", "POST", titled("Hall", "k1"))
        assert (await boards.ask("/wall/draft?key=a%20b", "DELETE")).status == 400
        assert (await boards.ask("/wall/draft?key=k2", "DELETE")).json["seq"] == 2
        draft = (await boards.ask("/wall/draft")).json
        assert (draft["is_draft"], draft["document"]["title"]) == (False, "Wall")


async def test_an_edited_text_changes_the_draft_and_a_comment_does_not(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        text = (await boards.ask("/wall/draft/text")).body.decode()

        async def edit(new: str, key: str) -> Any:
            body = json.dumps({"key": key, "base": text, "text": new}).encode()
            return await boards.ask("/wall/draft/text", "POST", body)

        assert (await edit(text + "# a remark\n", "k1")).json["seq"] == 0
        assert (await edit(text.replace("Wall", "Hall"), "k2")).json["seq"] == 1
        assert "Hall" in (await boards.ask("/wall/draft/text")).body.decode()
        wrong = await edit(text + "widgets: 5\n", "k3")
        assert (wrong.status, wrong.json["field"]) == (400, "board")


async def test_edits_under_a_former_id_belong_to_the_board_of_now(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        await boards.ask("/wall", "PATCH", b'{"id": "hall"}')
        assert (await boards.ask("/wall/operations", "POST", titled("Hall", "k1"))).json["seq"] == 1
        draft = (await boards.ask("/wall/draft")).json
        assert (draft["board"], draft["document"]["title"]) == ("hall", "Hall")


async def test_a_viewer_edits_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        for path, method, body in (
            ("draft", "GET", b""), ("draft", "DELETE", b""), ("draft/text", "POST", b"{}"), ("undo", "POST", b"{}"),
            ("operations", "POST", titled("X", "k")), ("publish", "POST", b"{}"), ("reach", "GET", b""),
        ):  # fmt: skip
            assert (await boards.ask(f"/wall/{path}", method, body, by="vera")).status == 403
