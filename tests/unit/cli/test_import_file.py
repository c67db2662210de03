"""The import of a file: what each request holds, what is counted, and where it goes on after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from dashboard.cli import import_file as module
from dashboard.cli import import_state
from dashboard.cli.import_file import Import, import_file
from dashboard.client.http import HttpAnswer

URL = "http://localhost:1"


class Server:
    """Server that accepts everything, or answers as a test says. ``bodies``: what it was sent; ``keys``: their request keys."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bodies: list[bytes] = []
        self.keys: list[str] = []
        self.answer: Callable[[bytes], HttpAnswer] = self.accept
        monkeypatch.setattr(module, "exchange", self._exchange)
        monkeypatch.setattr(module.time, "sleep", lambda seconds: None)

    def _exchange(self, address: Any, request: bytes, timeout_s: float) -> HttpAnswer:
        head, _, body = request.partition(b"\r\n\r\n")
        self.keys += [
            line.split(b": ")[1].decode() for line in head.split(b"\r\n") if line.startswith(b"Idempotency-Key")
        ]
        self.bodies.append(body)
        return self.answer(body)

    @staticmethod
    def accept(body: bytes) -> HttpAnswer:
        if not body.startswith(b"["):
            return HttpAnswer(204, {}, b"")
        return HttpAnswer(202, {}, json.dumps({"accepted": len(json.loads(body))}).encode())

    def rows(self) -> list[list[Any]]:
        return [[sample["value"] for sample in json.loads(body)] for body in self.bodies]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def importing(file: Path, batch: int = 2) -> Import:
    return Import(file, import_state.load(file, URL), token=None, batch=batch, precision="ns")


def test_a_file_is_sent_in_batches_with_a_key_each(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "a.csv"
    file.write_text("series,value\na,1\na,2\na,x\na,4\n")
    made = importing(file)
    assert sum(made.run()) + len("series,value\n") == file.stat().st_size
    assert server.rows() == [[1, 2], [4]]
    assert len(set(server.keys)) == 2
    assert (made.state.accepted, made.state.refused) == (3, 1)


def test_an_interrupted_request_is_sent_again_with_its_lines_and_key(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text("".join(f'{{"series": "a", "value": {n}}}\n' for n in range(5)))

    def interrupt(body: bytes) -> HttpAnswer:
        raise KeyboardInterrupt

    server.answer = interrupt
    with pytest.raises(KeyboardInterrupt):
        list(importing(file).run())
    server.answer = server.accept
    again = importing(file, batch=4)
    list(again.run())
    assert server.rows() == [[0, 1], [0, 1], [2, 3, 4]]
    assert server.keys[0] == server.keys[1] != server.keys[2]
    assert again.state.accepted == 5


def test_a_last_line_that_has_grown_is_sent_again(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "a.lp"
    file.write_text("cpu idle=1 1\ncpu idle=2")
    list(importing(file).run())
    with file.open("a") as more:
        more.write("0 2\ncpu idle=3 3\n")
    list(importing(file).run())
    assert server.bodies == [b"cpu idle=1 1\ncpu idle=2", b"cpu idle=20 2\ncpu idle=3 3\n"]


def test_of_a_partial_write_the_refused_lines_are_counted(tmp_path: Path, server: Server, capsys: Any) -> None:
    file = tmp_path / "a.lp"
    file.write_text("# remark\ncpu a=1 1\ncpu a=x 2\ncpu a=y 3\n")
    error = "partial write: line 3: bad value dropped=2"
    server.answer = lambda body: HttpAnswer(400, {}, json.dumps({"error": error}).encode())
    made = importing(file, batch=10)
    list(made.run())
    assert (made.state.accepted, made.state.refused) == (1, 2)
    assert f"{file}:3: partial write" in capsys.readouterr().err


def test_a_request_is_repeated_while_the_server_is_away_and_no_longer(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text('{"series": "a", "value": 1}\n')
    script: list[Any] = [OSError("refused"), HttpAnswer(503, {}, b""), HttpAnswer(429, {"retry-after": "1"}, b"")]

    def play(body: bytes) -> HttpAnswer:
        if not script:
            return server.accept(body)
        step = script.pop(0)
        if isinstance(step, OSError):
            raise step
        assert isinstance(step, HttpAnswer)
        return step

    server.answer = play
    made = importing(file)
    list(made.run())
    assert (len(server.bodies), len(set(server.keys)), made.state.accepted) == (4, 1, 1)
    server.answer = lambda body: HttpAnswer(413, {}, b"{}")
    file.write_text('{"series": "a", "value": 1}\n' * 3)
    import_state.state_file(file).unlink()
    with pytest.raises(click.ClickException, match="try a smaller --batch"):
        list(importing(file).run())


def test_the_command_says_what_was_done(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "a.csv"
    file.write_text("series,value\na,1\n")
    run = CliRunner()
    done = run.invoke(import_file, [str(file), "--url", URL])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "1 accepted, 0 refused")
    assert "was imported already" in run.invoke(import_file, [str(file), "--url", URL]).output
    assert run.invoke(import_file, [str(file), "--url", URL, "--again"]).exit_code == 0
    (tmp_path / "a.txt").write_text("x")
    assert run.invoke(import_file, [str(tmp_path / "a.txt"), "--url", URL]).exit_code == 2
