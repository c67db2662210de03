"""Graphite's events, Grafana's annotations, alerts (../shared/wire-formats.md, "Second"), and the documents that result."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from dashboard.domain.event import build_event
from tests.handlers.feeders import applied, bearer, document, guarded, post
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


def alert(name: str = "HostDown", status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} happened", "description": "look at it"},
        "startsAt": "2026-01-25T00:00:00Z",
        "endsAt": "2026-01-25T01:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "fingerprint": f"f-{name}",
    }


def webhook(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"version": "4", "status": "firing", "receiver": "dashboard", "alerts": list(alerts)}


async def test_a_graphite_event() -> None:
    async with running() as server:
        now = int(time.time())
        for path in ("/events/", "/events"):
            sent = {"what": "Deploy", "tags": "web v1", "when": now, "data": "by hand"}
            response = await post(server, path, sent)
            assert (response.code, response.body) == (200, b"")
        (item,) = document(server, "events")["items"]
        assert {key: item[key] for key in ("label", "value", "t", "tags", "kind")} == {
            "label": "Deploy", "value": "by hand", "t": now * 1000, "tags": ["web", "v1"], "kind": "event",
        }  # fmt: skip
        assert (await post(server, "/events/", {"data": "x"})).code == 400


async def test_events_that_differ_in_anything_are_different() -> None:
    async with running() as server:
        now = int(time.time())
        for said in ({"when": now, "data": "a"}, {"when": now, "data": "b"}, {}, {}):
            assert (await post(server, "/events/", {"what": "Deploy", **said})).code == 200
        assert len(document(server, "events")["items"]) == 4


async def test_of_many_checks_at_once_none_is_cut_off() -> None:
    async with running() as server:
        checks = [build_event(None, f"c{n}", kind="check", state="ok", fingerprint=f"c{n}") for n in range(700)]
        checks[3] = structs.replace(checks[3], state="critical")
        await server.intake.events.accept(checks)
        await applied(server)
        for name in ("alerts", "events"):
            assert [(each["label"], each["state"]) for each in document(server, name)["items"]] == [("c3", "critical")]


async def test_a_grafana_annotation(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        now = int(time.time() * 1000)
        sent = {"time": now - 5_000, "timeEnd": now, "tags": ["deploy"], "text": "Deploy\nof web"}
        response = await post(server, "/api/annotations", sent, headers=bearer(token))
        said = answer(response)
        assert (response.code, said["message"], type(said["id"])) == (200, "Annotation added", int)
        response = await post(server, "/api/annotations/graphite", {"what": "x", "tags": []}, headers=bearer(token))
        assert answer(response)["message"] == "Graphite annotation added"
        item = document(server, "events")["items"][1]
        assert (item["label"], item["value"], item["ended"], item["kind"]) == ("Deploy", "of web", now, "annotation")
        wrong = await post(server, "/api/annotations", sent, headers=bearer("wrong"))
        assert (wrong.code, answer(wrong)) == (401, {"message": "Unauthorized"})
        bad = await post(server, "/api/annotations", {}, headers=bearer(token))
        assert (bad.code, answer(bad)) == (400, {"message": "text: is missing"})


async def test_alerts_fire_and_end() -> None:
    async with running() as server:
        response = await post(server, "/api/v1/alertmanager", webhook(alert(), alert("DiskFull", severity="warning")))
        assert (response.code, response.body) == (200, b"")
        states = {item["label"]: item["state"] for item in document(server, "alerts")["items"]}
        assert states == {"HostDown happened": "critical", "DiskFull happened": "warning"}
        await post(server, "/api/v1/alertmanager", webhook(alert()))  # still: nothing new
        assert len(document(server, "events")["items"]) == 2
        await post(server, "/api/v1/alertmanager", webhook(alert(status="resolved")))
        items = document(server, "alerts")["items"]
        assert [(item["id"], item["state"]) for item in items] == [("f-HostDown", "ok"), ("f-DiskFull", "warning")]
        assert len(document(server, "events")["items"]) == 3


async def test_prometheus_own_alerts_and_their_faults() -> None:
    async with running() as server:
        assert (await post(server, "/api/v2/alerts", [alert()])).code == 200
        soon = {"status": "", "endsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 240))}
        assert (await post(server, "/api/v2/alerts", [alert("Soon") | soon])).code == 200
        assert [item["state"] for item in document(server, "alerts")["items"]] == ["critical", "critical"]
        response = await post(server, "/api/v2/alerts", [alert("B"), {"labels": {}}])
        assert response.code == 400
        assert "alert 1" in answer(response)["error"]
        assert len(document(server, "alerts")["items"]) == 3
        assert (await post(server, "/api/v1/alertmanager", {"version": "3"})).code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/events/", 429),
        ("/events", 429),
        ("/api/annotations", 429),
        ("/api/annotations/graphite", 429),
        ("/api/v1/alertmanager", 503),
        ("/api/v2/alerts", 503),
    ],
)
async def test_events_want_a_token_and_more_than_it_may_send_come_later(path: str, status: int, tmp_path: Path) -> None:
    async with guarded(tmp_path, per_s=1) as (server, token):
        sent: Any = [alert()] if path.endswith("alerts") else {**webhook(alert()), "what": "x", "text": "x"}
        for headers in ({}, bearer("wrong")):
            response = await post(server, path, sent, headers=headers)
            assert response.code == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        answers = [await post(server, path, sent, headers=bearer(token)) for _ in range(12)]
        assert [each.code for each in answers[:10]] == [200] * 10
        assert (answers[-1].code, answers[-1].headers["Retry-After"]) == (status, "1")
        for method in ("GET", "HEAD"):
            wanted = 401 if path == "/api/annotations" else 200  # the annotations are read there
            assert (await fetch(server, path, method=method)).code == wanted


async def test_of_many_events_at_once_none_is_lost_and_the_newest_200_are_kept() -> None:
    async with running() as server:
        sent = [{"what": f"e{n}", "data": "x"} for n in range(250)]
        await asyncio.gather(*(fetch(server, "/events/", method="POST", body=body) for body in sent[:150]))
        await applied(server)
        assert {item["label"] for item in document(server, "events")["items"]} == {f"e{n}" for n in range(150)}
        for body in sent[150:]:
            await fetch(server, "/events/", method="POST", body=body)
        await applied(server)
        labels = [item["label"] for item in document(server, "events")["items"]]
        assert (len(labels), labels[:2]) == (200, ["e249", "e248"])
