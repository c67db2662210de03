"""The page of feeders over HTTP: statistics by feeder, refusals with their reasons, series that no board shows."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dashboard.boards.boards import load_board
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


async def tapped(server: Any) -> dict[str, Any]:
    found = answer(await fetch(server, "/api/v1/feeders"))
    return {"unshown": found["unshown"], **{each["name"]: each for each in found["feeders"]}}


async def test_each_token_has_its_line_with_what_was_refused_beside_the_reason() -> None:
    async with running() as server:
        token, text = await server.accounts.accounts.create_token(
            "test", "", name="telegraf", prefixes=("cpu_",), max_series=5
        )
        lines = "cpu,host=a usage=3,idle=97\nmem,host=a used=3\nnot a line\n"
        response = await fetch(server, "/write", method="POST", body=lines, headers={"Authorization": f"Token {text}"})
        assert response.code == 400
        await fetch(
            server, "/api/v1/samples", method="POST", body='[{"series":"orders","value":5},{"series":"<b>","value":1}]'
        )
        found = await tapped(server)
        fed = found["telegraf"]
        assert (fed["key"], fed["kind"], fed["formats"]) == (f"token:{token.id}", "token", ["influx"])
        assert (fed["accepted"], fed["refused"], fed["series"], fed["max_series"]) == (2, 2, 2, 5)
        reasons = {each["snippet"]: each["reason"] for each in fed["refusals"]}
        assert "not a line" in reasons
        assert "begin with cpu_" in reasons['mem_used{host="a"}']
        own = found["this machine"]
        assert (own["accepted"], own["refused"], own["max_series"]) == (1, 1, 0)
        assert own["refusals"][0]["snippet"] == '{"series":"<b>","value":1}'
        assert own["last"] > 0
        assert own["last_line"].endswith(" 5")


async def test_a_body_that_cannot_be_read_is_kept_to_be_looked_at() -> None:
    async with running() as server:
        assert (await fetch(server, "/api/v1/samples", method="POST", body="[{")).code == 400
        (refusal,) = (await tapped(server))["this machine"]["refusals"]
        assert refusal["snippet"] == "[{"


async def test_series_that_no_board_shows_come_with_a_widget_that_is_one(tmp_path: Any) -> None:
    async with running() as server:
        samples = [
            {"series": "orders", "value": 5},
            {"series": "disk_used", "value": 50, "unit": "%"},
            *({"series": "load", "labels": {"host": host}, "value": 1} for host in "abc"),
            *({"series": "queue", "labels": {"n": str(n)}, "value": 1} for n in range(20)),
            {"series": "host_cpu_percent", "value": 3},
        ]
        await fetch(server, "/api/v1/samples", method="POST", body=samples)
        rows = {row["name"]: row for row in (await tapped(server))["unshown"]}
        assert {name: row["kind"] for name, row in rows.items() if name != "host_cpu_percent"} == {
            "orders": "stat",
            "disk_used": "gauge",
            "load": "line",
            "queue": "bar",
        }
        assert yaml.safe_load(rows["load"]["widget"])[0]["legend"] == "host"
        widgets = [widget for row in rows.values() for widget in yaml.safe_load(row["widget"])]
        file = tmp_path / "mine.yaml"
        file.write_text(yaml.safe_dump({"title": "Mine", "widgets": widgets}))
        assert len(load_board(file).widgets) == len(rows)


async def test_only_operators_see_what_feeders_send() -> None:
    async with running(login="required") as server:
        assert (await fetch(server, "/api/v1/feeders")).code == 401
        _, text = await server.accounts.accounts.create_token("test", "", name="t", verbs=("write", "read"))
        response = await fetch(server, "/api/v1/feeders", headers={"Authorization": f"Bearer {text}"})
        assert response.code == 403


async def test_a_token_that_a_body_says_is_shown_to_nobody() -> None:
    async with running() as server:
        token, text = await server.accounts.accounts.create_token("test", "", name="smashing")
        bodies = {
            "/api/v1/samples": {"series": "x", "value": "oops", "auth_token": text},
            "/widgets/x": {"auth_token": text, "points": "oops"},
            "/api/annotations": {"api_key": text, "time": "oops"},
        }
        for path, body in bodies.items():
            await fetch(server, path, method="POST", body=body)
        await fetch(server, "/api/v1/samples", method="POST", body=f'{{"token": "{text}", ')
        shown = (await fetch(server, "/api/v1/feeders")).body.decode()
        assert '"refusals":[{' in shown
        assert text not in shown
        assert text[:12] not in shown
        assert token.id not in text
