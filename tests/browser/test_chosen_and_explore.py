"""``/explore`` and ``/board?series=…``: a line for curl brings a value to the screen; search, choice, documents."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.pages import Pages, board_url, run_line, type_in, until, wait_for_text, wait_for_values
from tests.support.deadline import scaled
from tests.support.server import ServerProcess


def test_a_value_from_a_shell_is_on_a_chart_within_a_second(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "curled"))
    expect(page.locator(".tile")).to_have_attribute("data-fresh", "none")
    for number in (3, 4, 5):
        run_line(f'curl {site.url}/api/v1/samples -d \'{{"series":"curled","value":{number}}}\'')
        wait_for_values(page, "curled", [float(n) for n in range(3, number + 1)], timeout_ms=5_000)
    expect(page.locator(".tile")).to_have_attribute("data-fresh", "live", timeout=scaled(5_000))
    until(page, "() => document.querySelector('.tile').chart.plot.data[1].at(-1) === 5")  # drawn by the next frame


def test_a_bare_number_is_on_a_chart_within_a_second(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "bare"))
    expect(page.locator(".tile")).to_have_attribute("data-fresh", "none")
    run_line(f"curl {site.url}/api/v1/samples/bare -d 7.5")
    wait_for_values(page, "bare", [7.5], timeout_ms=5_000)


def test_a_new_series_appears_on_explore_within_a_second_without_a_reload(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/explore")
    page.evaluate("window.__not_reloaded = true")
    site.post("appears_before", 1)
    wait_for_text(page, "#series td.name", "appears_before")
    before = page.locator("#series tr").count()
    site.post('appears{shop="a"}', 41.5, unit="ms")
    wait_for_text(page, "#series td.name", 'appears{shop="a"}')
    row = page.locator("#series tr").filter(has_text="appears{")
    expect(row.locator("td.value")).to_have_text("41.5 ms")
    expect(row).to_have_attribute("data-fresh", "live")
    expect(page.locator("#series tr")).to_have_count(before + 1)
    site.post('appears{shop="a"}', 42.5)
    wait_for_text(page, "#series td.value", "42.5 ms")
    assert page.evaluate("window.__not_reloaded")


def test_search_finds_by_words_and_by_selector(pages: Pages, site: ServerProcess) -> None:
    for host in ("web-1", "web-2", "db-1"):
        for core in ("0", "1"):
            site.post("sought_cpu", 1, labels={"host": host, "core": core})
    page = pages.open(f"{site.url}/explore")
    rows = page.locator("#series tr")
    box = page.get_by_role("searchbox")
    for text, count in (
        ("sought_cpu", 6), ("SOUGHT web", 4), ("sought web 1", 3), ('sought_cpu{host=~"web.*"}', 4),
        ('{host="db-1",core!="0"}', 1), ('sought_cpu{host=~"web.*",core="1"}', 2), ("no such thing", 0),
    ):  # fmt: skip
        box.fill(text)
        expect(rows).to_have_count(count)
        expect(page.locator("#count")).to_contain_text(f"{count} of ")
        expect(page.locator("#nothing")).to_be_visible(visible=count == 0)
    box.fill('sought_cpu{host=~"w')
    expect(page.locator("#count")).to_contain_text("is not a selector")
    box.fill("")
    expect(rows.filter(has_text="sought_cpu")).to_have_count(6)


def test_slash_goes_to_the_search(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/explore")
    page.keyboard.press("/")
    type_in(page, "#search", "t?")  # neither switches the theme nor shows the keys
    expect(page.get_by_role("searchbox")).to_have_text("t?")  # of the editor that has come in the place of the input
    expect(page.locator("dialog")).to_have_count(0)
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_chosen_series_are_shown_as_charts_at_an_address_of_their_own(pages: Pages, site: ServerProcess) -> None:
    names = ['chosen{q="a b&c=d"}', 'chosen{q="x+y%"}', "chosen.plain/one"]
    for number, name in enumerate(names):
        site.post(name, number + 1)
    page = pages.open(f"{site.url}/explore")
    show = page.locator("#show")
    expect(show).to_be_disabled()
    page.get_by_role("searchbox").fill("chosen")
    for name in names:
        page.get_by_label(f"Choose {name}", exact=True).check()
    page.get_by_label(f"Choose {names[0]}", exact=True).uncheck()
    expect(show).to_have_text("Show 2 as charts")
    page.get_by_role("searchbox").fill("plain")
    page.get_by_role("searchbox").fill("chosen")
    expect(page.get_by_label(f"Choose {names[1]}", exact=True)).to_be_checked()
    show.click()
    page.wait_for_url("**/board?**")
    assert sorted(parse_qs(urlsplit(page.url).query)["series"]) == sorted(names[1:])
    expect(page.locator(".tile.line")).to_have_count(2)
    for number, name in enumerate(names):
        if number:
            wait_for_values(page, name, [number + 1.0])
    page.go_back()
    page.get_by_role("link", name='chosen{q="a b&c=d"}').click()
    wait_for_values(page, names[0], [1.0])


def test_documents_are_listed_and_lead_to_their_table(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/explore")
    assert site.json("PUT", "/api/v1/documents/listed", {"columns": ["Route"], "rows": [["POST /pay"]]})[0] == 202
    wait_for_text(page, "#documents td.name", "listed")
    row = page.locator("#documents tr").filter(has=page.get_by_role("link", name="listed", exact=True))
    expect(row.locator("td.body")).to_contain_text("POST /pay")
    assert site.json("PUT", "/api/v1/documents/listed", {"columns": ["Route"], "rows": [["GET /cart"]]})[0] == 202
    expect(row.locator("td.body")).to_contain_text("GET /cart", timeout=scaled(5_000))
    row.get_by_role("link").click()
    expect(page.locator(".tile.table tbody td")).to_have_text("GET /cart")
    assert site.json("PUT", "/api/v1/documents/listed", {"columns": ["Route"], "rows": [["a"], ["b"]]})[0] == 202
    expect(page.locator(".tile.table tbody td")).to_have_text(["a", "b"], timeout=scaled(5_000))


def test_a_document_that_is_deleted_leaves_the_list(pages: Pages, site: ServerProcess) -> None:
    site.json("PUT", "/api/v1/documents/passing", {"text": "soon gone"})
    page = pages.open(f"{site.url}/explore")
    link = page.get_by_role("link", name="passing", exact=True)
    expect(link).to_be_visible()
    assert site.request("DELETE", "/api/v1/documents/passing")[0] == 204
    expect(link).to_have_count(0, timeout=scaled(5_000))


def test_an_empty_explore_teaches_the_line_that_fills_it(pages: Pages, server: ServerProcess) -> None:
    page = pages.open(f"{server.url}/explore")
    line = page.locator("#nothing code")
    expect(line).to_be_visible()
    run_line(line.inner_text())
    expect(page.locator("#series tr")).to_have_count(1, timeout=scaled(5_000))
    expect(page.locator("#nothing")).to_be_hidden()


def test_two_pages_of_one_view_hold_the_same(pages: Pages, site: ServerProcess) -> None:
    first, second = (pages.open(board_url(site.url, "shared")) for _ in range(2))
    for number in range(5):
        site.post("shared", number)
    for page in (first, second):
        wait_for_values(page, "shared", [0.0, 1.0, 2.0, 3.0, 4.0], timeout_ms=5_000)
    expect(first.locator(".tile")).to_have_attribute("data-fresh", "live")  # of the next frame
