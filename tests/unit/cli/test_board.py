"""Commands for boards: the requests that they make, and what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import board as module
from dashboard.cli.board import board
from dashboard.client.http import HttpAnswer

LISTED = {"archived": False, "shadowed": False, "unknown": [], "fault": "", "version": 0}


class Server:
    """Server that answers by method and path; ``came``: the requests with bodies and headers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Any] = {}
        self.came: list[tuple[str, bytes, dict[str, str] | None]] = []
        monkeypatch.setattr(module, "call", self._call)

    def _call(
        self,
        url: str,
        method: str,
        path: str,
        token: str | None,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> HttpAnswer:
        assert token == "dsh_x"
        self.came.append((f"{method} {path}", body, headers))
        said = self.answers.get(f"{method} {path}", {})
        return HttpAnswer(200, {}, said if isinstance(said, bytes) else json.dumps(said).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def run(*arguments: str, said: str = "") -> Result:
    done = CliRunner().invoke(board, [*arguments, "--token", "dsh_x"], input=said)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def test_boards_are_listed_with_what_is_unusual(server: Server) -> None:
    boards = [
        {**LISTED, "id": "a", "source": "store", "version": 3, "title": "A"},
        {**LISTED, "id": "b", "source": "file", "title": "B", "archived": True, "fault": "line 3"},
    ]
    server.answers["GET /api/v1/boards"] = {"boards": boards}
    first, second = run("list").output.splitlines()
    assert (first.split(), second.split(maxsplit=3)[3]) == (["a", "store", "3", "A"], "B  (archived; broken: line 3)")
    assert json.loads(run("list", "--json").output)["boards"] == boards


def test_a_file_is_published_under_its_conditions(server: Server, tmp_path: Path) -> None:
    server.answers["PUT /api/v1/boards/a%2Fb?note=why%20not"] = {"version": 2, "etag": "t2"}
    (tmp_path / "x.yaml").write_text("title: ä\n")
    done = run("put", "a/b", str(tmp_path / "x.yaml"), "--note", "why not", "--if-match", "t1")
    assert done.output == "version 2  t2\n"
    yaml = {"Content-Type": "application/yaml"}
    assert server.came == [
        ("PUT /api/v1/boards/a%2Fb?note=why%20not", "title: ä\n".encode(), yaml | {"If-Match": '"t1"'})
    ]
    server.answers["PUT /api/v1/boards/a"] = {"version": 1, "etag": "t1"}
    run("put", "a", "-", "--new", said="title: B\n")
    assert server.came[-1][1:] == (b"title: B\n", yaml | {"If-None-Match": "*"})


def test_differences_versions_and_a_rollback(server: Server) -> None:
    server.answers |= {
        "GET /api/v1/boards/a/diff?old=1&new=2": {"changes": ["CPU: moved"]},
        "GET /api/v1/boards/a/diff": {"changes": []},
        "GET /api/v1/boards/a/versions": {"versions": [{"version": 2, "t": 0, "author": "ann", "note": ""}]},
        "POST /api/v1/boards/a/rollback": {"version": 3},
    }
    assert run("diff", "a", "1", "2").output == "CPU: moved\n"
    assert run("diff", "a").output == "no difference\n"
    assert run("versions", "a").output.split()[::3] == ["2", "ann"]
    assert run("rollback", "a", "1", "--note", "n").output == "version 3\n"
    assert json.loads(server.came[-1][1]) == {"version": 1, "note": "n"}


def test_an_export_writes_the_stores_boards_and_overwrites_nothing(server: Server, tmp_path: Path) -> None:
    boards = [{"id": "a", "source": "store"}, {"id": "b", "source": "file"}]
    server.answers |= {
        "GET /api/v1/boards": {"boards": boards},
        "GET /api/v1/boards/a?written=1": b"title: A\n",
        "GET /api/v1/boards/b?written=1": b"title: B\n",
    }
    assert run("export", str(tmp_path)).output == f"{tmp_path / 'a.yaml'}\n"
    again = run("export", str(tmp_path), "b", "a")
    assert (again.exit_code, "exists already" in again.output) == (1, True)
    assert [(tmp_path / f"{name}.yaml").read_text() for name in "ab"] == ["title: A\n", "title: B\n"]


def test_a_board_is_shown_deleted_and_brought_back(server: Server) -> None:
    server.answers["GET /api/v1/boards/a?written=1"] = b"title: A # mine\n"
    assert run("show", "a").output == "title: A # mine\n"
    run("delete", "a")
    run("restore", "a")
    assert [name for name, _, _ in server.came[1:]] == ["DELETE /api/v1/boards/a", "POST /api/v1/boards/a/restore"]
