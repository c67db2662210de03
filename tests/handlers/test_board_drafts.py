"""Drafts by HTTP and on the socket: editors see each other's operations in one order; viewers see what is published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from dashboard.boards.drafts import MAX_HISTORY
from dashboard.store.board_drafts import OperationRow, add_operation, lock_board
from tests.handlers.test_boards import WALL, put
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test
SET = {"op": "set", "widget": "stat-cpu", "field": "title"}


class Desk:
    """Site with the board ``wall``, and operations on it."""

    def __init__(self, at: Site) -> None:
        self.at = at
        self.keys = 0

    async def ask(self, path: str, body: Any = None, *, as_: str = "eddy", method: str = "POST") -> tuple[int, Any]:
        status, said = await self.at.json(method, f"/api/v1/boards/wall/{path}", body, as_=as_)
        return status, said

    async def operate(self, *steps: dict[str, Any], as_: str = "eddy", key: str = "") -> tuple[int, Any]:
        self.keys += 1
        return await self.ask("operations", {"key": key or f"k{self.keys}", "operation": list(steps)}, as_=as_)

    async def undo(self, as_: str = "eddy", *, again: bool = False) -> tuple[int, Any]:
        self.keys += 1
        return await self.ask("undo", {"key": f"k{self.keys}", "again": again}, as_=as_)

    async def draft(self) -> dict[str, Any]:
        return (await self.ask("draft", method="GET"))[1]["document"]


@asynccontextmanager
async def desk(folder: Path, **settings: Any) -> AsyncIterator[Desk]:
    async with site(folder, **settings) as at:
        assert (await put(at))[0] == 201
        yield Desk(at)


async def test_editors_share_a_draft_and_viewers_see_what_is_published(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        viewer = await wall.at.socket(as_="vera")
        await viewer.ask("watch", board="wall")
        assert await wall.operate({**SET, "value": "Load"}) == (200, {"seq": 1, "status": "committed"})
        assert await wall.operate({"op": "set", "field": "subtitle", "value": "shared"}, as_="olga") == (
            200, {"seq": 2, "status": "committed"},
        )  # fmt: skip
        draft = await wall.draft()
        assert (draft["widgets"][0]["title"], draft["subtitle"]) == ("Load", "shared")
        assert (await wall.at.json("GET", "/api/v1/boards/wall", as_="vera"))[1]["widgets"][0]["title"] == "CPU"
        status, published = await wall.ask("publish", {"note": "renamed"}, as_="olga")
        assert (status, published["version"]) == (200, 2)
        changed = await viewer.until("board_changed")
        assert changed["definition"]["widgets"][0]["title"] == "Load"
        versions = (await wall.ask("versions", method="GET"))[1]["versions"]
        assert [(each["author"], each["note"]) for each in versions] == [("olga", "renamed"), ("eddy", "")]
        assert (await wall.ask("publish", {}))[0] == 409  # everything is published


async def test_the_list_says_whose_an_open_draft_is_to_those_who_may_edit(tmp_path: Path) -> None:
    async def listed(as_: str) -> tuple[str, int]:
        boards = (await wall.at.json("GET", "/api/v1/boards", as_=as_))[1]["boards"]
        return next((each["draft_by"], each["draft_t"]) for each in boards if each["id"] == "wall")

    async with desk(tmp_path) as wall:
        assert await listed("eddy") == ("", 0)
        await wall.operate({**SET, "value": "Load"})
        draft = (await wall.ask("draft", method="GET"))[1]
        assert await listed("olga") == ("eddy", draft["t"])
        assert draft["t"] > 0
        assert await listed("vera") == ("", 0)
        assert (await wall.ask("publish", {}))[0] == 200
        assert await listed("eddy") == ("", 0)


async def test_a_text_in_which_only_a_comment_differs_is_no_operation(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        text = (await wall.at.fetch("GET", "/api/v1/boards/wall/draft/text", as_="eddy")).body.decode()
        body = {"key": "k", "base": text, "text": f"# for the hall\n{text}"}
        assert await wall.ask("draft/text", body) == (200, {"seq": 0, "status": "committed"})
        assert (await wall.ask("draft", method="GET"))[1]["operations"] == 0
        changed = text.replace("CPU", "Load")
        assert (await wall.ask("draft/text", {**body, "text": changed}))[1]["seq"] == 1


async def test_a_discarded_draft_is_as_published_for_all_editors(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        await wall.operate({**SET, "value": "Load"})
        olga = await wall.at.socket(as_="olga")
        await olga.ask("edit_board", board="wall", page="p")
        assert (await wall.ask("draft?key=a%20b", method="DELETE"))[0] == 400
        assert (await wall.ask("draft?key=k", method="DELETE")) == (await wall.ask("draft?key=k", method="DELETE"))
        told = (await olga.until("board_operation"))["operation"]
        assert (told["seq"], told["key"]) == (2, "discard k")
        draft = (await wall.ask("draft", method="GET"))[1]
        assert (draft["is_draft"], draft["operations"], draft["document"]["widgets"][0]["title"]) == (False, 0, "CPU")
        assert (await wall.undo())[0] == 400


async def test_a_conflict_that_no_repetition_cures_does_not_ask_for_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        refused = await wall.at.fetch("POST", "/api/v1/boards/wall/publish", {}, as_="eddy")
        assert (refused.code, refused.headers.get("Retry-After")) == (409, None)


async def test_an_operation_that_is_sent_again_is_stored_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        add = {"op": "add", "value": {"kind": "text", "title": "x"}}
        assert await wall.operate(add, key="mine") == await wall.operate(add, key="mine")
        assert len((await wall.draft())["widgets"]) == 2
        assert (await wall.operate(add, key="mine", as_="olga"))[1]["seq"] == 2  # a key is its author's own


async def test_undo_is_each_editors_own_and_keeps_what_others_did_later(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        await wall.operate({**SET, "value": "mine"})
        await wall.operate({"op": "set", "widget": "stat-cpu", "field": "unit", "value": "s"}, as_="olga")
        assert (await wall.undo())[0] == 200
        widget = (await wall.draft())["widgets"][0]
        assert (widget["title"], widget["unit"]) == ("CPU", "s")
        assert (await wall.undo())[0] == 400  # nothing of eddy's is left
        assert (await wall.undo(again=True))[0] == 200
        assert (await wall.draft())["widgets"][0]["title"] == "mine"
        await wall.operate({**SET, "value": "hers"}, as_="olga")
        assert (await wall.undo())[0] == 200
        assert (await wall.draft())["widgets"][0]["title"] == "hers"


async def test_a_colleague_with_many_operations_takes_nobody_the_undo_and_the_history_has_all(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        await wall.operate({**SET, "value": "mine"})
        for number in range(MAX_HISTORY // 200 + 1):  # in the store at once, so that no rate is exceeded
            await add_many(wall, 2 + number * 200, 200)
        draft = (await wall.ask("draft", method="GET"))[1]
        assert draft["operations"] == draft["seq"] > MAX_HISTORY
        assert (await wall.undo())[0] == 200
        assert (await wall.draft())["widgets"][0]["title"] == "CPU"
        eddy = await wall.at.socket(as_="eddy")
        joined = await eddy.ask("edit_board", board="wall", page="p1")
        assert (joined["operations"], len(joined["history"])) == (joined["seq"], MAX_HISTORY)
        seqs, before = [each["seq"] for each in joined["history"]], joined["history"][0]["seq"]
        while before > 1:
            page = (await wall.ask(f"operations?limit=500&before={before}", method="GET"))[1]["operations"]
            seqs, before = [*(each["seq"] for each in page), *seqs], page[0]["seq"]
        assert seqs == list(range(1, joined["seq"] + 1))
        assert (await wall.ask("operations?limit=0", method="GET"))[0] == 400
        assert (await wall.ask("operations", method="GET", as_="vera"))[0] == 403


async def add_many(wall: Desk, first: int, number: int) -> None:
    """Store operations of olga on another tile, as if she had sent them."""
    async with wall.at.server.accounts.database.write() as tx:
        row = await lock_board(tx, "wall")
        assert row is not None
        for seq in range(first, first + number):
            operation = OperationRow("wall", seq, "olga", "Olga", f"many{seq}", 1, '[{"widget":"x","field":"title"}]')
            await add_operation(tx, operation, row.draft, row.draft_base)


async def test_editors_hear_operations_in_order_and_who_edits_where(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        eddy, olga = await wall.at.socket(as_="eddy"), await wall.at.socket(as_="olga")
        await wall.operate({**SET, "value": "1"})
        joined = await eddy.ask("edit_board", board="wall", page="p1")
        assert (joined["type"], joined["seq"], joined["is_draft"]) == ("editing", 1, True)
        assert joined["history"][0]["changes"] == [
            {"widget": "stat-cpu", "field": "title", "before": "CPU", "after": "1"}
        ]
        await olga.ask("edit_board", board="wall", page="p2")
        await olga.until("board_editor", page="p1")
        eddy.send("point_at", widget="stat-cpu", place=[0, 0, 6, 2])
        at = await olga.until("board_editor", page="p1", widget="stat-cpu")
        assert (at["user"], at["name"], at["place"]) == ("eddy", "Eddy", [0, 0, 6, 2])
        for number in range(2, 6):
            await wall.operate({**SET, "value": str(number)}, as_="olga" if number % 2 else "eddy")
        for socket in (eddy, olga):
            heard = [(await socket.until("board_operation"))["operation"] for _ in range(4)]
            assert [(each["seq"], each["changes"][0]["after"]) for each in heard] == [(n, str(n)) for n in range(2, 6)]
        await wall.ask("publish", {})
        assert (await eddy.until("board_operation"))["operation"]["published"] == 2
        eddy.send("leave_board")
        assert (await olga.until("board_editor", page="p1", gone=True))["user"] == "eddy"


async def test_an_operation_that_the_journal_lost_is_read_from_the_store(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        eddy = await wall.at.socket(as_="eddy")
        await eddy.ask("edit_board", board="wall", page="p1")
        drafts = wall.at.server.board_parts.drafts

        async def lost(*_: Any, **__: Any) -> None:
            pass

        tell, drafts._tell = drafts._tell, lost  # type: ignore[method-assign]
        await wall.operate({**SET, "value": "1"})
        drafts._tell = tell  # type: ignore[method-assign]
        await wall.operate({**SET, "value": "2"})
        heard = [(await eddy.until("board_operation"))["operation"]["seq"] for _ in range(2)]
        assert heard == [1, 2]


async def test_discarding_takes_everything_back_and_a_publication_from_elsewhere_comes_into_the_draft(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as wall:
        await wall.operate({**SET, "value": "mine"})
        eddy = await wall.at.socket(as_="eddy")
        await eddy.ask("edit_board", board="wall", page="p1")
        await put(wall.at, {**WALL, "subtitle": "by script"}, as_="olga")
        came = (await eddy.until("board_operation"))["operation"]
        assert (came["author"], came["changes"]) == ("olga", [{"field": "subtitle", "after": "by script"}])
        draft = await wall.draft()
        assert (draft["widgets"][0]["title"], draft["subtitle"]) == ("mine", "by script")
        assert (await wall.ask("draft", method="DELETE"))[0] == 200
        assert (await wall.draft())["widgets"][0]["title"] == "CPU"
        assert (await wall.ask("draft", method="GET"))[1]["is_draft"] is False


async def test_what_may_not_be_done_gets_a_clear_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        gone = {"op": "remove", "widget": "gone"}
        assert "is gone" in (await wall.operate(gone))[1]["error"]
        assert (await wall.operate({**SET, "value": "x"}, as_="vera"))[0] == 403
        vera = await wall.at.socket(as_="vera")
        assert (await vera.ask("edit_board", board="wall", page="p"))["code"] == "forbidden"
        assert (await wall.operate({**SET, "field": "id", "value": "x"}))[0] == 400
        assert (await wall.ask("operations", {"key": "a b", "operation": [gone]}))[0] == 400


async def test_a_board_that_is_a_file_is_published_into_its_file_and_only_the_edited_line_differs(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "boards"
    folder.mkdir()
    path = folder / "wall.yaml"
    text = "# of the shop\ntitle: Wall  # said\nwidgets:\n- {kind: stat, title: CPU, series: [cpu]}\n- kind: line\n  title: 'Net'\n"
    path.write_text(text)
    async with site(tmp_path, boards=str(folder)) as at:
        wall = Desk(at)
        viewer = await at.socket(as_="vera")
        await viewer.ask("watch", board="wall")
        assert (await wall.operate({"op": "set", "field": "title", "value": "Hall"}))[0] == 200
        assert (await wall.ask("publish", {"note": "n"}))[0] == 200
        assert path.read_text() == text.replace("Wall", "Hall")
        assert (await viewer.until("board_changed"))["definition"]["title"] == "Hall"
        versions = (await wall.ask("versions", method="GET"))[1]["versions"]
        assert [(each["author"], each["note"]) for each in versions] == [("eddy", "n")]
        await wall.operate({"op": "set", "widget": "line-net", "field": "unit", "value": "B"})
        path.write_text(text.replace("Wall", "Mall"))  # in git, under the open draft
        await viewer.until("board_changed")
        while (await wall.draft())["title"] != "Mall":
            pass
        assert (await wall.ask("draft", method="GET"))[1]["by"] == "eddy"  # the merge is no edit
        assert (await wall.ask("publish", {}))[0] == 200
        assert path.read_text() == text.replace("Wall", "Mall") + "  unit: B\n"
        assert (await wall.at.json("POST", "/api/v1/boards/host/publish", {}, as_="eddy"))[0] == 409


async def test_edits_under_the_id_before_a_rename_count_under_the_new_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as wall:
        await wall.operate({**SET, "value": "before"}, key="first")
        assert (await wall.at.fetch("PATCH", "/api/v1/boards/wall", {"id": "hall"}, as_="olga")).code == 204
        assert await wall.operate({**SET, "value": "before"}, key="first") == (200, {"seq": 1, "status": "committed"})
        assert await wall.operate({**SET, "value": "after"}) == (200, {"seq": 2, "status": "committed"})
        assert (await wall.at.json("GET", "/api/v1/boards/hall/draft", as_="eddy"))[1]["document"] == await wall.draft()
        assert (await wall.draft())["widgets"][0]["title"] == "after"
        eddy = await wall.at.socket(as_="eddy")
        assert (await eddy.ask("edit_board", board="wall", page="p1"))["board"] == "hall"
        old = await wall.at.fetch("GET", "/boards/wall/edit", as_="eddy")
        assert (old.code, old.headers["Location"]) == (302, "/boards/hall/edit")
        assert b'data-formerly="wall"' in (await wall.at.fetch("GET", "/boards/hall/edit", as_="eddy")).body
