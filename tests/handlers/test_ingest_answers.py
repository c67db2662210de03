"""Answers of all formats: a refusal names the field as its sender does, and the cure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.handlers.feeders import document, post
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize("key", ["events", "alerts"])
async def test_what_the_server_lists_itself_is_overwritten_by_nobody(key: str) -> None:
    async with running() as server:
        await post(server, "/events/", {"what": "deployed"})
        await post(server, "/ping/backup/fail", "")
        before = document(server, key)
        for path in (f"/widgets/{key}", f"/api/v1/documents/{key}", f"/ping/{key}"):
            response = await post(server, path, {"text": "mine"})
            assert (response.code, b"reserved for this server" in response.body) == (400, True), path
        kept = document(server, key)
        assert [item for item in before["items"] if item not in kept["items"]] == []


async def test_an_empty_token_in_the_address_is_none() -> None:
    async with running() as server:
        for path in ("/api/v1/samples/a?token=", "/write?auth_token="):
            body = "a v=1" if "write" in path else "1"
            assert (await post(server, path, body)).code in (202, 204), path


async def test_another_encoding_is_told_which_is_understood() -> None:
    async with running() as server:
        for path, cure in (("/write", "send gzip"), ("/api/v1/write", "send snappy")):
            response = await post(server, path, b"x", headers={"Content-Encoding": "br"})
            assert (response.code, cure in response.body.decode()) == (415, True)
        response = await post(server, "/api/v1/write", b"", headers={"Content-Encoding": "snappy"})
        assert (response.code, b"the body is empty" in response.body) == (400, True)


async def test_an_answer_without_a_body_is_no_page() -> None:
    async with running() as server:
        for path, body in (("/api/live/push/a", "a v=1"), ("/events/", {"what": "x"}), ("/metrics/job/a", "a 1\n")):
            response = await post(server, path, body)
            assert (response.code in (200, 202), response.body) == (True, b""), path
            assert response.headers["Content-Type"].startswith("text/plain"), path


_THEN_S = 1_700_000_000
_COLLECTD = {"plugin": "a", "values": [1], "dsnames": ["value"], "dstypes": ["gauge"]}


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/widgets/g", {"points": [{"x": _THEN_S * 1_000, "y": 1}]}, "x: must be seconds since 1970; it looks like milliseconds"),
        ("/write", f"a v=1 {_THEN_S}", "line 1: timestamp: must be nanoseconds since 1970; it looks like seconds"),
        ("/write?precision=s", f"a v=1 {_THEN_S}000", "must be seconds since 1970; it looks like milliseconds"),
        ("/write?precision=h", f"a v=1 {_THEN_S}", "timestamp: must be hours since 1970"),
        ("/write", "a v=-5u", "partial write: line 1: v: '-5u' is below 0; write -5i"),
        ("/api/live/push/a", f"a v=1 {_THEN_S}000", "must be nanoseconds since 1970; it looks like milliseconds"),
        ("/events/", {"what": "x", "when": 5}, "when: must be seconds since 1970"),
        ("/events/", {"what": "x", "when": "abc"}, "when: \"abc\" is not a number"),
        ("/api/v1/telegraf", {"name": "a", "fields": {"v": 1}, "timestamp": 5}, "timestamp: must be seconds since 1970"),
        ("/api/v1/collectd", [_COLLECTD | {"time": 5}], "time: must be seconds"),
        ("/api/v1/collectd", [_COLLECTD | {"interval": -1}], "interval: must be more than 0"),
        ("/api/v1/samples", {"series": "a", "value": 1, "t": _THEN_S}, "must be milliseconds since 1970; it looks like seconds"),
    ],
)  # fmt: skip
async def test_a_refusal_names_what_the_sender_calls_it_and_the_unit_it_counts_in(
    path: str, body: Any, told: str
) -> None:
    async with running() as server:
        response = await post(server, path, body)
        assert response.code == (200 if "telegraf" in path else 400)
        assert told in " ".join(_texts(json.loads(response.body))), response.body


def _texts(answer: Any) -> list[str]:
    """Return the texts of an answer, each with its field in front."""
    if isinstance(answer, dict):
        own = f"{answer['field']}: {answer.get('reason', answer.get('error', ''))}" if answer.get("field") else ""
        return [own, *(text for value in answer.values() for text in _texts(value))]
    if isinstance(answer, list):
        return [text for value in answer for text in _texts(value)]
    return [str(answer)]
