"""Look of the pages: they fit every screen, can be read in both themes, and move only when they may."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, build, until
from tests.support.server import ServerProcess

_FED = "() => document.querySelectorAll('.tile').length === 16 && !document.querySelector('.tile[data-fresh=none]')"

#: Text that is wider or higher than its box, or stands outside of its tile.
_CUT = """() => {
    const cut = [];
    const selectors = "h1, .tile h2, .tile .value, .tile .badge, .tile footer, .tile .legend span, .row span, "
        + ".tile th, .tile td, nav a, nav button, #clock";
    for (const e of document.querySelectorAll(selectors)) {
        if (!e.textContent || e.closest(".visually-hidden") || getComputedStyle(e).visibility === "hidden" || !e.getClientRects().length) continue;
        const box = e.getBoundingClientRect();
        const tile = e.closest(".tile")?.getBoundingClientRect() ?? { left: 0, right: innerWidth, top: 0, bottom: 1e9 };
        const wide = e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline";
        const out = box.left < tile.left - 1 || box.right > tile.right + 1 || box.top < tile.top - 1;
        if (wide || out) cut.push(`${e.closest(".tile")?.getAttribute("aria-label")}: ${e.tagName}.${e.className} ${e.textContent}`);
    }
    return cut;
}"""

_OVERFLOW = """() => {
    const e = document.documentElement;
    return [e.scrollWidth - innerWidth, e.scrollHeight - innerHeight];
}"""

#: All that is due is drawn.
_FRAMES = "async () => { for (let n = 0; n < 4; n++) await new Promise(requestAnimationFrame); }"

#: Contrast of two CSS colours as WCAG 2 has it; canvas makes sRGB of whatever colour space.
_CONTRAST = """(pairs) => {
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((c) => linear(c / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    return pairs.map(([a, b]) => {
        const [x, y] = [luminance(token(a)), luminance(token(b))].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05);
    });
}"""


def cuts_no_text(page: Page, *, but: str = "") -> None:
    """Check that no text is cut off, except where ``but`` stands; a text that the next frame fits does not count."""
    page.evaluate(_FRAMES)
    if cut := page.evaluate(_CUT):
        page.evaluate(_FRAMES)
        cut = [each for each in page.evaluate(_CUT) if each in cut]
    assert [each for each in cut if not but or but not in each] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (3840, 2160)])
def test_the_board_fills_the_screen_exactly_and_cuts_no_text(
    width: int, height: int, pages: Pages, host_site: ServerProcess
) -> None:
    page = pages.open(host_site.url, width=width, height=height)
    until(page, _FED)
    assert page.evaluate(_OVERFLOW)[0] == 0
    bottom = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.tile')].map((t) => t.getBoundingClientRect().bottom))"
    )
    assert height * 0.98 < bottom <= height
    cuts_no_text(page)


def test_text_is_set_in_inter_with_figures_of_one_width(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url)
    until(page, _FED)
    until(page, "() => [...document.fonts].some((f) => f.family === 'Inter' && f.status === 'loaded')")
    width = """(text) => {
        const e = document.body.appendChild(Object.assign(document.createElement("span"), { textContent: text }));
        const { width } = e.getBoundingClientRect();
        e.remove();
        return width;
    }"""
    assert page.evaluate(width, "1111") == page.evaluate(width, "0808")
    families = page.evaluate(
        "[...document.querySelectorAll('h1, .tile h2, nav button, td, canvas')].map((e) => getComputedStyle(e).fontFamily.split(',')[0])"
    )
    assert set(families) == {"Inter"}


def test_type_grows_with_the_screen(pages: Pages, host_site: ServerProcess) -> None:
    sizes = {}
    for width, height in ((1280, 720), (1920, 1080), (3840, 2160)):
        page = pages.open(host_site.url, width=width, height=height)
        until(page, _FED)
        page.evaluate(_FRAMES)
        sizes[width] = page.evaluate(
            "['.tile h2', '.stat .number', '.table td'].map((s) => parseFloat(getComputedStyle(document.querySelector(s)).fontSize))"
        )
    assert all(large >= 1.9 * middle > small for small, middle, large in zip(*sizes.values(), strict=True)), sizes
    assert min(sizes[1280]) >= 11


def test_on_a_phone_the_tiles_stack_in_one_column(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url, width=390, height=844, is_mobile=True, has_touch=True)
    until(page, _FED)
    assert page.evaluate(_OVERFLOW)[0] == 0
    boxes: list[dict[str, float]] = page.evaluate(
        "[...document.querySelectorAll('.tile')].map((t) => t.getBoundingClientRect().toJSON())"
    )
    assert len({box["left"] for box in boxes}) == 1
    assert all(later["top"] >= earlier["bottom"] for earlier, later in zip(boxes, boxes[1:], strict=False))
    cuts_no_text(page)
    explore = pages.open(f"{host_site.url}/explore", width=390, height=844, is_mobile=True, has_touch=True)
    expect(explore.locator("#series tr").first).to_be_visible()
    assert explore.evaluate(_OVERFLOW)[0] == 0


def test_on_a_phone_all_lines_are_named_and_no_button_has_a_row_of_its_own(
    pages: Pages, host_site: ServerProcess
) -> None:
    page = pages.open(host_site.url, width=390, height=844)
    until(page, _FED)
    hidden = """() => [...document.querySelectorAll(".line .legend")].filter((e) => e.children.length && e.scrollHeight > e.clientHeight + 1)
        .map((e) => e.textContent)"""
    until(page, f"() => !({hidden})().length")
    for name in ("receive", "send", "read", "write"):
        expect(page.locator(".line .legend span").filter(has_text=name).first).to_be_visible()
    row = "(e) => Math.round(e.getBoundingClientRect().bottom / 20)"
    single = page.locator(".top nav > :is(a, button):visible")
    rows = [each.evaluate(row) for each in single.all()]
    assert min(rows.count(each) for each in rows) > 1, rows  # no row for a single button


def test_labels_at_the_ends_of_lines_are_whole(pages: Pages, server: ServerProcess) -> None:
    rows = [{"series": "wide", "labels": {"n": str(n)}, "value": 100, "unit": "%"} for n in range(2)]
    assert server.json("POST", "/api/v1/samples", rows)[0] == 202
    for width in (390, 1280, 3840):
        page = pages.open(f"{server.url}/board?series=wide", width=width)
        room = until(
            page,
            """() => { const { chart } = document.querySelector("line-tile");
                return chart.plot && chart.gutter - chart.fontSize() * 0.5 - chart.widest(["100%"], 600); }""",
        )
        assert 0 < room < 40, width


#: What is late on a slow network: the face of the letters, and messages of the socket.
_SLOW = """{
    const plain = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
    const late = (hear) => hear && ((event) => setTimeout(() => hear(event), 400));
    Object.defineProperty(WebSocket.prototype, "onmessage", { ...plain, set(hear) { plain.set.call(this, late(hear)); } });
}"""


#: What shows that a page has loaded its first data.
_LOADED = ".tile[data-fresh=live], #series tr, .tray article, #login, .card, #first:not([hidden]), #no-code:not([hidden]), #section table"


def _shifts(pages: Pages, url: str, width: int, height: int = 720, *, slow: bool = False) -> list[dict[str, Any]]:
    """Return what moved while a page was loaded, from Chromium's trace."""
    script = _SLOW if slow else ""
    page = pages.open(urljoin(url, "/favicon.ico"), width=width, height=height, wait=False, script=script)
    if slow:
        page.route("**/*.woff2", lambda route: (page.wait_for_timeout(500), route.continue_()))  # a slow network
        page.evaluate("() => { localStorage.setItem('theme', 'light'); localStorage.setItem('panel', 'open'); }")
    session = page.context.new_cdp_session(page)
    events: list[dict[str, Any]] = []
    ended: list[bool] = []
    session.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    session.send("Tracing.start", {"categories": "loading", "transferMode": "ReportEvents"})
    page.goto(url)
    until(page, "() => document.body.dataset.connection === 'open' || !document.getElementById('clock')")
    until(page, "(ready) => document.querySelector(ready)", _LOADED)
    page.evaluate("() => document.fonts.ready.then(() => new Promise((done) => setTimeout(done, 300)))")
    session.send("Tracing.end")
    until(page, "() => true")
    while not ended:
        page.wait_for_timeout(20)
    page.context.close()
    data: list[dict[str, Any]] = [event["args"]["data"] for event in events if event["name"] == "LayoutShift"]
    return [{"score": each["weighted_score_delta"], "nodes": each.get("impacted_nodes")} for each in data]


def test_nothing_moves_while_a_page_is_loaded(pages: Pages, server: ServerProcess) -> None:
    for n in range(3):
        server.post(f"steady_{n}", 3, every_s=3600)
    lists = ("/board?series=steady_1&series=steady_2", "/explore", "/feeders", "/boards")
    for path in (*lists, "/login", "/first-admin", "/first-admin?code=a", "/admin#rooms"):
        for width in (1280, 390):
            assert _shifts(pages, server.url + path, width) == [], (path, width)


def test_nothing_moves_where_face_and_values_are_late_and_the_panel_was_open(
    pages: Pages, server: ServerProcess
) -> None:
    rows = [{"series": "many", "labels": {"n": str(n)}, "value": n, "every_s": 3600} for n in range(3)]
    assert server.json("POST", "/api/v1/samples", rows)[0] == 202
    table = {"columns": ["Name", {"title": "Count", "unit": "B"}], "rows": [["a", 1], ["a longer name", 123_456]]}
    server.json("PUT", "/api/v1/documents/rows", table)
    widgets = [
        {"kind": "line", "title": "Lines", "series": ["many"], "w": 4, "h": 3},
        {"kind": "bar", "title": "Bars", "series": ["many"], "w": 2, "h": 3},
        {"kind": "stat", "title": "Number", "series": ['many{n="1"}'], "unit": "%", "w": 2, "h": 2},
        {"kind": "table", "title": "Rows", "document": "rows", "w": 4, "h": 3},
    ]
    server.json("PUT", "/api/v1/boards/own", {"title": "Own", "columns": 12, "rows": 6, "widgets": widgets})
    for path in ("/boards/own", "/boards", "/explore", "/admin#rooms"):
        for width, height in ((1280, 720), (390, 844)):
            assert _shifts(pages, server.url + path, width, height, slow=True) == [], (path, width)


def test_a_changing_number_moves_nothing(pages: Pages, server: ServerProcess) -> None:
    server.post("shaking", 5, unit="%")
    page = pages.open(f"{server.url}/board?series=shaking")
    build(
        page,
        {"kind": "stat", "title": "Number", "series": ["shaking"], "thresholds": [{"at": 50, "state": "warning"}]},
        {"kind": "line", "title": "Line", "series": ["shaking"], "max": 100},
    )
    page.evaluate("""() => {
        window.__moved = [];
        const note = (list) => window.__moved.push(...list.getEntries().map((each) => each.sources.map(({ node }) => node?.nodeName)));
        new PerformanceObserver(note).observe({ type: "layout-shift", buffered: false });
    }""")
    for value in (9.9, 88.8, 7, 99, 5.5):
        server.post("shaking", value, unit="%")
        until(page, "(text) => document.querySelector('.stat .number').textContent === text", f"{value:.1f}")
        page.evaluate(_FRAMES)
    assert page.evaluate("window.__moved") == []
    gap = """() => {
        const [number, unit] = [".number", "small"].map((part) => document.querySelector(`.stat ${part}`));
        const text = document.createRange();
        text.selectNodeContents(number);
        return unit.getBoundingClientRect().left - text.getBoundingClientRect().right;
    }"""
    assert 0 < page.evaluate(gap) < 20  # the unit follows the number


def test_lists_use_the_width_of_the_screen_and_cards_hold_their_texts(pages: Pages, server: ServerProcess) -> None:
    for n in range(9):
        server.post(f"a_name_that_goes_on_and_on_{n}", 3, labels={"label": "y" * 150})
    for path, last in (
        ("/explore", "#series tr:first-child td:last-child"),
        ("/feeders", ".tray article:nth-child(5)"),
    ):
        page = pages.open(server.url + path, width=1920, height=1080, wait=path == "/explore")
        expect(page.locator(last)).to_be_visible()
        assert page.locator("main").bounding_box()["width"] > 1900  # type: ignore[index]
        assert page.evaluate("(s) => document.querySelector(s).getBoundingClientRect().right", last) > 1500
        assert (
            page.evaluate(
                "[...document.querySelectorAll('.tray article > *')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
            )
            == 0
        )
        gap = """() => { const [a, b] = document.querySelectorAll("#series tr:first-child td.name, #series tr:first-child td.spark canvas");
            return a ? b.getBoundingClientRect().left - a.getBoundingClientRect().right : 0; }"""
        assert page.evaluate(gap) < 40


def test_long_names_widen_nothing(pages: Pages, server: ServerProcess) -> None:
    name = "a_name_" + "that_goes_on_" * 14
    server.post(name, 3e9, unit="B", labels={"label": "y" * 200})
    server.post(name, 3, labels={"label": "z" * 200})
    server.json("PUT", f"/api/v1/documents/{name}", {"text": "w" * 5_000})
    for address in ("/explore", f"/board?series={name}"):
        for width in (1280, 390):
            page = pages.open(server.url + address, width=width)
            expect(page.locator(".tile, #series tr").first).to_be_visible()
            assert page.evaluate(_OVERFLOW)[0] == 0, (address, width)


def test_names_of_lines_beside_a_long_title_are_whole_or_not_there(pages: Pages, server: ServerProcess) -> None:
    name = "a_title_that_is_as_long_as_the_head_of_a_tile_on_a_telephone_is_wide"
    rows = [{"series": name, "labels": {"shop": shop}, "value": 1} for shop in ("alpha", "beta")]
    assert server.json("POST", "/api/v1/samples", rows)[0] == 202
    page = pages.open(f"{server.url}/board?series={name}", width=1600)
    legend = page.locator(".tile .legend")
    expect(legend.locator("span")).to_have_count(2)
    for width in range(380, 900, 20):
        page.set_viewport_size({"width": width, "height": 700})
        until(
            page,
            "() => { const t = document.querySelector('line-tile'); return t.legendWidth === Math.round(t.body.getBoundingClientRect().width); }",
        )
        boxes = legend.evaluate("(e) => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]")
        assert max(boxes) <= 0, (width, boxes, legend.inner_text())


def contrasts(page: Page, pairs: list[tuple[str, str]]) -> dict[str, float]:
    """Return the contrast of each pair of colours, named by their tokens."""
    ratios: list[float] = page.evaluate(_CONTRAST, pairs)
    return {f"{a} on {b}": round(ratio, 2) for (a, b), ratio in zip(pairs, ratios, strict=True)}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_and_marks_stand_out_in_both_themes(theme: str, pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/?theme={theme}")
    assert page.locator("html").get_attribute("data-theme") == theme
    words = ["text", "muted", "ok", "warning", "critical", "unknown", *(f"series-{n}" for n in range(1, 9))]
    grounds = {"text": ("tile", "page", "raised"), "muted": ("tile", "page", "raised"), "ok": ("tile", "page")}
    text = contrasts(page, [(word, ground) for word in words for ground in grounds.get(word, ("tile",))])
    assert {pair: ratio for pair, ratio in text.items() if ratio < 4.5} == {}
    marks = contrasts(page, [("focus", "page"), ("focus", "tile"), ("faint", "page")])
    assert {pair: ratio for pair, ratio in marks.items() if ratio < 3} == {}


def test_the_key_t_changes_the_theme_and_the_choice_is_kept(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url)
    until(page, _FED)
    look = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.tile')).color]"
    dark = page.evaluate(look)
    page.keyboard.press("t")
    until(page, "() => document.documentElement.dataset.theme === 'light'")
    light = page.evaluate(look)
    assert dark[0] != light[0]
    assert dark[1] != light[1]
    page.reload()
    until(page, _FED)
    assert page.evaluate(look) == light
    page.goto(f"{host_site.url}/explore")
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.get_by_role("button", name="Switch between dark and light").click()
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_charts_take_the_colours_of_the_theme(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url)
    until(page, _FED)
    strokes = """() => {
        const { plot } = document.querySelector(".line").chart;
        return [plot.series[1].stroke(plot, 1), plot.axes[0].stroke(plot, 0)];
    }"""
    dark = until(page, strokes)
    page.keyboard.press("t")
    until(page, f"(dark) => JSON.stringify(({strokes})()) !== dark", json.dumps(dark, separators=(",", ":")))


def _running(page: Page) -> list[Any]:
    return page.evaluate(
        "document.getAnimations().filter((a) => a.playState === 'running').map((a) => a.effect.target.className || a.effect.target.tagName)"
    )


def test_with_reduced_motion_nothing_is_animated(pages: Pages, host_site: ServerProcess) -> None:
    moving = pages.open(host_site.url)
    until(moving, "() => document.getAnimations().some((a) => a.playState === 'running')")  # the heartbeat lines
    still = pages.open(host_site.url, reduced_motion="reduce")
    until(still, _FED)
    still.evaluate("() => { window.__numbers = document.querySelector('dash-board').store.version; }")
    for more in (1, 3, 5):
        until(still, "(more) => document.querySelector('dash-board').store.version > window.__numbers + more", more)
        assert _running(still) == []
    long = """() => [...document.querySelectorAll("*")].filter((e) => {
        const style = getComputedStyle(e);
        return Math.max(...style.transitionDuration.split(",").map(parseFloat), ...style.animationDuration.split(",").map(parseFloat)) > 0;
    }).length"""
    assert still.evaluate(long) == 0
    assert moving.evaluate(long) > 0
