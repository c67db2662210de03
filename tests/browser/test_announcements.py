"""Changes that are announced: a badge with its number, a crossed threshold, tiles that change together, the curtain."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pages import Pages, board_url, build, until
from tests.support.server import ServerProcess


def test_the_badge_changes_with_the_number(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "badged"))
    site.post("badged", 1)
    build(page, {"kind": "stat", "title": "x", "series": ["badged"], "thresholds": [{"at": 80, "state": "critical"}]})
    expect(page.locator(".number")).to_have_text("1")
    page.evaluate("""() => {
        const [number, badge] = [document.querySelector(".number"), document.querySelector(".badge")];
        new MutationObserver(() => { window.__badge ??= badge.textContent || "nothing"; })
            .observe(number, { childList: true, characterData: true, subtree: true });
    }""")
    site.post("badged", 90)
    assert until(page, "() => window.__badge") == "■ critical"


def test_a_threshold_that_is_crossed_is_announced(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "crossed"))
    site.post("crossed", 1)
    build(
        page, {"kind": "stat", "title": "Heat", "series": ["crossed"], "thresholds": [{"at": 80, "state": "critical"}]}
    )
    expect(page.locator(".number")).to_have_text("1")
    site.post("crossed", 90)
    expect(page.locator(".badge")).to_contain_text("critical")
    expect(page.locator("#announcer")).to_contain_text("Heat")


def test_two_tiles_that_change_together_are_both_announced(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "together"))
    site.post("together", 1, every_s=3600)
    build(page, *({"kind": "stat", "title": title, "series": ["together"], "place": 0} for title in ("One", "Two")))
    expect(page.locator(".number")).to_have_text(["1", "1"])
    page.evaluate("""() => {
        const said = (window.__said = []);
        new MutationObserver(([record]) => said.push(record.target.textContent))
            .observe(document.getElementById("announcer"), { childList: true, characterData: true, subtree: true });
    }""")
    site.post("together", 2, every_s=0.3)
    until(page, "() => ['One: late', 'Two: late'].every((text) => window.__said.join(' ').includes(text))")


def test_the_curtain_is_announced_once(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url)
    alert = page.locator("[role=alert]:visible, connection-curtain [role=alert]")
    assert alert.count() == 1
    assert alert.evaluate("(e) => e.querySelector('span:not([aria-hidden=true], [aria-live=off])')") is None
