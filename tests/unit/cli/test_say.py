"""The commands that write to users: what they send, and what they print."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from dashboard.cli import say


class Sent:
    """Stand-in for the request to a server: keeps what is sent, and gives one answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._said = said
        monkeypatch.setattr(say, "call", self._call)

    def _call(self, url: str, method: str, path: str, token: str | None, body: bytes) -> SimpleNamespace:
        self.calls.append((url, method, path, token, json.loads(body)))
        return SimpleNamespace(said=self._said)


SERVER = ["--url", "http://127.0.0.1:1", "--token", "t"]


def test_a_notification_names_its_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent(monkeypatch, {"sent": 3})
    done = CliRunner().invoke(say.notify, ["Disk full", "98 %", "--role", "operator", *SERVER])
    assert done.output == "3 notified\n"
    body = {"title": "Disk full", "body": "98 %", "user": "", "role": "operator", "room": ""}
    assert sent.calls == [("http://127.0.0.1:1", "POST", "/api/v1/notifications", "t", body)]


def test_a_message_goes_to_a_room(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent(monkeypatch, {"messageId": "m1"})
    assert CliRunner().invoke(say.message, ["host", "Deploy done", *SERVER]).output == "m1\n"
    assert sent.calls[0][2:] == ("/api/message", "t", {"roomId": "host", "text": "Deploy done"})
