"""Logs of every level contain no passwords, hashes or messages from the store."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.server import ServerProcess

PASSWORD = "canary-password-6tk"
MESSAGE = "canary-message-2vn"


# a higher level writes some of the records of debug, and no others
@pytest.mark.parametrize(("level", "style"), [("debug", "text"), ("debug", "json"), ("info", "text")])
def test_no_level_writes_what_people_say_or_know(tmp_path: Path, level: str, style: str) -> None:
    flags = (
        "--log-level",
        level,
        "--log-format",
        style,
        "--login",
        "required",
        "--no-host-feeder",
        "--no-server-feeder",
    )
    server = ServerProcess(tmp_path, *flags)
    try:
        for name in ("ann", "bob"):
            server.command("user", "add", name, "--password-stdin", "--new", said=f"{PASSWORD}\n")
        server.start()
        login = json.dumps({"name": "ann", "password": PASSWORD})
        ann = {"Authorization": f"Bearer {json.loads(server.request('POST', '/api/v1/login', login)[2])['token']}"}
        server.request("POST", "/api/v1/login", json.dumps({"name": "ann", "password": f"{PASSWORD}x"}))
        said = json.dumps({"roomId": "direct:ann:bob", "text": MESSAGE})
        direct = server.request("POST", "/api/message", json.dumps({"roomId": "host", "text": MESSAGE}), ann)
        assert direct[0] == 200, direct
        server.request("POST", "/api/message", said, ann)
        with sqlite3.connect(tmp_path / "data" / "people.sqlite3", isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")
            assert server.request("POST", "/api/message", said.replace("direct:ann:bob", "host"), ann)[0] == 503
            lock.execute("ROLLBACK")
        assert server.stop() == 0
    finally:
        server.close()
    log = server.log.read_text()
    for secret in (PASSWORD, MESSAGE, "$argon2"):
        assert secret not in log
    assert ("POST /api/message" in log) is (level == "debug")
    assert ("the store failed" in log) is (level == "debug")
