"""Every text that users write, in any field, is shown as text on all pages: more than 200 payloads, none executed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from dashboard.accounts.names import clean_name, skeleton
from dashboard.domain.errors import Invalid
from dashboard.domain.identity import Role
from dashboard.domain.room import clean_text
from tests.browser import payloads
from tests.browser.pages import Pages, until
from tests.support import xss
from tests.support.nemesis import runs
from tests.support.people import PASSWORD, make_users
from tests.support.server import ServerProcess

#: By night all of them.
PAYLOADS = tuple(dict.fromkeys((*xss.PAYLOADS, *payloads.PAYLOADS)))[:: runs(2, 1)]
_FOREIGN = """() => [...document.querySelectorAll(
    "main :is(script, iframe, object, embed, img, style, video, audio, math, template, marquee), "
    + "aside :is(script, iframe, object, embed, img, style, video, audio, math, template, marquee), "
    + "dialog :is(script, img, iframe), body > :is(img, script), head base, meta[http-equiv]",
)].map((e) => e.outerHTML.slice(0, 200))"""
_LINKS = "[...document.querySelectorAll('aside a')].map((a) => a.href)"


def _is_unharmed(page: Page) -> None:
    assert page.evaluate("window.__xss") == []
    assert page.evaluate(_FOREIGN) == []
    attributes = "[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.name))"
    assert [name for name in page.evaluate(attributes) if name.startswith("on")] == []
    assert page.evaluate("({}).polluted === undefined && Object.keys(Object.prototype).length === 0")
    assert [link for link in page.evaluate(_LINKS) if not link.startswith(("http:", "https:", "mailto:"))] == []


def _shown(payload: str) -> bool:
    """Return whether the server shows the text at all; it refuses an empty one."""
    try:
        return bool(clean_text(payload))
    except Invalid:
        return False


_NAMED: dict[str, int] = {}


def _can_be_a_name(payload: str, number: int, users: Collection[str]) -> bool:
    """Return whether the text is short enough for a name, and looks like no other name."""
    try:
        alike = skeleton(clean_name(payload))
    except Invalid:
        return False
    return alike not in {skeleton(user) for user in users} and _NAMED.setdefault(alike, number) == number


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start a server on which everything that users can name has a payload as its name, and every payload was posted."""
    folder = tmp_path_factory.mktemp("hostile")
    users = {"anna": Role.ADMIN, "ben": Role.VIEWER} | {f"u{n}": Role.VIEWER for n in range(40)}
    tokens = make_users(folder / "data", users)
    flags = ("--no-host-feeder", "--no-server-feeder", "--chat-per-s", "10000", "--chat-burst", "10000")
    process = ServerProcess(folder, *flags).start()
    bearer = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}

    def ask(method: str, path: str, body: Any, who: str = "anna") -> None:
        status, answer = process.json(method, path, body, headers=bearer[who])
        assert status in (200, 201), answer

    for number, payload in enumerate(each[:80] for each in PAYLOADS[::7][:40]):
        if _shown(payload):
            if _can_be_a_name(payload, number, tokens):
                ask("PATCH", f"/api/v1/users/u{number}", {"name": payload})
            ask("POST", "/api/v1/rooms", {"id": f"r{number}", "title": payload})
            ask("POST", "/api/v1/tokens", {"name": payload})
    for number, payload in enumerate(PAYLOADS):
        if _shown(payload):
            ask("POST", "/api/message", {"roomId": "host", "text": payload}, f"u{number % 40}")
            if number % 5 == 0:
                note = {
                    "user": "ben",
                    "title": payload[:200],
                    "body": payload,
                    "data": {"roomId": payload, payload: payload},
                }
                ask("POST", "/api/v1/notifications", note)
                ask("POST", "/api/message", {"userId": "ben", "text": payload}, f"u{number % 40}")
    yield process
    process.close()


def _log_in(pages: Pages, town: ServerProcess, name: str, path: str) -> Page:
    page = pages.open(f"{town.url}/login?next={path}", wait=False)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{town.url}{path}")
    return page


def test_there_are_payloads_enough() -> None:
    assert len(PAYLOADS) >= 200


@pytest.mark.timeout(180)
def test_messages_names_and_notifications_are_text_in_the_panel(pages: Pages, town: ServerProcess) -> None:
    page = _log_in(pages, town, "ben", "/")
    until(page, "() => document.body.dataset.connection === 'open'")
    page.keyboard.press("c")
    expect(page.locator(".msg .rich").first).to_be_visible()
    said = [payload for payload in PAYLOADS if _shown(payload)]
    for _ in range(20):  # older ones come by scrolling up
        before = page.locator(".msg .rich").count()
        if before >= len(said):
            break
        page.locator("[role=log]").evaluate("(log) => (log.scrollTop = 0)")
        until(page, "(n) => document.querySelectorAll('.msg .rich').length > n", before)
    assert page.locator(".msg .rich").count() == len(said)
    _is_unharmed(page)
    page.get_by_role("tab", name="Notifications").click()
    _is_unharmed(page)
    page.get_by_role("tab", name="People").click()
    _is_unharmed(page)


@pytest.mark.timeout(120)
def test_what_is_typed_by_hand_is_text_while_pending_and_when_it_is_there(pages: Pages, town: ServerProcess) -> None:
    page = _log_in(pages, town, "ben", "/")
    until(page, "() => document.body.dataset.connection === 'open'")
    page.keyboard.press("c")
    box = page.get_by_role("textbox", name="Message")
    for payload in PAYLOADS[::9]:
        if _shown(payload) and "@" not in payload:
            box.fill(payload)
            page.keyboard.press("Enter")
            _is_unharmed(page)
    expect(page.locator(".msg.pending")).to_have_count(0)
    _is_unharmed(page)


@pytest.mark.parametrize("section", ["users", "tokens", "rooms", "links", "audit"])
def test_administration_shows_names_as_text(pages: Pages, town: ServerProcess, section: str) -> None:
    page = _log_in(pages, town, "anna", "/admin")
    page.goto(f"{town.url}/admin#{section}")
    expect(page.locator("main table, main .empty, main p").first).to_be_visible()
    _is_unharmed(page)


def test_addresses_of_pages_for_people_are_text(pages: Pages, town: ServerProcess) -> None:
    pages.expect("status of 400", "status of 404", "status of 401")
    page = pages.open(f"{town.url}/login", wait=False)
    for payload in PAYLOADS[::6]:
        quoted = quote(payload)
        for path in (f"/login?next={quoted}", f"/first-admin?code={quoted}", f"/share/{quoted}", f"/admin#{quoted}"):
            page.goto(town.url + path, wait_until="domcontentloaded")
            _is_unharmed(page)
            assert page.url.startswith(town.url)
