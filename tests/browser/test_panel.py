"""The panel beside a board: users, conversation, notifications. ``talking.py`` plays the server."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, set_hidden, type_in, until
from tests.browser.talking import BEN, ME, asked, message, open_talking, say
from tests.support.server import ServerProcess

_BOXES = "[...document.querySelectorAll('.tile')].map((t) => JSON.stringify(t.getBoundingClientRect()))"


def _open(page: Page) -> None:
    page.keyboard.press("c")
    expect(page.locator("side-panel")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()  # or what is typed goes elsewhere


def test_a_closed_panel_takes_no_room_and_escape_gives_it_back(pages: Pages, site: ServerProcess) -> None:
    plain = pages.open(site.url)
    expect(plain.locator(".tile").first).to_be_visible()
    page = open_talking(pages, site.url)
    expect(page.locator(".tile").first).to_be_visible()
    before = page.evaluate(_BOXES)
    assert before == plain.evaluate(_BOXES)
    page.get_by_role("button", name="Conversation").click()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    assert page.evaluate(_BOXES) != before
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    page.keyboard.press("Escape")
    expect(page.locator("side-panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "talk"
    until(page, f"(before) => JSON.stringify({_BOXES}) === JSON.stringify(before)", before)


def test_a_board_is_loaded_without_it_and_keys_wait_until_it_is_there(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url)
    expect(page.locator(".tile").first).to_be_visible()
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert len(loaded) < 84  # the panel's modules would make them about 100
    assert [name for name in loaded if "/widgets/side-panel" in name] == []
    page.route("**/side-panel.js", lambda route: (page.keyboard.press("e"), route.continue_()))
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    assert page.url == f"{site.url}/"  # and not /explore


def test_without_a_person_it_stays_closed_and_says_where_to_log_in(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, kind="anonymous", unread=0)
    expect(page.locator("side-panel")).to_be_hidden()
    page.locator("#talk").click()
    link = page.get_by_role("link", name="Log in to talk")
    assert link.get_attribute("href") == "/login?next=%2F"
    assert asked(page, "join_room") == []


def test_a_message_waits_until_the_server_has_it(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, silent=("message",))
    _open(page)
    type_in(page, "message-composer textarea", "first line")
    page.keyboard.press("Shift+Enter")
    type_in(page, "message-composer textarea", "second")
    page.keyboard.press("Enter")
    pending = page.locator(".msg.pending")
    expect(pending).to_contain_text("sending…")
    until(page, "() => window.__asked.some(({ type }) => type === 'message')")
    [sent] = asked(page, "message")
    assert sent["text"] == "first line\nsecond"
    assert "at" not in sent
    own = {**message(1, "first line"), "userId": ME["id"], "name": ME["name"], "key": sent["key"], "type": "message"}
    say(
        page,
        {
            "type": "ack",
            "id": sent["id"],
            "roomId": "host",
            "messageId": "m1",
            "key": sent["key"],
            "status": "delivered",
            "position": "1",
        },
    )
    say(page, own)
    say(page, own)
    expect(pending).to_have_count(0)
    expect(page.locator(".msg")).to_have_count(1)


def test_what_is_refused_says_why_and_can_be_tried_again(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, silent=("message",))
    _open(page)
    type_in(page, "message-composer textarea", "hello")
    page.keyboard.press("Enter")
    until(page, "() => window.__asked.some(({ type }) => type === 'message')")
    [sent] = asked(page, "message")
    say(page, {"type": "error", "id": sent["id"], "code": "forbidden", "message": "this user may not do it"})
    expect(page.locator(".msg.pending")).to_contain_text("not sent: this user may not do it")
    page.get_by_role("button", name="Try again").click()
    until(page, "() => window.__asked.filter(({ type }) => type === 'message').length === 2")
    assert {each["key"] for each in asked(page, "message")} == {sent["key"]}


def test_a_reader_does_not_take_back_the_first_of_two_presses_that_delete(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, message(1, "mine", userId=ME["id"], name=ME["name"]))
    _open(page)
    pressed = """async (ack) => {
        const row = document.querySelector(".msg"), pick = () => document.querySelector(".msg .acts button:last-child");
        pick().focus();
        pick().click();
        window.__say(ack);
        for (let n = 0; n < 600 && row.isConnected; n++) await new Promise(requestAnimationFrame);
        return [document.querySelector(".msg footer").textContent, pick().textContent, document.activeElement === pick()];
    }"""
    ack = {"type": "ack", "roomId": "host", "messageId": "m1", "status": "read", "userId": BEN["id"]}
    assert page.evaluate(pressed, ack) == ["read by 1", "Really delete?", True]  # so Enter deletes


@pytest.mark.parametrize(
    "html",
    [
        '<img src=x onerror="window.__xss.push(1)">',
        "<script>window.__xss.push(1)</script>",
        '<p onclick="window.__xss.push(1)" style="position:fixed"><a href="javascript:window.__xss.push(1)">x</a></p>',
        "<svg><animate onbegin=window.__xss.push(1)></svg><iframe srcdoc='<script>parent.__xss.push(1)</script>'></iframe>",
    ],
)
def test_hostile_markup_is_text(html: str, pages: Pages, site: ServerProcess) -> None:
    hostile = {"html": html, "name": html}
    told = {"notificationId": "n", "title": html, "body": html, "data": {}, "t": 1, "read": False}
    page = open_talking(pages, site.url, message(1, html, **hostile), notifications=(told,))
    _open(page)
    expect(page.locator(".msg .rich")).to_be_visible()
    page.locator(".msg .rich").click()
    page.get_by_role("tab", name="Notifications").click()
    expect(page.locator(".notice b")).to_have_text(html)
    page.get_by_role("tab", name="Conversation").click()
    assert page.evaluate("window.__xss") == []
    inside = page.evaluate(
        "[...document.querySelectorAll('.rich *')].map((e) => [e.tagName, ...e.getAttributeNames()].join(' '))"
    )
    assert set(inside) <= {"P", "A"}


def test_who_is_put_out_of_the_room_is_told_and_is_back_when_that_may_be(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url)
    _open(page)
    say(page, {"type": "left", "roomId": "host"})
    expect(page.locator("side-panel")).to_contain_text("you are no longer in this room")
    expect(page.get_by_role("textbox", name="Message")).to_be_hidden()
    say(page, {"type": "room_opened", "roomId": "host", "title": "Host", "kind": "room"})
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    assert len(asked(page, "join_room")) == 2


def test_names_are_completed_by_keyboard(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url)
    _open(page)
    area = page.get_by_role("textbox", name="Message")
    type_in(page, "message-composer textarea", "look @mo")
    expect(page.get_by_role("option", name="Ben Moor")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("side-panel")).to_be_visible()
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(area).to_have_value("look @ben ")


def test_typing_is_shown_and_told(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url)
    _open(page)
    notice = {"type": "typing", "roomId": "host", "userId": "ben", "name": "Ben Moor", "isTyping": True}
    say(page, notice)
    expect(page.locator(".typing")).to_have_text("Ben Moor is writing…")
    say(page, {**notice, "isTyping": False})
    expect(page.locator(".typing")).to_have_text("")
    type_in(page, "message-composer textarea", "abc")
    assert [each["isTyping"] for each in asked(page, "typing")] == [True]


def test_without_a_hand_on_it_for_five_minutes_and_unseen_a_page_is_away(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, clock=True)

    def told(*statuses: str) -> None:
        until(
            page,
            "(wanted) => JSON.stringify(window.__asked.filter(({ type }) => type === 'presence').map(({ status }) => status)) === wanted",
            json.dumps(statuses, separators=(",", ":")),
        )

    page.keyboard.press("Shift")
    page.clock.fast_forward(290_000)
    told()
    page.clock.fast_forward(20_000)
    told("away")
    page.keyboard.press("Shift")
    told("away", "online")
    set_hidden(page, True)
    told("away", "online", "away")
    set_hidden(page, False)
    told("away", "online", "away", "online")


@pytest.mark.parametrize("permission", ["granted", "denied"])
def test_a_notification_is_the_browsers_where_that_is_permitted_and_nobody_looks(
    permission: str, pages: Pages, site: ServerProcess
) -> None:
    page = open_talking(pages, site.url)
    page.evaluate(
        """(permission) => {
            window.__shown = [];
            window.Notification = class { constructor(title, more) { window.__shown.push([title, more.body]); } };
            window.Notification.permission = permission;
        }""",
        permission,
    )
    notice = {
        "type": "notification",
        "notificationId": "n1",
        "title": "Disk full",
        "body": "db-1",
        "data": {},
        "t": 1,
        "unread": 1,
    }
    say(page, notice)
    set_hidden(page, True)
    say(page, {**notice, "notificationId": "n2", "title": "Disk fuller", "unread": 2})
    say(page, {**notice, "notificationId": "n2", "body": "", "unread": 2})  # told again: it is known
    set_hidden(page, False)
    expect(page.locator("#talk")).to_contain_text("2")
    assert page.evaluate("window.__shown") == ([["Disk fuller", "db-1"]] if permission == "granted" else [])


def test_what_is_new_is_counted_and_marked_until_it_is_read(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, message(1, "old"), message(2, "new"), unread=1, last_read="m1")
    expect(page.locator("#talk .count")).to_have_text("1")
    say(page, {**message(3, "newer"), "type": "message"})
    expect(page.locator("#talk .count")).to_have_text("2")
    _open(page)
    expect(page.locator(".new + .msg")).to_have_attribute("data-id", "m2")
    until(page, "() => window.__asked.findLast(({ type }) => type === 'read')?.messageId === 'm3'")
    expect(page.locator("#talk .count")).to_have_text("")


def test_a_moment_is_marked_and_shown_on_the_charts(pages: Pages, site: ServerProcess) -> None:
    site.post("host_cpu_percent", 10)
    at = int(time.time() * 1000) - 120_000
    page = open_talking(pages, site.url, message(1, "here", at=at))
    _open(page)
    page.locator(".msg .moment").click()
    expect(page.locator("#moment")).to_be_visible()
    assert page.evaluate("document.querySelector('dash-board').moment.at") == at
    page.get_by_role("button", name="Mark this moment").click()
    type_in(page, "message-composer textarea", "and then")
    page.keyboard.press("Enter")
    until(page, "() => window.__asked.some(({ type }) => type === 'message')")
    assert asked(page, "message")[0]["at"] == at
    page.get_by_role("button", name="back to now").click()
    expect(page.locator("#moment")).to_be_hidden()
    assert page.evaluate("document.querySelector('dash-board').moment.at") is None


def test_the_time_of_any_message_leads_to_the_charts_at_that_time(pages: Pages, site: ServerProcess) -> None:
    site.post("host_cpu_percent", 10)
    page = open_talking(pages, site.url, message(1, "here", t=int(time.time() * 1000) - 120_000))
    _open(page)
    stated = page.locator(".msg time").first.get_attribute("datetime")
    page.locator(".msg .when").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#moment")).to_be_visible()
    assert page.evaluate("new Date(document.querySelector('dash-board').moment.at).toISOString()") == stated


def test_a_panel_that_covers_the_page_keeps_the_keyboard(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, message(1, "here"), width=375, height=700)
    _open(page)
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('side-panel')"
        ), page.evaluate("document.activeElement.outerHTML")
    page.keyboard.press("Escape")
    until(page, "() => !document.querySelector('main').inert")


def test_a_notification_is_announced_while_the_panel_is_closed(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url)
    say(
        page, {"type": "notification", "notificationId": "n1", "title": "Disk on fire", "body": "", "t": 1, "unread": 1}
    )
    expect(page.locator("#announcer")).to_contain_text("Notification: Disk on fire")


def test_people_are_listed_and_can_be_written_to(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url)
    badges = page.locator(".watchers")
    expect(badges.locator(".initials")).to_have_text(["AK", "BM", "▭ 2"])
    assert "Ben Moor" in (badges.locator(".initials").nth(1).get_attribute("title") or "")
    badges.click()
    page.get_by_role("button", name="Write to Ben Moor").click()
    type_in(page, "message-composer textarea", "psst")
    page.keyboard.press("Enter")
    until(page, "() => window.__asked.some(({ type }) => type === 'direct')")
    assert asked(page, "direct")[0]["userId"] == BEN["id"]


def test_names_that_look_alike_are_told_apart_by_their_ids(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, message(1, "old"))
    badge = page.locator(".watchers .initials").nth(1)
    assert (badge.get_attribute("title") or "").startswith(f"{BEN['name']} (@{BEN['id']})")
    assert f"(@{BEN['id']})" in (page.locator(".watchers").text_content() or "")
    _open(page)
    author = page.locator(".msg header b").first
    assert author.get_attribute("title") == f"@{BEN['id']}"
    assert (
        author.text_content() or ""
    ) == f"{BEN['name']} (@{BEN['id']})"  # of which those who see read the first part
    box = author.locator(".visually-hidden").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (1, 1)
    page.get_by_role("tab", name="People").click()
    expect(page.get_by_role("button", name=f"Write to {BEN['name']} (@{BEN['id']})")).to_be_visible()


def test_on_a_phone_it_covers_the_page(pages: Pages, site: ServerProcess) -> None:
    page = open_talking(pages, site.url, message(1, "old"), width=390, height=844, is_mobile=True, has_touch=True)
    page.locator("#talk").click()
    expect(page.locator("side-panel")).to_be_visible()
    box = page.locator("side-panel").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    page.get_by_role("button", name="Close the panel").click()
    expect(page.locator("side-panel")).to_be_hidden()


def test_every_control_in_it_has_a_name(pages: Pages, site: ServerProcess) -> None:
    told = {"notificationId": "n", "title": "t", "body": "b", "data": {}, "t": 1, "read": False}
    page = open_talking(pages, site.url, message(1, "old", at=1_767_268_800_000), notifications=(told,))
    _open(page)
    for tab in ("Conversation", "People", "Notifications"):
        page.get_by_role("tab", name=tab).click()
        nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "link", "textbox", "tab", "tabpanel", "log", "complementary", "navigation"}
        named = [
            (n["role"]["value"], n.get("name", {}).get("value", ""))
            for n in nodes
            if not n["ignored"] and n.get("role")
        ]
        assert [role for role, name in named if role in roles and not name.strip()] == []
    assert page.locator("[role=log]").count() == 0  # the conversation is not shown now
