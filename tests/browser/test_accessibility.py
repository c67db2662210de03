"""Every page for every reader: what axe-core finds, tables for charts, live regions, zoom, contrast, forced colours."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, build, until
from tests.browser.test_board_editor import TILE, make
from tests.browser.test_look import _FED as FED
from tests.browser.test_look import contrasts, cuts_no_text
from tests.support.server import ServerProcess

AXE = Path(__file__).resolve().parents[2] / ".venv" / "node" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`));
}"""


def faults(page: Page) -> list[str]:
    """Return the faults that axe-core finds on the page as it is now."""
    found: list[str] = page.evaluate(_RUN)
    return found


_READY = {
    "/": ".tile[data-fresh=live]",
    "/board?series=orders&series=services&series=old": ".tile[data-fresh=stale]",
    "/board": "dash-board .message",
    "/explore": "#series tr:nth-child(20)",
    "/feeders": ".tray article",
    "/boards": ".card",
    "/boards/host/edit": ".tile[data-fresh=live]",
    "/profile": "#content:not([hidden])",
    "/login": "#login",
    "/first-admin": "#first",
    "/admin#users": "#section *",
    "/admin#tokens": "#section *",
    "/admin#rooms": "#section table",
    "/admin#links": "#section *",
    "/admin#audit": "#section *",
    "/nothing": ".message",
}

#: What is pressed on a page for another state of it: keys, or a button by its name.
_STATES = {
    "/": (("with dialog and panel", ("c", "Shift+?")),),
    "/boards": (("new board", ("New board",)),),
    "/boards/host/edit": (("keys", ("Keys",)), ("YAML", ("YAML",))),
}
#: The pages of a server without users ask who the user is; this one has a name.
_USER = """{
    const ask = window.fetch;
    const me = { kind: "user", user: { id: "anna", name: "Anna Kern", role: "viewer" }, grants: { host: "editor" }, expires: Date.now() + 86_400_000 };
    window.fetch = (address, ...more) => (String(address).endsWith("/api/v1/me") ? Promise.resolve(Response.json(me)) : ask(address, ...more));
}"""


def _press(page: Page, what: str) -> None:
    button = page.get_by_role("button", name=what, exact=True)
    button.click() if len(what) > 1 and "+" not in what else page.keyboard.press(what)
    if what == "c":  # until the panel is there, keys are meant for it
        expect(page.get_by_role("tab", name="Conversation")).to_be_visible()


def test_axe_finds_nothing_on_any_page_in_either_theme(pages: Pages, host_site: ServerProcess) -> None:
    host_site.post("orders", 3, labels={"shop": "a"}, every_s=3600)
    host_site.post("old", 3, every_s=10, t=int(time.time() * 1000) - 240_000)
    states = {"items": [{"label": "web", "state": "ok"}, {"label": "pay", "state": "critical"}]}
    host_site.json("PUT", "/api/v1/documents/services", states)
    found: dict[str, list[str]] = {}
    page = pages.open(
        f"{host_site.url}/favicon.ico", wait=False, script=AXE.read_text() + _USER
    )  # one page: files come from its cache
    for path, ready in _READY.items():
        page.goto("about:blank")  # or another # is no new page
        page.goto(host_site.url + path)
        until(page, "(s) => document.querySelector(s)", ready)
        for state, presses in _STATES.get(path, ()):
            for what in presses:
                _press(page, what)
            found[f"{path} {state}"] = faults(page)
            page.keyboard.press("Escape")
        for theme in ("light", "dark"):
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            found[f"{path} {theme}"] = faults(page)
    pages.expect("404")
    assert {path: each for path, each in found.items() if each} == {}


#: What a page may be in besides its first state: its address, what is done there, and what tells that it is done.
_SET = "(([s, text]) => { const e = document.querySelector(s); e.value = text; e.dispatchEvent(new Event('input')); })"
_OTHER_STATES = (
    ("/boards", f"{_SET}(['.tools input', 'zzz'])", ".teach"),
    ("/explore", f"{_SET}(['#search', 'zzz'])", "#nothing:not([hidden])"),
    ("/explore", f"{_SET}(['#search', 'orders{{shop=~\".+\"}}'])", "#answer:not([hidden])"),
    ("/login", "(() => { for (const e of document.querySelectorAll('#login input')) e.value = 'x'; document.querySelector('#login button').click(); })()", ".wrong:not(:empty)"),
    ("/first-admin", "document.querySelector('#first').requestSubmit()", "#no-code:not([hidden])"),
    ("/board?series=orders&series=nothing", "document.querySelector('connection-curtain').setAttribute('data-shown', '')", ".tile[data-fresh=live]"),
    ("/boards/nothing", "0", ".message"),
)  # fmt: skip


