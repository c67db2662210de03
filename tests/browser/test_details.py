"""Details of the pages that were wrong once: focus, long lists, odd names, ages, axes."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.pages import (
    SOCKET_FAILED,
    Pages,
    board_url,
    build,
    curtain_was_not_shown,
    set_hidden,
    until,
    wait_for_text,
    wait_for_values,
    watch_curtain,
)
from tests.support.proxy import Proxy
from tests.support.server import ServerProcess, wait_until


def test_a_board_has_no_scroll_bar(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url, width=1920, height=1080)
    expect(page.locator(".tile")).to_have_count(16)
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0


def test_late_can_be_read_on_explore_in_the_light_theme(pages: Pages, site: ServerProcess) -> None:
    from tests.browser.test_look import contrasts

    page = pages.open(f"{site.url}/explore?theme=light")
    assert min(contrasts(page, [("warning", "page")]).values()) >= 4.5


def test_enter_on_a_tile_leaves_the_clipboard_alone(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('mine')")
    page.get_by_role("group", name="CPU", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "mine"


def test_a_hidden_page_whose_timers_are_throttled_stays_without_frames(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "throttled"), clock=True)
    site.post("throttled", 1)
    wait_for_values(page, "throttled", [1.0])
    set_hidden(page, hidden=True)
    page.clock.run_for(6_000)
    until(page, "() => document.hidden")
    pages.wait_for(page, "sent", "unwatch", 1)
    assert len(pages.sent("unwatch")) == 1
    asked = len(pages.sent("watch"))
    page.clock.fast_forward(60_000)  # browsers run a hidden page's timers once a minute
    page.wait_for_timeout(200)  # a page that asks would do so now
    assert len(pages.sent("watch")) == asked


def test_a_short_cut_of_a_quiet_page_is_not_worth_a_curtain(pages: Pages, site: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED)
    with Proxy(site.port) as proxy:
        page = pages.open(board_url(proxy.url, "quiet"), clock=True, script="Math.random = () => 0.2;")
        watch_curtain(page)
        page.clock.run_for(2_500)
        sockets = len([url for _, url in pages.requests if url.startswith("ws")])
        proxy.cut()
        wait_until(
            lambda: page.evaluate("1") and len([u for _, u in pages.requests if u.startswith("ws")]) > sockets,
            what="a new connection",
        )
        curtain_was_not_shown(page)


def test_a_selector_typed_quickly_does_not_cost_the_connection(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/explore")
    sockets = len([url for _, url in pages.requests if url.startswith("ws")])
    page.evaluate("""async () => {  // the key held down, as fast as keyboards repeat
        const search = document.getElementById("search");
        for (let n = 1; n <= 130; n++) {
            search.value = `orders{shop="${"x".repeat(n)}"}`;
            search.dispatchEvent(new Event("input"));
            await new Promise((done) => setTimeout(done, 30));
        }
    }""")
    page.wait_for_timeout(1_000)  # a connection that is refused would be opened again
    assert len([url for _, url in pages.requests if url.startswith("ws")]) == sockets


def test_the_age_of_a_document_goes_on(pages: Pages, site: ServerProcess) -> None:
    site.json("PUT", "/api/v1/documents/standing", {"text": "x"})
    page = pages.open(f"{site.url}/explore")
    seconds = """(since) => {
        const row = [...document.querySelectorAll("#documents tr")].find((tr) => tr.textContent.includes("standing"));
        const age = parseInt(row.querySelector(".age").textContent); return age > since && age;
    }"""
    until(page, seconds, until(page, seconds, 1))


def test_a_new_series_does_not_take_the_focus_away(pages: Pages, server: ServerProcess) -> None:
    server.post("middle", 1)
    page = pages.open(f"{server.url}/explore")
    page.get_by_label("Choose middle").focus()
    server.post("upper", 1)
    wait_for_text(page, "#series td.name", "upper")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Choose middle"


def test_a_document_that_changes_does_not_take_the_focus_away(pages: Pages, server: ServerProcess) -> None:
    server.json("PUT", "/api/v1/documents/words", {"text": "a"})
    page = pages.open(f"{server.url}/explore")
    page.get_by_role("link", name="words", exact=True).focus()
    server.json("PUT", "/api/v1/documents/words", {"text": "b"})
    expect(page.locator("#documents")).to_contain_text('"b"')
    assert page.evaluate("document.activeElement.textContent") == "words"


def test_keys_work_while_a_checkbox_has_the_focus(pages: Pages, site: ServerProcess) -> None:
    site.post("ticked", 1)
    page = pages.open(f"{site.url}/explore")
    page.get_by_label("Choose ticked", exact=True).check()
    page.keyboard.press("/")
    until(page, "() => document.activeElement.id === 'search'")


def test_many_chosen_series_can_be_shown(pages: Pages, server: ServerProcess) -> None:
    labels = [{"host": f"web-{n:03}.example.net", "zone": "eu-central"} for n in range(90)]
    server.json(
        "POST", "/api/v1/samples", [{"series": "requests_total", "labels": each, "value": 1} for each in labels]
    )
    pages.expect("status of 414")
    page = pages.open(f"{server.url}/explore")
    expect(page.locator("#series tr")).to_have_count(90)
    page.evaluate("document.querySelectorAll('#series input').forEach((box) => box.click())")
    page.locator("#show").click()
    page.wait_for_url("**/board?**")
    expect(page.locator("dash-board")).to_have_count(1)


def test_thirty_chosen_charts_can_be_read(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, *(f"many_{n}" for n in range(30))))
    expect(page.locator(".tile")).to_have_count(30)
    assert page.locator(".tile").first.evaluate("(tile) => tile.clientHeight") >= 120


def test_a_document_that_comes_later_is_shown_where_it_was_chosen(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "comes_later"))
    expect(page.locator(".tile")).to_have_count(1)
    site.json("PUT", "/api/v1/documents/comes_later", {"columns": ["a"], "rows": [["here it is"]]})
    expect(page.locator("dash-board")).to_contain_text("here it is")


def test_a_chosen_document_is_shown_as_what_it_is(pages: Pages, site: ServerProcess) -> None:
    site.json("PUT", "/api/v1/documents/said", {"text": "Deploy is out"})
    site.json("PUT", "/api/v1/documents/health", {"items": [{"label": "mail", "state": "critical"}]})
    page = pages.open(board_url(site.url, "said", "health"))
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".status .cell[data-state=critical]")).to_have_count(1)
    expect(page.locator("dash-board")).to_contain_text("Deploy is out")
    assert "{" not in page.locator(".tile").first.inner_text() + page.locator(".tile").last.inner_text()


def test_an_unknown_state_is_unknown_whatever_it_is_called(pages: Pages, site: ServerProcess) -> None:
    site.json("PUT", "/api/v1/documents/inherited", {"items": [{"label": "x", "state": "constructor"}]})
    page = pages.open(board_url(site.url, "inherited"))
    build(page, {"kind": "status", "title": "x", "document": "inherited"})
    expect(page.locator(".cell")).to_have_attribute("data-state", "unknown")


def test_a_number_is_as_old_as_it_looks_when_its_selector_matches_two(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "twofold"))
    site.post("twofold", 1, labels={"host": "a"}, every_s=1, t=int(time.time() * 1000) - 30_000)
    site.post("twofold", 2, labels={"host": "b"}, every_s=3600)
    build(page, {"kind": "stat", "title": "x", "series": ["twofold"]})
    shown, fresh = until(
        page,
        """() => {
            const [number, { fresh }] = [document.querySelector(".number")?.textContent, document.querySelector(".tile").dataset];
            return number && fresh !== "none" && [number, fresh];
        }""",
    )
    assert (shown, fresh) in (("1", "stale"), ("2", "live"))


def test_a_chart_keeps_pace_when_the_window_grows(pages: Pages, site: ServerProcess) -> None:
    site.post("resized", 1)
    page = pages.open(board_url(site.url, "resized"), width=1280, height=720)
    font = "() => document.querySelector('.tile')?.chart?.plot && JSON.stringify(document.querySelector('.tile').chart.plot.axes[0].font)"
    small = until(page, font)
    page.set_viewport_size({"width": 3840, "height": 2160})
    until(page, f"(small) => ({font})() && ({font})() !== small", small)


def test_a_chart_is_labelled_in_the_same_size_on_a_fine_screen(pages: Pages, site: ServerProcess) -> None:
    site.post("fine", 1)
    sizes = []
    for scale in (1, 2):
        page = pages.open(board_url(site.url, "fine"), width=1920, height=1080, device_scale_factor=scale)
        font = until(page, "() => document.querySelector('.tile')?.chart?.plot?.axes[0].font[0]")
        sizes.append(float(font.partition("px")[0]))
    assert sizes[1] == pytest.approx(2 * sizes[0], abs=1)


def test_a_tile_with_many_lines_keeps_its_title_and_says_what_it_leaves_out(pages: Pages, site: ServerProcess) -> None:
    labels = [{"host": f"web-{n:02}", "zone": f"eu-{n % 3}"} for n in range(40)]
    site.json("POST", "/api/v1/samples", [{"series": "crowd", "labels": each, "value": 1} for each in labels])
    page = pages.open(board_url(site.url, "crowd", "other"))
    expect(page.locator(".tile").first).to_have_attribute("data-fresh", "live")
    title = page.locator(".tile h2").first
    assert title.evaluate("(e) => e.clientWidth") >= 30
    expect(page.locator(".tile header").first).to_contain_text("40")


def test_times_on_the_axis_are_round_at_every_width(pages: Pages, site: ServerProcess) -> None:
    now = int(time.time() * 1000)
    for second in range(20):
        site.post("rounded", second, t=now - (20 - second) * 1000)
    page = pages.open(board_url(site.url, "rounded"))
    labels = "() => document.querySelector('.tile')?.chart?.plot?.axes[0]._values"
    seen: set[int] = set()
    for width in range(900, 2400, 110):
        page.set_viewport_size({"width": width, "height": 700})
        until(page, "(w) => document.querySelector('.tile')?.chart?.plot?.width > w - 100", width)
        seen |= {int(label[-2:]) % 5 for label in until(page, labels) if label}
    assert seen == {0}


def test_times_on_the_axis_stay_clear_of_the_values_beside_it(pages: Pages, site: ServerProcess) -> None:
    now = int(time.time() * 1000)
    for second in range(40):
        site.post("clear", 1_000_000 + second, t=now - (40 - second) * 1000)
    page = pages.open(board_url(site.url, "clear"))
    page.evaluate("() => document.fonts.ready.then(() => true)")
    placed = """() => {
        const { chart } = document.querySelector(".tile"), { plot } = chart;
        const end = plot.valToPos(chart.to, "x");
        return plot.axes[0]._values.map((label, i) => {
            const [middle, half] = [plot.valToPos(plot.axes[0]._splits[i], "x"), chart.widest([label]) / 2];
            return label ? [middle - half, end + chart.fontSize() / 2 - middle - half] : null;
        }).filter(Boolean);
    }"""
    for width in range(500, 1_500, 90):
        page.set_viewport_size({"width": width, "height": 700})
        until(page, "(w) => document.querySelector('.tile')?.chart?.plot?.width > w - 100", width)
        room = until(page, placed)
        assert room, width
        assert len(room) == 1 or min(min(sides) for sides in room) >= -0.5, (width, room)


def test_a_line_that_is_old_is_marked_in_the_legend_and_moves_no_name(pages: Pages, site: ServerProcess) -> None:
    for n in "12":
        site.post("marked", 1, labels={"n": n}, every_s=3600)
    page = pages.open(f"{site.url}/board?expr=marked * 1")
    names = page.locator(".tile .legend span")
    expect(names).to_have_count(2)
    boxes = "(all) => all.map((e) => [e.getBoundingClientRect().x, getComputedStyle(e, '::before').backgroundImage])"
    (first, plain), second = names.evaluate_all(boxes)
    page.evaluate("""() => {
        const { store, tiles: [tile] } = document.querySelector("dash-board");
        store.documents.set("expr:test", { key: "expr:test", selectors: [0], t: 0, every_s: 0, body: { lines: { '{n="1"}': "stale" } } });
        tile.changed();
    }""")
    expect(names.first).to_have_attribute("title", "n 1 is stale")
    (still, gap), beside = names.evaluate_all(boxes)
    assert (still, beside) == (first, second)
    assert (plain, gap.split("(")[0]) == ("none", "linear-gradient")
    expect(page.get_by_role("columnheader", name="n 1 (stale)")).to_be_attached()
    moved = page.evaluate("""async () => {
        const frame = () => new Promise((done) => requestAnimationFrame(done));
        const moves = [];
        const observer = new PerformanceObserver((list) => moves.push(...list.getEntries()));
        observer.observe({ type: "layout-shift" });
        for (const text of ["late 5 s", "2 of 2 old", ""]) {
            document.querySelector(".tile .badge").textContent = text;
            for (let n = 0; n < 3; n++) await frame();
        }
        moves.push(...observer.takeRecords());
        const all = moves.flatMap(({ sources }) => sources.map(({ node }) => node?.parentElement));
        return all.filter((parent) => parent?.closest(".tile header")).map((parent) => parent.className);
    }""")
    assert moved == []


def test_names_of_lines_are_all_shown_or_counted(pages: Pages, site: ServerProcess) -> None:
    for shop in ("alpha", "beta", "gamma", "delta"):
        site.post("crowded", 1, labels={"shop": f"{shop} of the town"})
    page = pages.open(board_url(site.url, "crowded"), width=1600, height=700)
    legend = page.locator(".tile .legend")
    expect(legend.locator("span")).to_have_count(4)
    page.set_viewport_size({"width": 420, "height": 700})
    expect(legend).to_have_text("4 lines")
    page.set_viewport_size({"width": 1600, "height": 700})
    expect(legend.locator("span")).to_have_count(4)


def test_no_row_of_a_table_is_cut_in_half(pages: Pages, site: ServerProcess) -> None:
    site.json("PUT", "/api/v1/documents/lengthy", {"columns": ["n"], "rows": [[n] for n in range(60)]})
    page = pages.open(board_url(site.url, "lengthy"))
    expect(page.locator(".tile footer")).to_contain_text("of 60 rows")
    halved = """async () => {
        for (let n = 0; n < 4; n++) await new Promise(requestAnimationFrame);
        const end = document.querySelector(".tile .body").getBoundingClientRect().bottom;
        return [...document.querySelectorAll("tbody tr")].filter((tr) => {
            const box = tr.getBoundingClientRect();
            return box.top < end - 3 && box.bottom > end + 3;
        }).length;
    }"""
    cut = 0
    for height in range(700, 740, 4):
        page.set_viewport_size({"width": 1280, "height": height})
        cut += page.evaluate(halved)
    assert cut == 0


def test_a_theme_chosen_by_key_outlives_the_one_in_the_address(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/?theme=light")
    page.keyboard.press("t")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_board_comes_back_after_an_error(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url)
    expect(page.locator(".tile")).to_have_count(16)
    page.evaluate("document.querySelector('dash-board').replaceChildren()")  # what the error handler does
    page.keyboard.press("2")
    until(page, "() => document.querySelector('dash-board').store.windowMs === 21600000")
    expect(page.locator(".tile")).to_have_count(16)


def test_more_series_than_one_request_may_name_can_be_shown(pages: Pages, server: ServerProcess) -> None:
    labels = [{"host": f"web-{n:03}"} for n in range(120)]
    server.json("POST", "/api/v1/samples", [{"series": "crowded", "labels": each, "value": 1} for each in labels])
    page = pages.open(f"{server.url}/explore")
    expect(page.locator("#series tr")).to_have_count(120)
    page.evaluate("document.querySelectorAll('#series input').forEach((box) => box.click())")
    page.locator("#show").click()
    page.wait_for_url("**/board?**")
    expect(page.locator("dash-board .tile").first).to_be_attached()


def test_another_choice_behind_the_hash_is_shown(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/board?#series=first_choice")
    expect(page.locator(".tile h2")).to_have_text(["first_choice"])
    page.evaluate("location.hash = 'series=second_choice'")
    expect(page.locator(".tile h2")).to_have_text(["second_choice"])


def test_numbers_side_by_side_are_of_one_size(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url, width=1920, height=1080)
    sizes = until(
        page,
        """() => {
            const numbers = ["CPU", "Load", "Viewers"].map((title) => document.querySelector(`[aria-label="${title}"] .number`));
            return numbers.every((number) => number.textContent) && numbers.map((number) => parseFloat(getComputedStyle(number).fontSize));
        }""",
    )
    assert max(sizes) - min(sizes) < 1, sizes


def test_a_snapshot_after_a_gap_keeps_the_tiles_of_the_board(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url)  # neither the snapshot nor the frame after a reconnection has the board again
    expect(page.locator(".tile").first).to_be_visible()
    before = page.locator(".tile h2").all_inner_texts()
    page.evaluate(
        """() => document.querySelector("dash-board").begin({
            type: "snapshot", view: "v", as_of: Date.now(), position: "e:1", window_s: 900, step_ms: 0, series: [], documents: [],
        }, [])"""
    )
    assert page.locator(".tile h2").all_inner_texts() == before


def test_a_tile_that_cannot_be_painted_stops_no_other(pages: Pages, site: ServerProcess) -> None:
    pages.expect("no text")
    page = pages.open(site.url)
    expect(page.locator(".tile").first).to_be_visible()
    page.evaluate(
        """() => {
            const [first, second] = document.querySelector("dash-board").tiles;
            first.paint = () => { throw new Error("no text"); };
            const paint = second.paint.bind(second); second.paint = () => { window.__painted = true; paint(); };
        }"""
    )
    until(page, "() => window.__painted")
