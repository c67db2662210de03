from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dashboard.boards.board_files import BoardFiles
from dashboard.boards.boards import Boards, ShownBoard, stored_board
from dashboard.domain.errors import Conflict
from tests.support.deadline import scaled

pytestmark = pytest.mark.gen_test
WALL = "title: Wall\nwidgets:\n- {kind: stat, title: CPU, series: [cpu]}\n"


class Watched:
    """Folder, its boards, and the changes that were announced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boards = Boards()
        self.changed: list[str] = []
        self.made: list[str] = []
        self.boards.subscribe(self._note)
        self.files = BoardFiles(folder=folder, boards=self.boards)
        self.files.subscribe(self._make)

    def _note(self, board_id: str, before: ShownBoard | None, now: ShownBoard | None) -> None:
        self.changed.append(board_id)

    async def _make(self, titles: dict[str, str]) -> None:
        self.made += titles

    async def looks(self) -> list[str]:
        """Look twice, because a file must be the same in two looks; return the changes."""
        self.changed.clear()
        await self.files.look()
        await self.files.look()
        return self.changed


async def test_a_saved_file_is_shown_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("title: Host")
    watched = Watched(tmp_path)
    watched.files.load()
    (tmp_path / "wall.yaml").write_text(WALL)
    assert await watched.looks() == ["wall"]
    assert (watched.boards.titles(), watched.made) == ({"host": "Host", "wall": "Wall"}, ["wall"])
    assert await watched.looks() == []
    assert set(watched.files.versions()) == {"host", "wall"}
    (tmp_path / "wall.yaml").unlink()
    assert await watched.looks() == ["wall"]
    assert watched.boards.titles() == {"host": "Host"}


async def test_a_file_is_read_when_it_stopped_changing(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.files.load()
    (tmp_path / "wall.yaml").write_text("title: Wa")
    await watched.files.look()
    (tmp_path / "wall.yaml").write_text(WALL)
    await watched.files.look()
    assert watched.boards.titles() == {}
    await watched.files.look()
    assert watched.boards.titles() == {"wall": "Wall"}


@pytest.mark.expects_log("its last good state stays")
async def test_a_broken_file_leaves_its_last_good_state_with_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "wall.yaml"
    path.write_text(WALL)
    watched = Watched(tmp_path)
    watched.files.load()
    path.write_text(WALL + "- {kind: pie, title: x}\n")
    assert await watched.looks() == ["wall"]
    assert watched.boards.titles() == {"wall": "Wall"}
    assert watched.boards.fault_of("wall").startswith("wall.yaml:4: widgets[1].kind")
    assert watched.files.faults() == [watched.boards.fault_of("wall")]
    path.write_text(WALL.replace("Wall", "Hall"))
    assert await watched.looks() == ["wall"]
    assert (watched.boards.titles(), watched.files.faults()) == ({"wall": "Hall"}, [])


async def test_a_file_that_is_not_read_is_named_until_it_is(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.files.load()
    (tmp_path / "wall.yml").write_text(WALL)
    await watched.looks()
    assert watched.files.faults() == ["wall.yml: is not read; name it wall.yaml"]
    (tmp_path / "wall.yml").rename(tmp_path / "wall.yaml")
    assert (await watched.looks(), watched.files.faults()) == (["wall"], [])


async def test_the_file_wins_over_the_store(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.boards.take_stored({"wall": stored_board("wall", '{"title":"Stored"}')}, {})
    (tmp_path / "wall.yaml").write_text(WALL)
    watched.files.load()
    assert (watched.boards.titles(), watched.boards.is_shadowed("wall")) == ({"wall": "Wall"}, True)
    (tmp_path / "wall.yaml").unlink()
    await watched.looks()
    assert (watched.boards.titles(), watched.boards.is_shadowed("wall")) == ({"wall": "Stored"}, False)


@pytest.mark.expects_log("its last good state stays")
async def test_a_link_that_leads_nowhere_hides_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "circle.yaml").symlink_to(tmp_path / "circle.yaml")
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "none")
    (tmp_path / "wall.yaml").write_text(WALL)
    watched = Watched(tmp_path)
    watched.files.load()
    assert watched.boards.titles() == {"wall": "Wall"}
    assert watched.files.faults() == ["circle.yaml: cannot be read: Too many levels of symbolic links"]


async def test_a_file_is_written_back_with_the_ends_of_lines_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "wall.yaml"
    before = "\ufeff# ours\ntitle: Wall\nwidgets:\n- {kind: stat, title: CPU}\n".replace("\n", "\r\n")
    path.write_bytes(before.encode())
    watched = Watched(tmp_path)
    watched.files.load()
    shown = watched.boards.shown("wall")
    watched.files.write(shown, {**shown.document, "title": "Hall", "tags": ["eu"]})
    written = path.read_bytes().decode()
    assert written == before.replace("title: Wall\r\n", "title: Hall\r\n").replace("widgets:", "tags: [eu]\r\nwidgets:")


async def test_a_file_that_another_process_has_published_is_looked_for_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.boards.board_files._LOOK_EVERY_S", 3_600)
    watched = Watched(tmp_path)
    watched.files.load()
    task = asyncio.create_task(watched.files.run())
    (tmp_path / "wall.yaml").write_text(WALL)
    watched.files.look_soon()
    async with asyncio.timeout(scaled(10)):
        while not watched.made:
            await asyncio.sleep(0.01)
    task.cancel()
    assert watched.boards.titles() == {"wall": "Wall"}


async def test_two_writes_at_once_share_no_file_and_a_failed_one_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wall.yaml").write_text(WALL)
    watched = Watched(tmp_path)
    watched.files.load()
    shown, made = watched.boards.shown("wall"), list[str]()

    def full(file: Path, _: object) -> None:
        made.append(file.name)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for _ in range(2):
        with pytest.raises(Conflict, match="No space left"):
            watched.files.write(shown, {**shown.document, "title": "Hall"})
    assert len(set(made)) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["wall.yaml"]


async def test_a_write_that_took_long_replaces_no_newer_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wall.yaml").write_text(WALL)
    watched = Watched(tmp_path)
    watched.files.load()
    shown, write_bytes = watched.boards.shown("wall"), Path.write_bytes

    def slowly(file: Path, content: bytes) -> int:
        (tmp_path / "wall.yaml").write_text(WALL.replace("Wall", "Newer"))  # meanwhile
        return write_bytes(file, content)

    monkeypatch.setattr(Path, "write_bytes", slowly)
    with pytest.raises(Conflict, match="just been changed"):
        watched.files.write(shown, {**shown.document, "title": "Hall"})
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [
        ("wall.yaml", WALL.replace("Wall", "Newer"))
    ]


async def test_a_link_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "wall.yaml").write_text(WALL)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "wall.yaml")
    watched = Watched(tmp_path)
    watched.files.load()
    shown = watched.boards.shown("link")
    with pytest.raises(Conflict, match=r"link\.yaml is a link"):
        watched.files.write(shown, {**shown.document, "title": "Hall"})
    assert (tmp_path / "link.yaml").is_symlink()


async def test_a_folder_that_is_not_there_has_no_boards(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "none")
    watched.files.load()
    task = asyncio.create_task(watched.files.run())
    await asyncio.sleep(0)
    task.cancel()
    assert watched.boards.titles() == {}
