"""Late, stale and dead values look different from live ones; a page that was hidden catches up at once."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, board_url, build, set_hidden, until, values, wait_for_values
from tests.support.deadline import scaled, within
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess, wait_until


def _looks(page: Page, fresh: str, timeout_ms: float = 10_000) -> dict[str, str]:
    """Return the look of the tile as soon as it has this state, in one step, because the state passes."""
    looks: dict[str, str] = until(
        page,
        """(fresh) => { const tile = document.querySelector(".tile"); return tile.dataset.fresh === fresh && ({
            fresh: tile.dataset.fresh,
            badge: tile.querySelector(".badge").textContent,
            note: tile.querySelector("footer").textContent,
            hatch: getComputedStyle(tile, "::after").backgroundImage,
            body: getComputedStyle(tile.querySelector("canvas")).opacity,
            value: getComputedStyle(tile.querySelector(".value")).visibility,
            beat: getComputedStyle(tile.querySelector(".beat i")).visibility,
        }); }""",
        fresh,
        timeout_ms=timeout_ms,
    )
    return looks


def _stat(page: Page, series: str) -> None:
    build(page, {"kind": "stat", "title": "Watched", "series": [series]})


def test_a_series_that_stops_goes_from_live_over_late_to_stale_and_back(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "ageing"))
    _stat(page, "ageing")
    began, every_s = time.monotonic(), scaled(1)
    site.post("ageing", 5, every_s=every_s)
    live = _looks(page, "live", timeout_ms=1_000)
    assert (live["badge"], live["hatch"], live["body"], live["beat"]) == ("", "none", "1", "visible")
    late = _looks(page, "late", timeout_ms=4_000)
    assert late["badge"].startswith("late ")
    assert late["note"].startswith("expected every")
    assert (late["hatch"], late["beat"]) == ("none", "hidden")
    stale = _looks(page, "stale")
    assert time.monotonic() - began > 4 * every_s
    within(seconds_since(began), 10, "from live to stale")
    assert stale["badge"] == "stale"
    assert stale["note"].endswith(" s ago")
    assert "repeating-linear-gradient" in stale["hatch"]
    assert float(stale["body"]) < 0.6
    assert stale["value"] == "visible"
    site.post("ageing", 6)
    assert _looks(page, "live", timeout_ms=1_000)["hatch"] == "none"


@pytest.mark.parametrize(
    ("age_s", "every_s", "state", "badge", "note"),
    [(5, 20, "live", "", ""), (45, 20, "late", "late 45 s", "expected every 20 s"),  # far from their ends: a page takes its time
     (240, 10, "stale", "stale", "4 min ago"), (700, 10, "dead", "no data", "nothing since ")],
)  # fmt: skip
def test_an_old_value_looks_as_old_as_it_is(
    age_s: int, every_s: int, state: str, badge: str, note: str, pages: Pages, site: ServerProcess
) -> None:
    site.post(f"old_{age_s}", 5, every_s=every_s, t=int(time.time() * 1000) - age_s * 1000)
    page = pages.open(board_url(site.url, f"old_{age_s}"))
    until(page, "() => document.querySelector('.tile')?.dataset.fresh !== 'none'")
    _stat(page, f"old_{age_s}")
    looks = _looks(page, state)
    assert looks["badge"][:5] == badge[:5]
    assert looks["note"].startswith(note)
    assert ("gradient" in looks["hatch"]) == (state in ("stale", "dead"))
    assert (looks["value"] == "hidden") == (state == "dead")


def test_a_browser_whose_clock_is_wrong_shows_the_right_ages(pages: Pages, site: ServerProcess) -> None:
    site.post("skewed", 5, every_s=10, t=int(time.time() * 1000) - 240_000)
    page = pages.open(board_url(site.url, "skewed"), wait=False)
    page.add_init_script("{ const now = Date.now; Date.now = () => now() - 86_400_000 * 3; }")
    page.reload()
    expect(page.locator(".tile")).to_have_attribute("data-fresh", "stale")
    near = [time.strftime("%H:%M", time.localtime(time.time() + off)) for off in (-60, 0, 60)]
    assert page.locator("#clock").inner_text()[:5] in near


def test_a_hidden_page_stops_its_frames_and_comes_back_with_one_snapshot(pages: Pages, server: ServerProcess) -> None:
    page = pages.open(board_url(server.url, "unseen"))
    server.post("unseen", 0)
    wait_for_values(page, "unseen", [0.0])
    set_hidden(page, hidden=True)
    wait_until(lambda: server.json("GET", "/metrics/websocket")[1]["watching"] == 0, what="the page left its view")
    pages.wait_for(page, "sent", "unwatch", 1)
    assert len(pages.sent("unwatch")) == 1
    frames = len(pages.received("frame"))
    for number in range(1, 41):
        server.post("unseen", number)
    last = lambda: server.json("GET", "/api/v1/series?match=unseen")[1]["series"][0]["last"]["value"]  # noqa: E731
    wait_until(lambda: last() == 40, what="all is in the replica, which answers the page")
    page.evaluate("1")
    assert len(pages.received("frame")) == frames
    assert values(page, "unseen") == [0.0]
    set_hidden(page, hidden=False)
    wait_for_values(page, "unseen", [float(n) for n in range(41)], timeout_ms=5_000)
    pages.wait_for(page, "received", "snapshot", 2)
    assert len(pages.received("snapshot")) == 2
    assert len(pages.received("frame")) == frames, "no fast-forward"
    server.post("unseen", 41)
    wait_for_values(page, "unseen", [float(n) for n in range(42)], timeout_ms=5_000)


def test_a_glance_away_does_not_stop_the_frames(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "glance"), clock=True)
    site.post("glance", 0)
    wait_for_values(page, "glance", [0.0])
    set_hidden(page, hidden=True)
    page.clock.run_for(4_000)
    set_hidden(page, hidden=False)
    page.clock.run_for(3_000)
    assert pages.sent("unwatch") == []


def test_after_a_sleep_one_snapshot_brings_the_page_up_to_date(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "slept"), clock=True)
    site.post("slept", 1)
    wait_for_values(page, "slept", [1.0])
    pages.wait_for(page, "received", "snapshot", 1)
    snapshots = len(pages.received("snapshot"))
    page.clock.fast_forward(3_600_000)
    wait_until(lambda: page.evaluate("1") and len(pages.received("snapshot")) > snapshots, what="a snapshot")
    site.post("slept", 2)
    wait_for_values(page, "slept", [1.0, 2.0])
    assert len(pages.received("snapshot")) == snapshots + 1
    assert not page.locator("connection-curtain").is_visible()


def test_lines_of_every_age_are_told_apart_by_shape_colour_and_word(pages: Pages, site: ServerProcess) -> None:
    now = int(time.time() * 1000)
    for n, every_s, age_s in (("1", 3600, 0), ("2", 60, 150), ("3", 2, 20), ("4", 1, 120)):
        site.post("aged", int(n), labels={"n": n}, every_s=every_s, t=now - age_s * 1000)
    page = pages.open(board_url(site.url, "aged"))
    names = page.locator(".tile .legend span")
    states = ["live", "late", "stale", "dead"]
    for i, state in enumerate(states):
        expect(names.nth(i)).to_have_attribute("data-fresh", state)
    marks = names.evaluate_all(
        "(all) => all.map((e) => getComputedStyle(e, '::after')).map(({ content, color }) => [content, color])"
    )
    assert [content for content, _ in marks] == ["none", '"▲"', '"◇"', '"✕"']
    assert marks[1][1] != marks[2][1]
    for state in states[1:]:
        expect(page.get_by_role("columnheader", name=f"({state})")).to_be_attached()
    words = "() => { const { chart } = document.querySelector('.tile'); return chart?.states.length && chart.states.map((_, i) => chart.old(i)?.text ?? ''); }"
    assert until(page, words) == ["", "▲ late", "◇ stale", "✕ no data"]
    page.goto(f"{site.url}/explore")
    page.locator("#search").fill("aged")
    expect(page.locator("#series td.state")).to_have_text(["● live", "▲ late", "◇ stale", "✕ no data"])
    page.set_viewport_size({"width": 390, "height": 844})  # without the column of words
    shapes = page.locator("#series td.age").evaluate_all(
        "(all) => all.map((e) => getComputedStyle(e, '::before').content)"
    )
    assert shapes == ["none", '"▲ "', '"◇ "', '"✕ "']
