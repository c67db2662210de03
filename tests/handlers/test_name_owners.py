"""A name belongs to the sender whose sample was accepted first: a refused sample takes no name from another sender."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.feeders import bearer, document, guarded, post, series_in
from tests.handlers.support import fetch
from tests.handlers.test_ingest_otlp import JSON
from tests.handlers.test_ingest_prometheus import REMOTE, body
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test
Form = tuple[str, Any, dict[str, str]]


def forms(plain: str, joined: str, t_s: float) -> list[tuple[Form, Form, str]]:
    """Return requests of two senders in each format, and the series that both would be. The senders' names are ``plain joined``
    and ``plain_joined``; ``t_s``: the samples' time.
    """
    dotted, one, t_ms = f"{plain}.{joined}", f"{plain}_{joined}", int(t_s * 1000)

    def gauge(name: str) -> Any:
        point = {"asInt": "1", "timeUnixNano": str(t_ms * 1_000_000)}
        return {
            "resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": name, "gauge": {"dataPoints": [point]}}]}]}]
        }

    def value(plugin: str, type_: str) -> Any:
        names = {"values": [1], "dsnames": ["value"], "dstypes": ["gauge"]}
        return [{**names, "plugin": plugin, "type": type_, "time": t_s, "interval": 10}]

    def metric(name: str, field: str) -> Any:
        return {"name": name, "fields": {field: 1}, "timestamp": t_ms}

    def point(name: str) -> Any:
        return {"metric": name, "timestamp": t_ms, "value": 1}

    line = f"{t_ms}000000"
    return [
        (("/write?db=x", f"{one} v=1 {line}", {}), ("/write?db=y", f"{one} v=1 {line}", {}), f"{one}_v"),
        (("/write", f"m {one}=1 {line}", {}), ("/write", f"m_{plain} {joined}=1 {line}", {}), f"m_{one}"),
        (("/v1/metrics", gauge(f"o.{dotted}"), JSON), ("/v1/metrics", gauge(f"o_{one}"), JSON), f"o_{one}"),
        (("/api/put", point(f"p {one}"), {}), ("/api/put", point(f"p_{one}"), {}), f"p_{one}"),
        (("/api/v1/collectd", value(f"c_{plain}", joined), {}), ("/api/v1/collectd", value("c", one), {}), f"c_{one}"),
        (("/api/v1/telegraf", metric(f"t_{plain}", joined), {}), ("/api/v1/telegraf", metric("t", one), {}), f"t_{one}"),
        (("/api/v1/write", body((f"r {one}", 1, t_ms)), REMOTE), ("/api/v1/write", body((f"r_{one}", 1, t_ms)), REMOTE), f"r_{one}"),
    ]  # fmt: skip


def names(keys: Iterable[str]) -> set[str]:
    return {key.partition("{")[0] for key in keys}


async def send(server: Any, form: Form, token: str = "") -> bool:
    """Send a request; return whether its sample was accepted."""
    path, sent, headers = form
    taken = server.counters.samples_accepted
    await post(server, path, sent, headers=headers | (bearer(token) if token else {}))
    return bool(server.counters.samples_accepted - taken)


async def test_a_sample_that_its_token_may_not_write_takes_no_name_in_any_format(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        _, narrow = await server.accounts.accounts.create_token("test", "", name="narrow", prefixes=("host_",))
        for first, second, series in forms("squat", "a", time.time()):
            assert [await send(server, first, narrow) for _ in range(2)] == [False, False]
            assert await send(server, second, token), series
            assert series in names(series_in(server))
            assert not await send(server, first, token), series  # it has an owner now
            assert await send(server, second, token), series


async def test_a_sample_of_tomorrow_takes_no_name_in_any_format() -> None:
    async with running() as server:
        for (first, second, series), (today, *_) in zip(
            forms("next", "a", time.time() + 86_400), forms("next", "a", time.time()), strict=True
        ):
            assert not await send(server, second), series
            assert not await send(server, first), series
            assert await send(server, today), series
            assert series in names(series_in(server))


async def test_a_sample_beyond_the_limit_of_series_takes_no_name() -> None:
    async with running(max_series=10) as server:
        for number in range(10 - len(series_in(server))):
            assert await send(server, ("/api/v1/samples", {"series": f"full_{number}", "value": 1}, {}))
        for first, _, series in forms("over", "a", time.time()):
            assert not await send(server, first), series
            assert not any(series in names(owners._present) for owners in server.intake.origins._kinds.values())


async def test_a_refused_text_takes_no_name(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        _, narrow = await server.accounts.accounts.create_token("test", "", name="narrow", prefixes=("host_",))
        for shown, status in ((narrow, 400), (token, 204)):
            response = await fetch(
                server, f"/write?db={shown[-4:]}", method="POST", body='note s="x"', headers=bearer(shown)
            )
            assert response.code == status, json.loads(response.body)
        assert document(server, "note_s") == {"text": "x"}
        response = await fetch(server, "/write?db=z", method="POST", body='note s="y"', headers=bearer(token))
        assert response.code == 400
