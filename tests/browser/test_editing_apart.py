"""Editing while something changes around it: two tabs of one person, a lost session, other rights, a reload, a foreign paste."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.domain.identity import Role
from tests.browser.pages import SOCKET_FAILED, Pages, until
from tests.browser.test_board_editor import TILE
from tests.browser.test_boards import IMPATIENT
from tests.support.cluster import Cluster
from tests.support.people import PASSWORD, make_users


class Town(Cluster):
    """Two workers of a server where everybody logs in. ``root``: the administrator's token."""

    root = ""

    def ask(self, method: str, path: str, value: Any = None) -> Any:
        status, said = self.server.json(method, path, value, {"Authorization": f"Bearer {self.root}"})
        assert status < 300, said
        return said


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("apart")
    data = folder / "server" / "data"
    data.mkdir(parents=True)
    tokens = make_users(data, {"anna": Role.EDITOR, "ben": Role.EDITOR, "root": Role.ADMIN})
    with Town(folder, "--login", "required") as town:
        town.root = tokens["root"]
        yield town


def make(town: Town, board: str) -> None:
    town.ask("PUT", f"/api/v1/boards/{board}", {"title": board, "columns": 24, "rows": 12, "widgets": [TILE]})


def editor(pages: Pages, town: Town, worker: int, board: str, name: str) -> Page:
    """The editor of a board on a worker, of a person who logs in."""
    page = pages.open(f"http://127.0.0.1:{town.direct_ports[worker]}/login?next=/boards/{board}/edit", wait=False)
    log_in(page, name, board)
    return page


def log_in(page: Page, name: str, board: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/boards/{board}/edit")
    ready(page)


def ready(page: Page) -> None:
    until(
        page, "() => document.body.dataset.connection === 'open' && document.querySelector('#state').textContent !== ''"
    )


def retitle(page: Page, widget: str, title: str) -> None:
    page.locator(".tile").first.click()
    page.fill(f"#field-{widget}-title", title)
    page.keyboard.press("Enter")


def draft(town: Town, board: str) -> list[str]:
    return [w["title"] for w in town.ask("GET", f"/api/v1/boards/{board}/draft")["document"]["widgets"]]


def sent(page: Page) -> None:
    until(
        page,
        "() => /^draft/.test(document.querySelector('#state').textContent) && !/not sent/.test(document.querySelector('#state').textContent)",
    )


def test_two_tabs_of_one_person_on_two_workers_are_one_editor_with_one_undo(pages: Pages, town: Town) -> None:
    make(town, "tabs")
    one = editor(pages, town, 0, "tabs", "anna")
    two = editor(pages, town, 1, "tabs", "anna")
    retitle(one, "a", "First")
    expect(two.get_by_role("heading", name="First")).to_be_visible()
    retitle(two, "a", "Second")
    expect(one.get_by_role("heading", name="Second")).to_be_visible()
    expect(one.locator("board-panel")).not_to_contain_text("has replaced")
    one.get_by_role("button", name="Undo mine").click()  # the newest operation of the person, made in the other tab
    for page in (one, two):
        expect(page.get_by_role("heading", name="First")).to_be_visible()
    two.get_by_role("button", name="Undo mine").click()
    for page in (one, two):
        expect(page.get_by_role("heading", name="A", exact=True)).to_be_visible()


def test_whoever_comes_back_is_told_what_others_did_meanwhile(pages: Pages, town: Town) -> None:
    pages.expect(SOCKET_FAILED, "Failed to load resource", "net::ERR")
    make(town, "away")
    anna, ben = editor(pages, town, 0, "away", "anna"), editor(pages, town, 1, "away", "ben")
    retitle(anna, "a", "Hers")
    expect(ben.get_by_role("heading", name="Hers")).to_be_visible()
    anna.get_by_role("tab", name="YAML").click()
    text = anna.locator("board-panel .cm-content")
    expect(text).to_contain_text("title: Hers")
    text.fill("title: half a thou")
    anna.context.set_offline(True)
    until(anna, "() => document.body.dataset.connection !== 'open'")
    for title in ("His", "His own"):
        retitle(ben, "a", title)
        expect(ben.locator("#state")).to_contain_text("2 changes" if title == "His" else "3 changes")
    sent(ben)
    anna.context.set_offline(False)
    told = anna.locator("board-panel .replaced", has_text="While you were away")
    expect(told).to_contain_text("ben made 2 changes.")
    expect(text).to_have_text("title: half a thou")  # what somebody types stays
    told.get_by_role("button", name="show").click()
    marks = anna.locator("board-panel .operations mark")
    expect(marks).to_have_count(2)
    expect(told).to_be_hidden()
    anna.get_by_role("tab", name="Board").click()
    anna.get_by_role("tab", name="History").click()
    expect(anna.locator("board-panel .operations li")).to_have_count(3)
    expect(marks).to_have_count(0)  # they were seen
    until(anna, "() => JSON.parse(localStorage.getItem('seen edits anna away') ?? '{}').seq === 3")
    anna.goto("about:blank")
    retitle(ben, "a", "Once more")
    sent(ben)
    expect(ben.locator("#state")).to_contain_text("4 changes")
    anna.goto(f"http://127.0.0.1:{town.direct_ports[0]}/boards/away/edit")
    ready(anna)
    expect(told).to_contain_text("ben made 1 change.")
    ben.get_by_role("button", name="Discard").click()
    ben.locator("dialog").get_by_role("button", name="Discard").click()
    expect(ben.locator("#leave")).to_be_focused()
    expect(anna.locator("board-panel .replaced", has_text="ben discarded the draft")).to_be_visible()


def test_undo_goes_on_after_a_reload(pages: Pages, town: Town) -> None:
    make(town, "again")
    page = editor(pages, town, 0, "again", "anna")
    for title in ("First", "Second"):
        retitle(page, "a", title)
    sent(page)
    until(page, "() => /2 changes/.test(document.querySelector('#state').textContent)")
    page.reload()
    ready(page)
    page.keyboard.press("Control+z")
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    page.reload()
    ready(page)
    page.keyboard.press("Control+Shift+z")
    expect(page.get_by_role("heading", name="Second")).to_be_visible()
    assert draft(town, "again") == ["Second"]


def test_edits_made_after_the_session_has_ended_are_sent_after_the_login(pages: Pages, town: Town) -> None:
    make(town, "ended")
    page = editor(pages, town, 0, "ended", "anna")
    pages.expect("401 (Unauthorized)", SOCKET_FAILED)
    page.context.clear_cookies()
    retitle(page, "a", "Late")
    page.wait_for_url("**/login?**")
    assert draft(town, "ended") == ["A"]
    log_in(page, "ben", "ended")  # somebody else at the same browser does not send them
    expect(page.get_by_role("heading", name="A", exact=True)).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"http://127.0.0.1:{town.direct_ports[0]}/login?next=/boards/ended/edit")
    log_in(page, "anna", "ended")
    expect(page.get_by_role("heading", name="Late")).to_be_visible()
    sent(page)
    assert draft(town, "ended") == ["Late"]


