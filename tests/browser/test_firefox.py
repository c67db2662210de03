"""The main pages in Debian's Firefox: they show live values and have no complaints."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.firefox import Firefox
from tests.support.server import ServerProcess

_COLOURS = """(() => {
    const canvas = document.querySelector("line-tile canvas");
    return new Set(new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
})()"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with Firefox(tmp_path_factory.mktemp("firefox") / "profile") as browser:
        yield browser


def _unexpected(firefox: Firefox) -> list[str]:
    """Return the complaints, without those that a stopped server causes."""
    known = ("can’t establish a connection", "interrupted while")
    return [each for each in firefox.complaints if not any(text in each for text in known)]


def test_a_board_lives_and_the_curtain_comes_and_goes(firefox: Firefox, server: ServerProcess) -> None:
    for value in (3, 4, 5):
        server.post("orders", value, every_s=3600)
    firefox.open(f"{server.url}/board?series=orders")
    firefox.until("document.body.dataset.connection === 'open' && document.querySelector('.tile[data-fresh=live]')")
    server.post("orders", 7)
    firefox.until("document.querySelector('dash-board').tiles[0].series[0].value === 7")
    assert firefox.until(f"{_COLOURS} > 20 && {_COLOURS}")
    assert firefox.evaluate("getComputedStyle(document.querySelector('.tile h2')).fontFamily.startsWith('Inter')")
    assert firefox.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert firefox.complaints == []
    server.kill()
    curtain = "getComputedStyle(document.querySelector('connection-curtain')).display"
    firefox.until(f"{curtain} !== 'none'", 20)
    server.start()
    firefox.until(f"{curtain} === 'none'", 30)
    assert _unexpected(firefox) == []


def test_the_other_pages_show_what_they_have(firefox: Firefox, server: ServerProcess) -> None:
    server.post("shop_orders", 3, every_s=3600)
    for path, ready in {
        "/": ".tile[data-fresh=none]",
        "/explore": "#series tr",
        "/feeders": ".tray article",
        "/login": "#login",
        "/admin#rooms": "#section table",
    }.items():
        firefox.open(server.url + path)
        firefox.until(f"document.querySelector('{ready}') !== null")
        assert firefox.evaluate("getComputedStyle(document.querySelector('.unfit')).display") == "none", path
        assert firefox.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert _unexpected(firefox) == []
