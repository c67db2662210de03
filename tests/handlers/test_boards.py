"""Boards over HTTP: publish, compare, roll back, rename, archive, delete and restore; and the permissions for each."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tornado.httpclient import AsyncHTTPClient

from dashboard.boards.board_text import write_board
from dashboard.domain.board_operations import changes_of
from tests.support.inprocess import running
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test

WALL = {"title": "Wall", "widgets": [{"kind": "stat", "title": "CPU", "series": ["cpu"], "w": 6, "h": 2}]}


def wall(**changes: Any) -> dict[str, Any]:
    return {**WALL, **changes}


async def put(at: Site, body: Any = WALL, *, as_: str = "eddy", board: str = "wall", **headers: str) -> Any:
    return await at.json("PUT", f"/api/v1/boards/{board}", body, as_=as_, headers=headers)


async def test_a_board_is_published_seen_compared_and_rolled_back(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        status, first = await put(at)
        assert (status, first["version"]) == (201, 1)
        assert (await put(at, wall(title="Wall 2")))[1]["version"] == 2
        response = await at.fetch("GET", "/api/v1/boards/wall", as_="vera")
        document = yaml.safe_load(response.body)
        assert (document["title"], document["columns"]) == ("Wall 2", 24)
        assert document["widgets"][0]["id"] == "stat-cpu"
        assert [document["widgets"][0][name] for name in "xywh"] == [0, 0, 12, 2]
        assert (await at.json("GET", "/api/v1/boards/wall/diff", as_="eddy"))[1]["changes"] == [
            "board: title “Wall” → “Wall 2”"
        ]
        rolled = await at.json("POST", "/api/v1/boards/wall/rollback", {"version": 1}, as_="eddy")
        assert rolled == (200, {"id": "wall", "version": 3, "etag": first["etag"]})
        versions = (await at.json("GET", "/api/v1/boards/wall/versions", as_="eddy"))[1]["versions"]
        assert [(each["version"], each["author"], each["note"]) for each in versions] == [
            (3, "eddy", "as version 1"), (2, "eddy", ""), (1, "eddy", ""),
        ]  # fmt: skip
        assert (await at.json("GET", "/api/v1/boards/wall/versions/2", as_="eddy"))[1]["title"] == "Wall 2"
        assert (await at.fetch("GET", "/boards/wall", as_="vera")).code == 200
        rows = (await at.json("GET", "/api/v1/audit", as_="ada"))[1]["events"]
        assert [each["action"] for each in rows].count("board.published") == 3


async def test_the_file_of_a_board_that_comes_with_the_server_is_an_example_to_publish(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        example = await at.fetch("GET", "/api/v1/boards/host?written=1", as_="eddy")
        assert example.headers["Content-Disposition"] == 'attachment; filename="host.yaml"'
        made = await put(at, example.body.decode(), board="mine", **{"Content-Type": "application/yaml"})
        assert made[0] == 201


async def test_whoever_changes_an_older_state_sees_what_the_other_changed(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        _, first = await put(at)
        await put(at, wall(subtitle="by olga"), as_="olga")
        headers = {"If-Match": f'"{first["etag"]}"'}
        status, refused = await put(at, wall(title="mine"), **headers)
        assert (status, refused["code"]) == (412, "changed_meanwhile")
        assert "olga has changed wall" in refused["error"]
        assert "subtitle nothing → “by olga”" in refused["error"]
        assert (await put(at, wall(), **{"If-None-Match": "*"}))[0] == 412
        assert (await put(at, wall(), board="other", **{"If-Match": '"abc"'}))[0] == 412
        tag = (await at.fetch("GET", "/api/v1/boards/wall", as_="eddy")).headers["ETag"]
        assert (await put(at, wall(title="mine"), **{"If-Match": tag}))[0] == 200
        assert (await at.json("DELETE", "/api/v1/boards/wall", as_="eddy", headers={"If-Match": tag}))[0] == 412


async def test_every_change_of_a_board_heeds_its_conditions(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        assert (await put(at, board="new", **{"If-Match": "*"}))[0] == 412
        tag = (await put(at))[1]["etag"]
        stale, listed = {"If-Match": '"stale"'}, {"If-Match": f'"stale", W/"{tag}"'}
        step = {"key": "k", "operation": [{"op": "set", "field": "title", "value": "Mall"}]}
        assert (await at.json("POST", "/api/v1/boards/wall/operations", step, as_="eddy"))[0] == 200
        changes: list[tuple[str, str, Any]] = [
            ("PATCH", "", {"archived": True}), ("PATCH", "", {"id": "hall"}), ("PUT", "", WALL), ("DELETE", "", None),
            ("POST", "/publish", {}), ("POST", "/rollback", {"version": 1}),
        ]  # fmt: skip
        for method, rest, body in changes:
            refused = await at.json(method, f"/api/v1/boards/wall{rest}", body, as_="eddy", headers=stale)
            assert (refused[0], refused[1]["code"]) == (412, "changed_meanwhile"), (method, rest)
        shown = await at.fetch("GET", "/api/v1/boards/wall", as_="eddy", headers={"If-None-Match": f'"x", W/"{tag}"'})
        assert (shown.code, shown.body, shown.headers["ETag"]) == (304, b"", f'"{tag}"')
        assert (await at.fetch("GET", "/api/v1/boards/wall", as_="eddy", headers={"If-None-Match": '"x"'})).code == 200
        assert (await put(at, WALL, **{"If-None-Match": f'"{tag}"'}))[0] == 412
        for method, rest, body in (changes[5], changes[2], changes[0]):
            done = await at.fetch(method, f"/api/v1/boards/wall{rest}", body, as_="eddy", headers=listed)
            assert done.code in (200, 204), (method, rest)
        assert (await put(at, wall(title="any"), **{"If-Match": "*"}))[0] == 200


async def test_yaml_is_taken_with_the_line_of_what_is_wrong_and_unknown_fields_are_kept_and_said(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as at:
        text = "title: Wall\ncolour: red\nwidgets:\n- {kind: stat, title: CPU, serie: [cpu]}\n"
        assert (await put(at, text, **{"Content-Type": "application/yaml"}))[0] == 201
        listed = (await at.json("GET", "/api/v1/boards", as_="eddy"))[1]["boards"]
        row = next(each for each in listed if each["id"] == "wall")
        assert row["unknown"] == ["colour", "widgets[0].serie (did you mean series?)"]
        written = (await at.fetch("GET", "/api/v1/boards/wall?written=1", as_="eddy")).body.decode()
        assert yaml.safe_load(written) == yaml.safe_load(text)
        status, refused = await put(
            at, "title: x\nwidgets:\n- {kind: pie, title: a}\n", **{"Content-Type": "text/yaml"}
        )
        assert (status, "wall.yaml:3" in refused["error"]) == (400, True), refused


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (wall(widgets=[{"kind": "stat", "title": "a"}] * 10_000), "at most 500"),
        (wall(widgets=[{"kind": "stat", "title": "a", "id": "x"}] * 2), "two widgets have the id 'x'"),
        (wall(widgets=[{"kind": "stat", "title": "a", "id": "../x"}]), "id"),
        (wall(widgets=[{"kind": "stat", "title": "a", "series": ["{"]}]), "widgets[0]"),
        ({"widgets": []}, "title"),
        (wall(note="x" * 300_000), "256 KiB"),
    ],
)
async def test_a_document_that_is_no_board_is_refused_with_the_reason(tmp_path: Path, body: Any, reason: str) -> None:
    async with site(tmp_path) as at:
        status, refused = await put(at, body)
        assert (status, reason in refused["error"] + refused.get("field", "")) == (400, True), refused


async def test_a_megabyte_and_an_alias_bomb_are_refused(tmp_path: Path) -> None:
    bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
    )
    async with site(tmp_path) as at:
        for body, code in ((bomb, 400), ("title: x\n#" + "x" * 1_000_000, 413)):
            assert (await put(at, body, **{"Content-Type": "application/yaml"}))[0] == code


async def test_a_board_is_archived_renamed_deleted_and_brought_back(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await put(at)
        assert (await at.fetch("PATCH", "/api/v1/boards/wall", {"archived": True}, as_="eddy")).code == 204
        row = next(b for b in (await at.json("GET", "/api/v1/boards", as_="eddy"))[1]["boards"] if b["id"] == "wall")
        assert row["archived"] is True
        assert b"/boards/wall" not in (await at.fetch("GET", "/boards/host", as_="vera")).body
        assert (
            await at.fetch("PATCH", "/api/v1/boards/wall", {"archived": False, "id": "hall"}, as_="eddy")
        ).code == 204
        old = await at.fetch("GET", "/boards/wall?window=60", as_="vera")
        assert (old.code, old.headers["Location"]) == (301, "/boards/hall?window=60")
        assert (await at.fetch("GET", "/boards/hall", as_="vera")).code == 200
        assert [
            v["version"] for v in (await at.json("GET", "/api/v1/boards/hall/versions", as_="eddy"))[1]["versions"]
        ] == [1]
        assert (await put(at))[0] == 409
        assert (await at.fetch("DELETE", "/api/v1/boards/hall", as_="eddy")).code == 204
        assert (await at.fetch("GET", "/boards/hall", as_="vera")).code == 404
        assert (await put(at, board="hall"))[0] == 409
        assert (await at.fetch("POST", "/api/v1/boards/hall/restore", {}, as_="eddy")).code == 204
        assert (await at.fetch("GET", "/boards/hall", as_="vera")).code == 200


async def test_a_former_id_of_a_board_leads_to_its_present_id_and_can_be_taken_again(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await put(at, board="one")
        for old, new in (("one", "two"), ("two", "three")):
            assert (await at.fetch("PATCH", f"/api/v1/boards/{old}", {"id": new}, as_="eddy")).code == 204
        requests = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/versions"), ("GET", "/versions/1"),
                    ("GET", "/diff"), ("POST", "/rollback")]  # fmt: skip
        for method, rest in requests:
            body = {"version": 1} if method in ("POST", "PATCH") else None
            status, told = await at.json(method, f"/api/v1/boards/one{rest}", body, as_="eddy")
            assert (status, told["code"], told["moved_to"]) == (404, "moved", "three"), (method, rest)
            assert "'three'" in told["error"]
        assert (await put(at, board="other"))[0] == 201
        assert (await at.json("PATCH", "/api/v1/boards/other", {"id": "one"}, as_="eddy"))[0] == 409
        step = {"key": "k", "operation": [{"op": "set", "field": "title", "value": "Mall"}]}
        assert (await at.json("POST", "/api/v1/boards/one/operations", step, as_="eddy"))[0] == 200
        assert (await at.fetch("PATCH", "/api/v1/boards/three", {"id": "one"}, as_="eddy")).code == 204
        assert (await at.json("GET", "/api/v1/boards/one", as_="vera"))[1]["title"] == "Wall"
        for old in ("two", "three"):
            assert (await at.json("GET", f"/api/v1/boards/{old}", as_="eddy"))[1]["moved_to"] == "one", old
        assert (await at.json("GET", "/api/v1/boards/one/draft", as_="eddy"))[1]["document"]["title"] == "Mall"
        versions = (await at.json("GET", "/api/v1/boards/one/versions", as_="eddy"))[1]["versions"]
        assert [each["version"] for each in versions] == [1]


async def test_who_may_edit(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await put(at)
        assert (await put(at, as_="vera"))[0] == 403
        assert (await put(at, as_=""))[0] == 401
        grant = {"grants": {"wall": "editor"}}
        assert (await at.fetch("PATCH", "/api/v1/users/vera", grant, as_="ada")).code == 200
        assert (await put(at, as_="vera"))[0] == 200
        assert (await put(at, as_="vera", board="other"))[0] == 403
        for verb, status in (("board", 200), ("write", 403), ("read", 403)):
            assert (await at.json("PUT", "/api/v1/boards/wall", WALL, headers=at.bearer(verb)))[0] == status, verb
        assert (await put(at, board="host"))[0] == 409  # it is a file that comes with the server


async def test_the_home_board_is_the_users_choice_or_the_settings(tmp_path: Path) -> None:
    async with site(tmp_path, home_board="wall") as at:
        response = await at.fetch("GET", "/", as_="vera")
        assert (response.code, response.headers["Location"]) == (302, "/boards")  # there is no such board yet
        stranger = await at.fetch("GET", "/", headers={"Accept": "text/html"})
        assert (stranger.code, stranger.headers["Location"]) == (302, "/login?next=%2F")
        await put(at)
        assert b'data-board="wall"' in (await at.fetch("GET", "/", as_="vera")).body
        session = at.cookie("vera")["Cookie"]
        kept = await at.fetch("GET", "/", headers={"Cookie": f"{session}; home_board=cluster"})
        assert b'data-board="cluster"' in kept.body  # the user has chosen none


async def test_the_home_board_of_somebody_without_an_account_is_chosen_in_the_browser(tmp_path: Path) -> None:
    async with site(tmp_path, login="auto") as at:
        chosen = await at.fetch("GET", "/", headers={"Cookie": "home_board=cluster"})
        assert b'data-board="cluster"' in chosen.body
        gone = await at.fetch("GET", "/", headers={"Cookie": "home_board=../gone"})
        assert b'data-board="host"' in gone.body


async def test_a_private_boards_name_stays_private_when_it_goes(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/people.sqlite3"
    async with running(data=str(tmp_path / "a"), store=store) as server:
        at = Site(server)
        await at.prepare()
        await put(at, as_="olga", board="secrets")
    async with running(data=str(tmp_path / "a"), store=store, private_boards=("secrets",)) as server:
        at.server = server
        assert (await put(at, board="secrets"))[0] == 404
        assert (await at.json("PATCH", "/api/v1/boards/secrets", {"id": "open"}, as_="olga"))[0] == 409
        assert (await at.fetch("DELETE", "/api/v1/boards/secrets", as_="olga")).code == 204
    async with running(data=str(tmp_path / "a"), store=store) as server:
        at.server = server
        assert (await put(at, board="secrets"))[0] == 404
        assert (await put(at, board="secrets", as_="olga"))[0] == 409


async def test_the_schema_tells_editors_what_a_board_may_have(tmp_path: Path) -> None:
    async with running() as server:
        status, schema = await Site(server).json("GET", "/api/v1/schema/board.json")
        assert status == 200
        assert set(schema["$defs"]["Widget"]["required"]) == {"kind", "title"}


@pytest.mark.expects_log("its last good state stays")
async def test_a_saved_file_is_on_the_screens_of_a_board_and_a_broken_one_is_said_where_operators_look(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "boards"
    folder.mkdir()
    path = folder / "wall.yaml"
    path.write_text("title: Wall\nwidgets:\n- {kind: stat, title: CPU, series: [cpu]}\n")
    async with site(tmp_path, boards=str(folder)) as at:
        socket = await at.socket(as_="vera")
        assert (await socket.ask("watch", board="wall"))["board"]["title"] == "Wall"
        path.write_text(path.read_text().replace("Wall", "Hall"))
        assert (await socket.until("board_changed"))["definition"]["title"] == "Hall"
        path.write_text("title: [\n")
        told = (await socket.until("board_changed"))["definition"]
        assert (told["title"], "wall.yaml:2: not YAML" in told["fault"]) == ("Hall", True)
        status, ready = await at.json("GET", "/readyz", as_="olga")
        assert (status, ready["notices"]["boards"]) == (200, [told["fault"]])
        for stranger in ("", "eddy"):
            status, ready = await at.json("GET", "/readyz", as_=stranger)
            assert (status, "notices" in ready) == (200, False)
        assert (await put(at))[0] == 409


async def test_states_are_compared_and_deleted_boards_listed_for_those_who_can_bring_them_back(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await put(at)
        await put(at, wall(title="Hall"))
        step = {"op": "set", "field": "title", "value": "Mall"}
        await at.json("POST", "/api/v1/boards/wall/operations", {"key": "k", "operation": [step]}, as_="eddy")
        for query, title in (("old=1&new=draft", "Wall"), ("old=published&new=draft", "Hall"), ("new=draft", "Hall")):
            status, said = await at.json("GET", f"/api/v1/boards/wall/diff?{query}", as_="eddy")
            assert (status, said["changes"]) == (200, [f"board: title “{title}” → “Mall”"]), query
        assert (await at.json("GET", "/api/v1/boards/wall/diff?old=last", as_="eddy"))[0] == 400
        assert (await at.json("GET", "/api/v1/boards/wall/reach", as_="eddy")) == (200, {"screens": 0, "viewers": 0})
        viewer = await at.socket(as_="vera")
        await viewer.ask("watch", board="wall")
        while (await at.json("GET", "/api/v1/boards/wall/reach", as_="eddy"))[1]["viewers"] != 1:
            pass
        assert (await at.json("GET", "/api/v1/boards/wall/reach", as_="vera"))[0] == 403
        await at.fetch("DELETE", "/api/v1/boards/wall", as_="eddy")
        for who, ids in (("eddy", ["wall"]), ("vera", [])):
            deleted = (await at.json("GET", "/api/v1/boards?deleted=1", as_=who))[1]["deleted"]
            assert [each["id"] for each in deleted] == ids, who


async def test_a_board_that_is_a_file_is_rolled_back_into_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "boards"
    folder.mkdir()
    path = folder / "wall.yaml"
    path.write_text("# of the shop\ntitle: Wall  # said\nwidgets: []\n")
    async with site(tmp_path, boards=str(folder)) as at:
        for title in ("One", "Two"):
            step = {"op": "set", "field": "title", "value": title}
            await at.json("POST", "/api/v1/boards/wall/operations", {"key": title, "operation": [step]}, as_="eddy")
            assert (await at.json("POST", "/api/v1/boards/wall/publish", {}, as_="eddy"))[0] == 200
            while title not in (await at.fetch("GET", "/api/v1/boards/wall", as_="eddy")).body.decode():
                pass  # the file is watched
        status, said = await at.json("POST", "/api/v1/boards/wall/rollback", {"version": 1}, as_="eddy")
        assert (status, said["version"]) == (200, 3)
        assert path.read_text() == "# of the shop\ntitle: One  # said\nwidgets: []\n"


async def test_a_long_list_of_boards_is_compressed_for_those_who_take_that(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for number in range(20):
            await put(at, wall(subtitle="s" * 180, widgets=WALL["widgets"] * 20), board=f"wall-{number}")
        answers = [
            await AsyncHTTPClient().fetch(
                f"{at.url}/api/v1/boards", headers={**at.cookie("eddy"), **accepts}, decompress_response=False
            )
            for accepts in ({}, {"Accept-Encoding": "gzip"})
        ]
        plain, short = answers
        assert ("Content-Encoding" in plain.headers, short.headers["Content-Encoding"]) == (False, "gzip")
        assert (len(short.body) * 3 < len(plain.body), gzip.decompress(short.body)) == (True, plain.body)


async def test_long_work_on_a_board_is_done_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = dict[str, str]()

    def noting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            threads[name] = threading.current_thread().name
            return work(*given)

        return noted

    monkeypatch.setattr("dashboard.web.boards.boards.write_board", noting("write", write_board))
    monkeypatch.setattr("dashboard.boards.drafts.changes_of", noting("change", changes_of))
    step = {"key": "k", "operation": [{"op": "set", "field": "title", "value": "Hall"}]}
    async with site(tmp_path) as at:
        await put(at)
        written = await at.fetch("GET", "/api/v1/boards/wall?written=1", as_="vera")
        assert yaml.safe_load(written.body)["title"] == WALL["title"]
        assert (await at.json("POST", "/api/v1/boards/wall/operations", step, as_="eddy"))[0] == 200
        text = await at.fetch("GET", "/api/v1/boards/wall/draft/text", as_="eddy")
        assert yaml.safe_load(text.body)["title"] == "Hall"
    assert threads.keys() == {"write", "change"}
    assert threading.main_thread().name not in threads.values()
