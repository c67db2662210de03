"""What the handlers of a process share: whether requests run, and whether connections are closed."""

from __future__ import annotations

import asyncio

import jinja2
import pytest

from dashboard.domain.counters import Counters
from dashboard.web.server.context import WebContext
from dashboard.web.server.request_body import BodyBudget

pytestmark = pytest.mark.gen_test


def context() -> WebContext:
    return WebContext(
        templates=jinja2.Environment(autoescape=True),
        build="b1",
        counters=Counters(),
        max_body_bytes=10,
        identity=None,  # type: ignore[arg-type]  # no request is identified here
        tell_refused=lambda address, reason, path: None,
        bodies=BodyBudget(10),
    )


async def test_it_is_idle_when_every_request_has_ended() -> None:
    shared = context()
    await shared.idle()
    shared.begin()
    shared.begin()
    waiting = asyncio.ensure_future(shared.idle())
    shared.end()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    shared.end()
    await waiting


async def test_it_drains_when_told_and_not_before() -> None:
    shared = context()
    assert not shared.draining
    shared.drain()
    assert shared.draining