def test_the_page_of_an_error_leads_to_the_login_once_the_session_has_ended(pages: Pages, town: Town) -> None:
    pages.expect("404 (Not Found)")
    target = "%2Fboards%2Fnowhere"
    page = pages.open(f"http://127.0.0.1:{town.direct_ports[0]}/login?next={target}", wait=False, script=IMPATIENT)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="404")).to_be_visible()
    page.context.clear_cookies()
    page.wait_for_url(f"**/login?next={target}")


def test_who_loses_the_right_to_edit_is_told_and_edits_again_when_it_is_given_back(pages: Pages, town: Town) -> None:
    make(town, "rights")
    page = editor(pages, town, 1, "rights", "ben")

    pages.expect("403 (Forbidden)", SOCKET_FAILED)
    town.ask("PATCH", "/api/v1/users/ben", {"role": "viewer"})
    expect(page.locator(".editor-error")).to_contain_text("editing needs the role editor")
    with page.expect_response(lambda answer: answer.url.endswith("/operations") and answer.status == 403):
        retitle(page, "a", "Refused")
    expect(page.get_by_role("heading", name="A", exact=True)).to_be_visible()
    town.ask("PATCH", "/api/v1/users/ben", {"role": "editor"})
    ready(page)
    until(page, "() => document.querySelector('.editor-error').hidden", timeout_ms=20_000)
    retitle(page, "a", "Allowed")
    sent(page)
    assert draft(town, "rights") == ["Allowed"]


PASTE = """(text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.mark.parametrize(
    "widgets",
    [
        [{"kind": "hologram", "title": "x"}],
        [{"kind": "stat"}],
        [{}],
        [{"kind": "stat", "title": "x", "series": [" "]}],
    ],
)
def test_tiles_that_this_server_cannot_show_are_refused_and_the_editor_goes_on(
    pages: Pages, town: Town, widgets: list[Any]
) -> None:
    make(town, "pasted")
    pages.expect("400 (Bad Request)")
    page = editor(pages, town, 0, "pasted", "anna")
    page.evaluate(PASTE, json.dumps({"dashboard tiles": widgets}))
    expect(page.locator(".editor-error")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(1)
    retitle(page, "a", "Goes on")
    sent(page)
    assert draft(town, "pasted") == ["Goes on"]
    town.ask("DELETE", "/api/v1/boards/pasted/draft")
