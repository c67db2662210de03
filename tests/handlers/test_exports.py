"""Export of a room as a file."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from dashboard.store import database as database_module
from dashboard.store.schema import messages
from tests.handlers.test_rooms_http import say
from tests.support.deadline import deadline, scaled
from tests.support.site import site

pytestmark = pytest.mark.gen_test


async def test_an_export_holds_every_message_and_no_formula(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        texts = ["=1+1", "+1", "-1", "@SUM(A1)", '=cmd|"/c calc"!A1', 'a,b\n"c"', "plain ü"]
        ids = [await say(at, text) for text in texts]
        await at.server.accounts.accounts.change_user("test", "", "eddy", full_name="=evil()")
        ids.append(await say(at, "x", as_="eddy"))
        response = await at.fetch("GET", "/api/v1/rooms/ops/export?format=json", as_="olga")
        assert response.headers["Content-Disposition"] == 'attachment; filename="ops.json"'
        rows = json.loads(response.body)
        assert [(row["messageId"], row["text"]) for row in rows] == list(zip(ids, [*texts, "x"], strict=True))
        response = await at.fetch("GET", "/api/v1/rooms/ops/export?format=csv", as_="olga")
        assert response.headers["Content-Type"].startswith("text/csv")
        table = list(csv.DictReader(io.StringIO(response.body.decode())))
        assert [row["id"] for row in table] == ids
        assert [row["text"] for row in table] == [*("'" + text for text in texts[:5]), *texts[5:], "x"]
        assert table[-1]["name"] == "'=evil()"
        assert all(not cell.startswith(("=", "+", "-", "@")) for row in table for cell in row.values())


async def test_an_export_of_an_empty_room_is_an_empty_list(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        assert json.loads((await at.fetch("GET", "/api/v1/rooms/ops/export", as_="olga")).body) == []
        table = (await at.fetch("GET", "/api/v1/rooms/ops/export?format=csv", as_="olga")).body.decode()
        assert table == "id,t,user,name,text,at,edited,deleted\r\n"


def _row(number: int) -> dict[str, Any]:
    """Return the row of a long message, as it is stored."""
    texts = {
        "room_id": "ops",
        "author": "vera",
        "name": "",
        "text": "x" * 4_000,
        "html": "",
        "title": "",
        "data": "null",
    }
    return texts | {
        "mentions": "[]",
        "seq": number,
        "changed_seq": number,
        "key": str(number),
        "t_ms": 1,
        "deleted": False,
    }


async def test_an_export_to_a_slow_reader_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow reader does not use up the time for a transaction."""
    count = 2_000
    async with site(tmp_path) as at:
        async with at.server.accounts.database.write() as tx:
            await tx.execute(insert(messages), [_row(number) for number in range(1, count + 1)])
        monkeypatch.setattr(database_module, "_TRANSACTION_S", scaled(0.9))
        reader, writer = await asyncio.open_connection("127.0.0.1", at.server.port, limit=4096)
        head = f"GET /api/v1/rooms/ops/export HTTP/1.0\r\nHost: localhost\r\nCookie: session={at.jwt('olga')}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(scaled(1.5))  # a reader that takes nothing for longer than a transaction may last
        body = await reader.read()
        writer.close()
        assert len(json.loads(body)) == count


async def test_an_export_that_nobody_reads_ends(tmp_path: Path) -> None:
    async with site(tmp_path, answer_timeout_s=0.2) as at:
        async with at.server.accounts.database.write() as tx:
            await tx.execute(insert(messages), [_row(number) for number in range(1, 3_001)])
        reader, writer = await asyncio.open_connection("127.0.0.1", at.server.port, limit=4096)
        head = f"GET /api/v1/rooms/ops/export HTTP/1.0\r\nHost: localhost\r\nCookie: session={at.jwt('olga')}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"\r\n\r\n")
        async with deadline(10, "the end of the export"):
            while not at.server.counters.http_closed["slow"]:
                await asyncio.sleep(0.05)
        with pytest.raises((ConnectionError, json.JSONDecodeError)):  # nobody takes it for whole
            json.loads(await reader.read())
        writer.close()
