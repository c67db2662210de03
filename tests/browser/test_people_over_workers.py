"""Two users, each in a browser of their own and on another worker: they talk, type, leave, crash, and return."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.domain.identity import Role
from tests.browser.pages import SOCKET_FAILED, Pages, type_in, until
from tests.support.cluster import Cluster
from tests.support.deadline import scaled
from tests.support.people import PASSWORD, make_users

_IN = "() => document.body.dataset.connection === 'open' && document.querySelector('.watchers')"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("two-workers")
    data = folder / "server" / "data"
    data.mkdir(parents=True)
    make_users(data, {"anna": Role.OPERATOR, "ben": Role.VIEWER})
    with Cluster(folder) as cluster:
        yield cluster


def _talking(pages: Pages, town: Cluster, worker: int, name: str) -> Page:
    page = pages.open(f"http://127.0.0.1:{town.direct_ports[worker]}/login?next=/boards/cluster", wait=False)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/boards/cluster")
    until(page, _IN)
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    return page


def _say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def test_two_people_at_two_workers_talk_type_leave_crash_and_return(pages: Pages, town: Cluster) -> None:
    pages.expect(SOCKET_FAILED)
    anna = _talking(pages, town, 0, "anna")
    ben = _talking(pages, town, 1, "ben")
    expect(anna.locator(".watchers .initials")).to_have_count(2)
    expect(ben.locator(".watchers .initials")).to_have_count(2)

    type_in(ben, "message-composer textarea", "I am wri")
    expect(anna.locator(".typing")).to_have_text("ben is writing…")
    _say(ben, "@anna I am **writing** here")
    expect(anna.locator(".msg .rich").last).to_have_text("@anna I am writing here")
    expect(anna.get_by_role("tab", name="Notifications")).to_contain_text("1")
    _say(anna, "I hear you")
    expect(ben.locator(".msg .rich").last).to_have_text("I hear you")

    ben.goto("about:blank")  # leaves
    expect(anna.locator(".watchers .initials")).to_have_count(1, timeout=scaled(8_000))
    _say(anna, "said while you were away")
    ben = _talking(pages, town, 1, "ben")
    expect(ben.locator(".msg .rich").last).to_have_text("said while you were away")
    expect(anna.locator(".watchers .initials")).to_have_count(2)

    pid = town.signal_worker(2, signal.SIGKILL)  # ben's worker crashes under him
    _say(ben, "said into the crash")
    town.wait_replaced(2, pid)
    town.wait_ready()
    expect(anna.locator(".msg .rich").last).to_have_text("said into the crash", timeout=scaled(20_000))
    expect(ben.locator(".msg.pending")).to_have_count(0, timeout=scaled(20_000))
    texts = [text for text in anna.locator(".msg .rich").all_inner_texts() if text]
    assert texts.count("said into the crash") == 1
    expect(ben.locator(".msg .rich").filter(has_text=re.compile("."))).to_have_text(texts)
    expect(anna.locator(".watchers .initials")).to_have_count(2, timeout=scaled(15_000))
