"""The command ``board`` as users type it, against a running server."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.integration.test_commands import run
from tests.support.server import ServerProcess

WALL = "title: Wall  # of the shop\nwidgets:\n- {kind: stat, title: Orders, series: [orders]}\n"


def test_boards_are_put_shown_compared_rolled_back_exported_and_deleted(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(WALL)
    env = {"DASHBOARD_URL": server.url}

    def board(*arguments: str) -> str:
        done = run("board", *arguments, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert board("put", "shop", str(file), "--new").startswith("version 1 ")
    file.write_text(WALL.replace("Orders", "Sales"))
    assert board("put", "shop", str(file), "--note", "renamed").startswith("version 2 ")
    assert yaml.safe_load(board("show", "shop")) == yaml.safe_load(file.read_text())
    assert board("diff", "shop") == "Orders: removed\nSales: added\n"
    assert board("rollback", "shop", "1") == "version 3\n"
    assert "renamed" in board("versions", "shop")
    assert "shop                     store      3  Wall\n" in board("list")
    assert board("export", str(tmp_path / "out")) == f"{tmp_path}/out/shop.yaml\n"
    refused = run("board", "put", "shop", str(file), "--new", env=env)
    assert (refused.returncode, "exists already" in refused.stderr) == (1, True)
    board("delete", "shop")
    assert "shop" not in board("list")
    board("restore", "shop")
    assert "shop" in board("list")


def test_check_says_everything_that_is_wrong_with_a_folder_of_boards(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(WALL)
    (tmp_path / "odd.yaml").write_text("title: x\ncolumn: 3\n")
    assert (run("check", str(tmp_path)).returncode, run("check", str(tmp_path)).stdout) == (
        0,
        "2 boards, 0 of them broken\n",
    )
    (tmp_path / "bad.yaml").write_text("title: x\nwidgets:\n- {kind: pie, title: a}\n- {kind: stat}\n")
    (tmp_path / "old.yml").write_text(WALL)
    done = run("check", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "3 boards, 1 of them broken\n")
    for said in (
        "bad.yaml:3: widgets[0].kind",
        "bad.yaml:4: widgets[1]",
        "odd.yaml:2: column is not a field (did you mean columns?)",
        "old.yaml",
    ):
        assert said in done.stderr, said
