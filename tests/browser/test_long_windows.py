"""Boards over hours: they show buckets, but also the newest value and every spike."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, board_url, until
from tests.support.server import ServerProcess

_HOURS = "21600"
_VALUE = "(value) => document.querySelector('dash-board').store.series.values().next().value.value === value"
_RANGE = "() => document.querySelector('line-tile').chart.range.high"


def _hover(page: Page, share: float) -> str:
    """Return what the pointer shows at this share of the plot's width."""
    plot = page.locator("line-tile .u-over").bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + plot["width"] * share, plot["y"] + plot["height"] / 2)
    expect(page.locator("line-tile .hover")).to_be_visible()
    return page.locator("line-tile .hover").inner_text()


def test_hours_show_the_newest_value_and_no_spike_is_averaged_away(pages: Pages, server: ServerProcess) -> None:
    bucket = int(time.time() * 1000) // 10_000 * 10_000 - 20_000
    rows = [(bucket - i * 10_000 + part * 2_000, 20.0 + part) for i in range(1, 351) for part in range(5)]
    rows += [(bucket - 900_000 + 3_000, 950.0), (bucket + 1_000, 10.0), (bucket + 2_000, 30.0), (bucket + 3_000, 44.0)]
    rows.sort()
    for start in range(0, len(rows), 1_000):
        batch = [{"series": "temp", "value": v, "t": t} for t, v in rows[start : start + 1_000]]
        assert server.json("POST", "/api/v1/samples", batch)[0] == 202
    page = pages.open(board_url(server.url, "temp", window=_HOURS))
    until(page, _VALUE, 44)
    until(page, f"() => ({_RANGE})() >= 950")  # the spike is in the picture, not only its share of a mean
    age = page.evaluate(
        "() => { const b = document.querySelector('dash-board'); return b.store.series.values().next().value.last; }"
    )
    assert age == bucket + 3_000
    told = [_hover(page, share / 400) for share in range(280, 320)]
    assert any("950" in text and " to " in text for text in told), told
    server.post("temp", 7, t=bucket + 4_000)
    until(page, _VALUE, 7)
