"""The editor of a board in real browsers: the keyboard alone builds a board, several people edit one together, live."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.pages import Pages, type_in, until, until_focused
from tests.support.server import ServerProcess


def make(server: ServerProcess, board: str, *widgets: dict[str, Any]) -> None:
    status, said = server.json(
        "PUT", f"/api/v1/boards/{board}", {"title": board, "columns": 24, "rows": 12, "widgets": list(widgets)}
    )
    assert status in (200, 201), said


def open_editor(pages: Pages, url: str, board: str, **options: Any) -> Page:
    page = pages.open(f"{url}/boards/{board}/edit", **options)
    until(page, "() => document.querySelector('#state').textContent !== ''")
    return page


TILE = {"id": "a", "kind": "stat", "title": "A", "series": ["editor_a"], "x": 0, "y": 0, "w": 4, "h": 3}


#: Field for the title of a tile.
_TITLE = "[id^=field-][id$=-title]"


def test_the_keyboard_alone_builds_a_board_and_publishes_it(pages: Pages, site: ServerProcess) -> None:
    for name in ("keys_one", "keys_two"):
        site.post(name, 3)
    make(site, "keyed")
    page = open_editor(pages, site.url, "keyed")
    for name in ("keys_one", "keys_two"):
        page.keyboard.press("a")
        type_in(page, "series-picker input", name)  # over what was searched for before, which is selected
        expect(page.locator(".pick")).to_have_count(1)
        page.keyboard.press("Tab")
        until_focused(page, f".pick[title={name}]")
        page.keyboard.press("Enter")
        until(page, f"() => document.activeElement?.widget?.series[0] === '{name}'")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    until_focused(page, _TITLE)
    page.keyboard.press("Control+A")
    type_in(page, _TITLE, "Second")
    until(page, "() => document.querySelectorAll('.tile').length === 2")
    expect(page.locator("#announcer")).to_contain_text("5 by 3")
    page.get_by_role("heading", name="Second").wait_for()
    until(page, "() => /draft · 5 changes(?!.*not sent)/.test(document.querySelector('#state').textContent)")
    page.keyboard.press("Escape")
    page.locator(".tile").nth(1).focus()
    page.keyboard.press("p")
    type_in(page, "dialog #note", "by keys")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "() => /as published, version 2/.test(document.querySelector('#state').textContent)")
    page.locator(".tile").nth(0).focus()
    expect(page.locator(_TITLE)).to_have_value("Keys one")  # the panel shows this tile
    for name in ("Add a threshold", "gauge"):
        pressed = page.locator("board-panel").get_by_role("button", name=name, exact=True)
        pressed.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Remove this threshold")).to_have_count(1)
        expect(pressed).to_be_focused()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tile").nth(0)).to_contain_text("Keys one")  # made anew, and reached by Tab at its place
    shown = site.json("GET", "/api/v1/boards/keyed")[1]["widgets"]
    assert [(w["title"], w["series"], w["x"], w["y"], w["w"]) for w in shown] == [
        ("Keys one", ["keys_one"], 0, 0, 4), ("Second", ["keys_two"], 4, 1, 5),
    ]  # fmt: skip


#: The server has no room for the first request of the board's data. Whoever waits ten seconds or longer waits much less.
_REFUSED_ONCE = """{
    const wait = setTimeout;
    window.setTimeout = (act, ms, ...more) => wait(act, ms >= 10_000 && ms <= 20_000 ? 50 : ms, ...more);
    let isRefused = false;
    window.WebSocket = class extends WebSocket {
        send(text) {
            const { type, id, selectors } = JSON.parse(text);
            if (isRefused || type !== "watch" || selectors[0] !== "refused_once") return super.send(text);
            isRefused = true;
            const error = { type: "error", id, code: "overloaded", message: "the server has no room" };
            queueMicrotask(() => this.onmessage({ data: JSON.stringify(error) }));
        }
    };
}"""


def test_an_editor_for_which_the_server_has_no_room_asks_again(pages: Pages, site: ServerProcess) -> None:
    site.post("refused_once", 42)
    make(site, "refused", {**TILE, "series": ["refused_once"]})
    page = open_editor(pages, site.url, "refused", script=_REFUSED_ONCE)
    expect(page.locator(".editor-error")).to_contain_text("the server has no room")
    expect(page.locator(".tile .number")).to_have_text("42")


def test_an_expression_typed_into_the_list_becomes_a_tile_if_the_server_can_read_it(
    pages: Pages, site: ServerProcess
) -> None:
    pages.expect("400")
    site.post("typed_total", 3)
    make(site, "typed", TILE)
    page = open_editor(pages, site.url, "typed")
    search = page.locator("series-picker input")
    search.fill("sum(typed_total")
    search.press("Enter")
    expect(page.locator("series-picker p[role=status]")).to_contain_text("unclosed left parenthesis")
    search.fill("sum(typed_total)")
    search.press("Enter")
    until(page, "() => document.activeElement?.widget?.expr === 'sum(typed_total)'")
    expect(page.locator(".tile")).to_have_count(2)
    search.fill("typed_to")
    expect(page.locator(".pick[data-key='expression sum(typed_total)']")).to_contain_text("chosen before")
    field = page.locator("[id^=field-][id$=-expr]")
    field.fill("sum(")
    field.press("Enter")
    expect(page.locator("board-panel .field .wrong")).to_contain_text("unclosed left parenthesis")
    field.fill("sum(typed_total) + 1")
    field.press("Enter")
    expect(page.locator("board-panel .field .wrong")).to_have_text("")
    until(
        page,
        "() => document.querySelector('dash-board').tiles.some(({ widget }) => widget.expr === 'sum(typed_total) + 1')",
    )
    expect(page.locator("#last-edit")).to_contain_text("last edit by you")
    long = " + ".join(['typed_total{a!="b"}'] * 170)  # longer than an address may be once it is encoded
    field.fill(long)
    field.press("Enter")
    until(page, "(long) => document.querySelector('dash-board').tiles.some(({ widget }) => widget.expr === long)", long)
    expect(page.locator("board-panel .field .wrong")).to_have_text("")


#: No check of an expression is answered, until the page is loaded again.
_UNANSWERED = """() => {
    const real = window.fetch;
    window.fetch = (path, ...more) => (path.endsWith("/parse_query") ? new Promise(() => {}) : real(path, ...more));
}"""


def test_an_expression_stays_in_its_field_while_it_is_checked_and_when_it_is_refused(
    pages: Pages, site: ServerProcess
) -> None:
    pages.expect("400")
    make(site, "checked", {**TILE, "series": [], "expr": "vector(1)"}, {**TILE, "id": "b", "title": "B", "x": 4})
    page = open_editor(pages, site.url, "checked")
    first, second = (page.get_by_role("heading", name=name, exact=True) for name in "AB")
    field, wrong = page.locator("#field-a-expr"), page.locator("#field-a-expr-wrong")
    first.click()
    slow: list[Route] = []
    page.route("**/parse_query", lambda route: slow.append(route))
    field.fill("vector(2)")
    field.press("Tab")
    page.fill("#field-a-unit", "m")
    until(
        page,
        "() => document.querySelector('dash-board').tiles.find(({ widget }) => widget.id === 'a').widget.unit === 'm'",
    )
    expect(field).to_have_value("vector(2)")
    page.get_by_role("button", name="Undo mine").click()  # takes back the last edit, which is the expression
    for route in slow:
        route.continue_()
    expect(page.locator("#announcer")).to_contain_text("Undone")
    expect(field).to_have_value("vector(1)")
    expect(page.locator("#field-a-unit")).to_have_value("m")
    page.unroute("**/parse_query")
    field.fill("sum(")
    field.press("Tab")
    expect(wrong).to_contain_text("unclosed left parenthesis")
    page.fill("#field-a-unit", "s")
    until(
        page,
        "() => document.querySelector('dash-board').tiles.find(({ widget }) => widget.id === 'a').widget.unit === 's'",
    )
    expect(field).to_have_value("sum(")
    field.fill("sum(sum(")
    second.click()
    expect(page.locator(".editor-error")).to_contain_text("unclosed left parenthesis")
    first.click()
    expect(field).to_have_value("sum(sum(")
    expect(wrong).to_contain_text("unclosed left parenthesis")
    page.evaluate(_UNANSWERED)
    field.fill("vector(3)")
    field.press("Tab")
    page.reload()
    until(
        page,
        "() => document.querySelector('dash-board').tiles.find(({ widget }) => widget.id === 'a').widget.expr === 'vector(3)'",
    )


def test_two_editors_see_each_other_and_undo_takes_back_only_ones_own(pages: Pages, site: ServerProcess) -> None:
    make(site, "shared", TILE, {**TILE, "id": "b", "title": "B", "x": 4})
    one, two = open_editor(pages, site.url, "shared"), open_editor(pages, site.url, "shared")
    one.locator(".tile").nth(0).click()
    expect(two.locator(".tile .who")).to_have_text("Operator")
    box = one.locator(".tile").nth(0).bounding_box()
    assert box is not None
    one.mouse.move(box["x"] + 40, box["y"] + 60)
    one.mouse.down()
    one.mouse.move(box["x"] + 40, box["y"] + 300, steps=8)
    expect(two.locator(".tile .who")).to_have_text("Operator is moving this")
    one.mouse.up()
    until(two, "() => document.querySelector('dash-board').tiles[0].widget.y > 0")
    two.locator(".tile").nth(1).click()
    two.fill("#field-b-title", "Bee")
    expect(one.get_by_role("heading", name="Bee")).to_be_visible()
    two.get_by_role("button", name="Undo mine").click()
    expect(one.get_by_role("heading", name="Bee")).to_have_count(0)
    one.get_by_role("tab", name="YAML").click()
    text = one.locator("board-panel .cm-content")
    expect(text).to_contain_text("title: A")
    text.fill(written(one).replace("kind: stat\n  title: A", "kind: pie\n  title: A"))
    pages.expect("400 (Bad Request)")
    one.get_by_role("button", name="Apply").click()
    expect(one.locator("board-panel .wrong")).to_contain_text("shared.yaml:6: widgets[0].kind")
    expect(one.locator(".cm-lintRange-error")).to_contain_text("pie")
    text.fill(written(one).replace("kind: pie", "kind: line"))
    expect(one.locator(".cm-lintRange-error")).to_have_count(0)
    one.get_by_role("button", name="Apply").click()
    until(two, "() => document.querySelector('dash-board').tiles[0].widget.kind === 'line'")


def written(page: Page) -> str:
    """Return the YAML in the editor, which is so short that all its lines are on the page."""
    lines: list[str] = page.locator("board-panel .cm-line").all_text_contents()
    return "\n".join(lines)
