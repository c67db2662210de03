"""A published board of six tiles made by a user from nothing: every click and key is counted.

The time is estimated by the keystroke-level model (Card, Moran, Newell 1980), so that no busy machine decides about it.
"""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Pages, type_in, until
from tests.support.server import ServerProcess

#: Seconds for a key, for pointing at something, for a click, and for thinking before an act, of an average person.
_KEY_S, _POINT_S, _CLICK_S, _THINK_S = 0.28, 1.1, 0.2, 1.35
_NAMES = ("checkout_orders", "checkout_errors", "checkout_latency", "stock_items", "stock_orders", "web_requests")
_SERIES = "() => document.querySelector('dash-board').tiles.map((tile) => tile.widget.series[0])"
_SENT = "() => /draft · 6 changes(?!.*not sent)/.test(document.querySelector('#state').textContent)"


class Hand:
    """A user's hand on the mouse and the keys of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = self.keys = self.thoughts = 0

    def click(self, target: Locator) -> None:
        """Think, point at the middle of an element that stands still, and click."""
        self.thoughts += 1
        self.clicks += 1
        target.click()

    def press(self, *keys: str) -> None:
        """Think once, and press keys."""
        self.thoughts += 1
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def write(self, field: str, text: str) -> None:
        """Think once, and type a text into the field that has or gets the focus."""
        self.thoughts += 1
        self.keys += len(text)
        type_in(self.page, field, text)

    @property
    def seconds(self) -> float:
        """Return the time of all of it by the model."""
        return self.keys * _KEY_S + self.clicks * (_POINT_S + _CLICK_S) + self.thoughts * _THINK_S


def begun(pages: Pages, site: ServerProcess) -> Hand:
    for name in _NAMES:
        site.post(name, 3)
    page = pages.open(f"{site.url}/boards", wait=False)
    expect(page.get_by_role("button", name="New board")).to_be_visible()
    return Hand(page)


def published(site: ServerProcess, hand: Hand, board: str) -> None:
    until(hand.page, "() => /as published, version 2/.test(document.querySelector('#state').textContent)")
    shown = site.json("GET", f"/api/v1/boards/{board}")[1]["widgets"]
    assert len({(each["x"], each["y"]) for each in shown}) == 6


def test_the_mouse_makes_a_board_of_six_tiles_in_less_than_a_minute(pages: Pages, site: ServerProcess) -> None:
    hand = begun(pages, site)
    hand.click(hand.page.get_by_role("button", name="New board"))
    hand.write("#new-title", "By mouse")
    hand.press("Enter")
    hand.page.wait_for_url("**/boards/by-mouse/edit")
    for name in _NAMES:
        hand.click(hand.page.locator(f"series-picker .pick[title={name}]"))
        until(hand.page, f"(name) => ({_SERIES})().includes(name)", name)
    until(hand.page, _SENT)
    hand.click(hand.page.get_by_role("button", name="Publish"))
    hand.click(hand.page.get_by_role("dialog").get_by_role("button", name="Publish"))
    published(site, hand, "by-mouse")
    assert (hand.clicks, hand.keys) == (9, 9)
    assert hand.seconds < 60


def test_the_keyboard_makes_a_board_of_six_tiles_in_less_than_two_minutes(pages: Pages, site: ServerProcess) -> None:
    hand = begun(pages, site)
    while hand.page.evaluate("document.activeElement.textContent") != "New board":
        hand.press("Tab")
        hand.thoughts -= 1  # nobody thinks between two of these
        assert hand.keys < 20
    hand.press("Enter")
    hand.write("#new-title", "By keys")
    hand.press("Enter")
    hand.page.wait_for_url("**/boards/by-keys/edit")
    for name in _NAMES:
        until(hand.page, "() => document.querySelector('#state').textContent && document.querySelector('.pick')")
        hand.press("a")
        hand.write("series-picker input", name[:12])
        hand.press("Enter")
        until(hand.page, f"(name) => ({_SERIES})().includes(name) && document.activeElement?.widget", name)
    until(hand.page, _SENT)
    hand.press("p")
    until(hand.page, "() => document.querySelector('dialog')?.contains(document.activeElement)")
    hand.press("Enter")
    published(site, hand, "by-keys")
    assert hand.clicks == 0
    assert hand.seconds < 120
