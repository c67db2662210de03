"""Boards in the Chromiums that older wall screens have: they show live values, states in their colours, and the curtain."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.old_chromium import VERSIONS, OldChromium
from tests.support.server import ServerProcess

_BOARD = "document.querySelector('dash-board')"
_WIDGETS = [
    {"kind": "stat", "title": "Orders", "series": ["orders"], "thresholds": [{"at": 50, "state": "critical"}]},
    {"kind": "line", "title": "Over time", "series": ["orders"], "thresholds": [{"at": 50, "state": "critical"}]},
    {"kind": "status", "title": "Services", "document": "services"},
    {"kind": "gauge", "title": "Share", "series": ["orders"], "max": 100},
]
_PLACES = ["orders", "orders", "services", "orders"]
#: Number of colours on a canvas.
_COLOURS = """(() => {
    const { width, height } = CANVAS;
    if (!width || !height) return 0;
    const pixels = new Uint32Array(CANVAS.getContext("2d").getImageData(0, 0, width, height).data.buffer);
    return new Set(pixels).size;
})()"""


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OldChromium]:
    if request.param == 88 and not os.environ.get("NIGHTLY"):
        pytest.skip("between the two that run by day")
    with OldChromium(request.param, tmp_path / "profile") as browser:
        yield browser


def _feed(server: ServerProcess, value: float) -> None:
    assert server.json("POST", "/api/v1/samples", {"series": "orders", "value": value, "every_s": 3600})[0] == 202


def _colours(canvas: str) -> str:
    """The expression for the number of colours on a canvas."""
    return _COLOURS.replace("CANVAS", f"document.querySelector('{canvas}')")


def test_a_board_lives_in_an_old_browser(old: OldChromium, server: ServerProcess) -> None:
    states = {"items": [{"label": "web", "state": "ok"}, {"label": "pay", "state": "critical"}]}
    assert server.json("PUT", "/api/v1/documents/services", states)[0] in (200, 202)
    for value in (10, 30, 20):
        _feed(server, value)
    old.open(f"{server.url}/board?{'&'.join(f'series={each}' for each in _PLACES)}")
    old.until(f"document.body.dataset.connection === 'open' && {_BOARD}.plan")
    board = {"columns": 2, "rows": 2, "widgets": _WIDGETS}
    old.evaluate(f"{_BOARD}.build({json.dumps(board)}); for (const tile of {_BOARD}.tiles) tile.changed();")

    number = "document.querySelector('stat-tile .number')"
    old.until(f"{number}.textContent === '20'")
    _feed(server, 80)
    old.until(f"{number}.textContent === '80'")
    old.until("document.querySelector('stat-tile .badge').textContent === '■ critical'")

    old.until(f"parseFloat(getComputedStyle({number}).fontSize) > 60")  # fitted to the tile
    old.until(f"{_colours('line-tile canvas')} > 20")
    old.until(f"{_colours('stat-tile canvas')} > 5")
    looks = "[...document.querySelectorAll('status-tile .cell')].map((e) => getComputedStyle(e).backgroundColor)"
    ok, critical = old.until(f"(({looks}).length === 2) && {looks}")
    assert ok != critical
    assert "rgba(0, 0, 0, 0)" not in (ok, critical)
    assert old.evaluate("document.scrollingElement.scrollHeight - innerHeight") == 0
    assert old.complaints == []

    server.kill()
    curtain = "document.querySelector('connection-curtain')"
    old.until(f"getComputedStyle({curtain}).display !== 'none'", 20)
    assert "rgba(0, 0, 0, 0)" not in old.evaluate(f"getComputedStyle({curtain}.querySelector('.band')).backgroundColor")
    server.start()
    old.until(f"getComputedStyle({curtain}).display === 'none'", 30)
    _feed(server, 81)
    old.until(f"{number}.textContent === '81'")
    assert [each for each in old.complaints if "WebSocket connection to" not in each] == []


def test_all_other_pages_say_that_the_browser_is_too_old(server: ServerProcess, tmp_path: Path) -> None:
    with OldChromium(79, tmp_path / "profile") as old:
        for path in ("/explore", "/login", "/feeders"):
            old.open(server.url + path)
            text = old.until("document.readyState === 'complete' && document.body.innerText.trim()")
            assert text.startswith("This browser is too old for this page, which needs Chrome or Edge 111"), path
            assert "\n" not in text, path


def test_a_browser_that_says_it_is_new_gets_the_old_files_all_the_same(server: ServerProcess, tmp_path: Path) -> None:
    _feed(server, 7)
    with OldChromium(79, tmp_path / "profile") as old:
        agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
        old.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage="en-US")
        old.open(f"{server.url}/board?series=orders")
        old.until("document.body.dataset.connection === 'open' && document.querySelector('.tile')")
        assert old.evaluate("location.search") == "?series=orders&files=old"