def test_axe_finds_nothing_where_something_is_wrong_missing_or_old(pages: Pages, server: ServerProcess) -> None:
    server.post("orders", 3, labels={"shop": "a"}, every_s=3600)
    found: dict[str, list[str]] = {}
    options: dict[str, Any] = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}
    page = pages.open(f"{server.url}/favicon.ico", wait=False, script=AXE.read_text(), color_scheme="light", **options)
    page.evaluate("() => localStorage.setItem('theme', 'light')")
    for path, act, done in _OTHER_STATES:
        page.goto("about:blank")
        page.goto(server.url + path)
        until(page, "() => document.querySelector('main > *')")
        until(
            page,
            "() => document.body.dataset.connection === 'open' || !document.querySelector('connection-curtain')",
        )
        page.evaluate(act)
        until(page, "(s) => document.querySelector(s)", done)
        found[f"{path} {done}"] = faults(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    pages.expect("404", "401", "400")
    assert {path: each for path, each in found.items() if each} == {}


#: The answer of a server without boards, but with one that can be brought back.
_NO_BOARDS = """{
    const ask = window.fetch;
    const none = { boards: [], deleted: [{ id: "gone", title: "Gone", until: 1 }] };
    window.fetch = (address, ...more) => (String(address).includes("/boards?") ? Promise.resolve(Response.json(none)) : ask(address, ...more));
}"""
#: What is pressed in the editor, and what shows that its dialog or its list is there.
_OF_A_DRAFT = (
    (("#publish",), "dialog .differences li"),
    (("#discard",), "dialog .danger"),
    (("[role=tab]:text-is('History')",), ".versions li + li"),
    (("[role=tab]:text-is('History')", "[aria-label='Roll back to version 1']"), "dialog .differences li:not(.hint)"),
)


def in_both_themes(page: Page, what: str, found: dict[str, list[str]]) -> None:
    for theme in ("dark", "light"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        found[f"{what} {theme}"] = faults(page)


def test_axe_finds_nothing_in_dialogs_of_a_draft_a_broken_tile_an_empty_index_and_a_failure(
    pages: Pages, site: ServerProcess
) -> None:
    make(site, "read", TILE)
    make(site, "read", {**TILE, "title": "Again"})
    edit = {"key": "axe", "operation": [{"op": "set", "widget": "a", "field": "unit", "value": "s"}]}
    assert site.json("POST", "/api/v1/boards/read/operations", edit)[0] == 200
    found: dict[str, list[str]] = {}
    page = pages.open(f"{site.url}/boards/read/edit", script=AXE.read_text())
    until(page, "() => !document.querySelector('#discard').disabled")
    for presses, shown in _OF_A_DRAFT:
        for press in presses:
            page.locator(press).click()
        expect(page.locator(shown).first).to_be_visible()
        in_both_themes(page, shown, found)
        page.keyboard.press("Escape")
    for shop in "ab":
        site.post("doubled", 1, labels={"shop": shop}, every_s=3600)
    page.goto(f"{site.url}/board?expr=doubled / on() doubled")
    expect(page.locator(".tile .empty")).to_contain_text("This expression has no values:")
    in_both_themes(page, "broken tile", found)
    index = pages.open(f"{site.url}/boards", wait=False, script=AXE.read_text() + _NO_BOARDS)
    expect(index.get_by_role("button", name="Bring back Gone")).to_be_visible()
    expect(index.locator("div.teach")).to_contain_text("checkout.yaml")
    in_both_themes(index, "empty index", found)
    index.goto(f"{site.url}/nothing")
    index.locator("h1").evaluate(
        "(e) => { e.textContent = '500'; e.nextElementSibling.textContent = 'internal error'; }"
    )
    in_both_themes(index, "500", found)
    pages.expect("404")
    assert {what: each for what, each in found.items() if each} == {}


def test_a_chart_has_its_data_as_a_table(pages: Pages, server: ServerProcess) -> None:
    now = int(time.time() * 1000)
    rows = [
        {"series": "load", "labels": {"n": n}, "value": int(n) + i, "t": now - 1000 * i}
        for n in "12"
        for i in range(40)
    ]
    assert server.json("POST", "/api/v1/samples", rows)[0] == 202
    page = pages.open(f"{server.url}/board?series=load")
    table = page.locator("line-tile").get_by_role("table")
    expect(table).to_have_accessible_name(re.compile(r"load, \d\d:\d\d to \d\d:\d\d"))
    expect(table.get_by_role("columnheader")).to_have_text(["Time", "n 1", "n 2"])
    until(page, "() => document.querySelectorAll('line-tile tbody tr').length > 3")
    newest = table.locator("tbody tr").first.locator("td").all_inner_texts()
    assert newest == ["1", "2"]
    assert page.locator("line-tile canvas").first.evaluate("(e) => e.closest('[aria-hidden]') !== null")


def test_live_regions_speak_of_states_and_not_of_values(pages: Pages, server: ServerProcess) -> None:
    server.post("spoken", 0, every_s=3600)
    page = pages.open(f"{server.url}/board?series=spoken")
    build(
        page, {"kind": "stat", "title": "Spoken", "series": ["spoken"], "thresholds": [{"at": 50, "state": "critical"}]}
    )
    page.evaluate(
        """() => {
            window.__said = [];
            const note = (records) => {
                for (const { target } of records) {
                    const region = (target.nodeType === 1 ? target : target.parentElement)?.closest("[role=status], [role=alert], [aria-live]:not([aria-live=off])");
                    if (region?.textContent) window.__said.push(region.textContent);
                }
            };
            new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    for value in (1, 2, 3, 90):
        server.post("spoken", value)
        until(page, "(text) => document.querySelector('.number').textContent === text", str(value))
    until(page, "() => window.__said.length")
    assert set(page.evaluate("window.__said")) == {"Spoken: critical"}


@pytest.mark.parametrize(("width", "height"), [(640, 360), (960, 540)])
def test_at_200_percent_everything_is_there(width: int, height: int, pages: Pages, host_site: ServerProcess) -> None:
    for path, ready in (
        ("/", ".tile[data-fresh=live]"),
        ("/explore", "#series tr:nth-child(20)"),
        ("/feeders", ".tray article"),
    ):
        page = pages.open(
            host_site.url + path, width=width, height=height, device_scale_factor=2, wait=path != "/feeders"
        )
        until(page, "(s) => document.querySelector(s)", ready)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, path
        if path == "/":
            until(page, FED)
            cuts_no_text(page, but=": H2.")  # a long title ends in …


def test_at_400_percent_no_page_scrolls_sideways(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(f"{host_site.url}/favicon.ico", width=320, height=256, wait=False, script=_USER)
    for path, ready in _READY.items():
        if path == "/board?series=orders&series=services&series=old":
            continue
        page.goto("about:blank")
        page.goto(host_site.url + path)
        until(page, "(s) => document.querySelector(s)", ready)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    pages.expect("404")


@pytest.mark.parametrize("scheme", ["light"])
def test_in_forced_colours_and_with_more_contrast_charts_and_marks_are_seen(
    scheme: str, pages: Pages, host_site: ServerProcess
) -> None:
    page = pages.open(host_site.url, forced_colors="active", color_scheme=scheme)
    until(page, FED)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    tile, mark = page.evaluate(
        "[getComputedStyle(document.querySelector('.tile')).backgroundColor, getComputedStyle(document.querySelector('.beat i')).backgroundColor]"
    )
    assert tile != mark
    seen = "() => { const { plot } = document.querySelector('.line').chart; return plot.axes[0].stroke(plot, 0); }"
    assert until(page, seen) == "CanvasText"
    faint = """() => {
        const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
        const { plot } = document.querySelector(".line").chart;
        return ["Canvas", plot.axes[1].grid.stroke(plot, 1), "CanvasText"].map((colour) => {
            pen.fillStyle = colour;
            pen.fillRect(0, 0, 1, 1);
            return pen.getImageData(0, 0, 1, 1).data[0];
        });
    }"""
    paper, grid, ink = page.evaluate(faint)
    assert 0 < abs(grid - paper) < abs(ink - paper) / 2  # the grid is there, and fainter than what it is for
    plain = """() => {
        const tile = document.querySelector(".tile");
        const { fresh } = tile.dataset;
        const shapes = [["stale", tile, "::after"], ["dead", tile, "::after"], ["late", tile.querySelector(".beat"), null]].map(([old, element, part]) => {
            tile.dataset.fresh = old;
            return [old, getComputedStyle(element, part).backgroundImage];
        });
        tile.dataset.fresh = fresh;
        return shapes.filter(([, image]) => image === "none");
    }"""
    assert page.evaluate(plain) == []  # the hatch and the drained heartbeat line stay
    ground = "(e) => getComputedStyle(e).backgroundColor"
    chosen, other = (
        page.locator(f"#windows [aria-pressed={state}]").first.evaluate(ground) for state in ("true", "false")
    )
    assert chosen != other
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    outline = page.evaluate(
        "(({ outlineStyle, outlineWidth }) => [outlineStyle, parseFloat(outlineWidth)])(getComputedStyle(document.activeElement))"
    )
    assert outline[0] != "none"
    assert outline[1] >= 2
    more = pages.open(host_site.url, contrast="more", color_scheme=scheme)
    for theme in ("light", "dark"):
        more.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        found = contrasts(more, [("muted", "tile"), ("muted", "page"), ("line", "tile"), ("faint", "tile")])
        assert min(found["muted on tile"], found["muted on page"]) >= 7, (theme, found)
        assert min(found.values()) >= 3, (theme, found)
