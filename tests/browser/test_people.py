"""Users on a real server, each in a browser of their own: they log in, talk, are administered, and leave."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, type_in, until
from tests.support.deadline import scaled
from tests.support.server import ServerProcess

PASSWORD = "correct horse battery"
_IN = "() => document.body.dataset.connection === 'open' && document.querySelector('.watchers')"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start a server with three users."""
    process = ServerProcess(tmp_path_factory.mktemp("town"), "--no-host-feeder", "--no-server-feeder").start()
    for name, role in (("anna", "admin"), ("ben", "viewer"), ("cleo", "operator")):
        command = [sys.executable, "-m", "dashboard", "user", "add", name, "--role", role, "--password-stdin"]
        subprocess.run(
            [*command, "--data", str(process.folder / "data")],
            input=PASSWORD,
            text=True,
            check=True,
            timeout=scaled(90),
        )
    yield process
    process.close()


def _log_in(pages: Pages, town: ServerProcess, name: str, path: str = "/") -> Page:
    page = pages.open(f"{town.url}/login?next={path}", wait=False)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{town.url}{path}")
    return page


def _talking(pages: Pages, town: ServerProcess, name: str) -> Page:
    page = _log_in(pages, town, name)
    until(page, _IN)
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    return page


def _say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def test_two_people_talk(pages: Pages, town: ServerProcess) -> None:
    anna, ben = _talking(pages, town, "anna"), _talking(pages, town, "ben")
    expect(anna.locator(".watchers .initials")).to_have_count(2)
    type_in(ben, "message-composer textarea", "hel")
    expect(anna.locator(".typing")).to_have_text("ben is writing…")
    _say(ben, "**hello** @anna <b>x</b>")
    last = anna.locator(".msg .rich").last
    expect(last).to_have_text("hello @anna <b>x</b>")
    expect(last.locator("strong")).to_have_text("hello")
    expect(ben.locator(".msg.pending")).to_have_count(0)
    expect(anna.get_by_role("tab", name="Notifications")).to_contain_text("1")
    ben.get_by_role("textbox", name="Message").press("ArrowUp")
    _say(ben, "mended")
    expect(last).to_have_text("mended")
    own = ben.locator(".msg").last
    own.hover()
    own.get_by_role("button", name="Delete").click()
    own.get_by_role("button", name="Really delete?").click()
    expect(anna.locator(".msg").last.locator(".gone")).to_be_visible()


def test_what_is_written_while_the_server_is_away_arrives_once_and_in_order(
    pages: Pages, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pages.expect("WebSocket connection to")
    town = ServerProcess(tmp_path_factory.mktemp("away"), "--no-host-feeder", "--no-server-feeder").start()
    try:
        page = pages.open(town.url)
        until(page, _IN)
        page.keyboard.press("c")
        _say(page, "before")
        expect(page.locator(".msg:not(.pending)")).to_have_count(1)
        town.kill()
        for text in ("one", "two", "three"):
            _say(page, text)
        expect(page.locator(".msg.pending")).to_have_count(3)
        town.start()
        expect(page.locator(".msg:not(.pending) .rich")).to_have_text(
            ["before", "one", "two", "three"], timeout=scaled(40_000)
        )
        expect(page.locator(".msg.pending")).to_have_count(0)
    finally:
        town.close()


def test_a_wrong_password_is_said_beside_it_and_no_other_site_is_gone_to(pages: Pages, town: ServerProcess) -> None:
    pages.expect("status of 401")
    page = pages.open(f"{town.url}/login?next=//evil.example/", wait=False)
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#login-password-about .wrong")).to_have_text("▲ name or password is wrong")
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{town.url}/")


def test_an_admin_makes_a_user_and_a_token_and_revokes_it(pages: Pages, town: ServerProcess) -> None:
    pages.expect("status of 400")
    page = _log_in(pages, town, "anna", "/admin")
    page.get_by_role("button", name="New user").click()
    field = page.locator("dialog input[name=password]")
    page.get_by_label("Login name").fill("dan")
    field.fill("short")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .field").filter(has_text="Password").locator(".wrong")).to_contain_text("must have")
    field.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("button", name="New token").click()
    page.locator("dialog input[name=name]").fill("stock feeder")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .secret").first).to_contain_text("dsh_")
    page.get_by_role("button", name="I have it").click()
    row = page.locator("tbody tr").filter(has_text="stock feeder")
    expect(row).to_have_count(1)
    expect(page.locator("dialog")).to_have_count(0)
    assert "dsh_" not in page.content()
    row.get_by_role("button", name="Revoke").click()
    page.locator("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)


def test_who_is_disabled_loses_the_page(pages: Pages, town: ServerProcess) -> None:
    cleo = _talking(pages, town, "cleo")
    admin = _log_in(pages, town, "anna", "/admin")
    admin.get_by_role("button", name="Disable cleo").click()
    admin.locator("dialog").get_by_role("button", name="Disable").click()
    expect(admin.locator("tbody tr").filter(has_text="cleo")).to_contain_text("disabled")
    until(cleo, "() => document.querySelector('connection-curtain').hasAttribute('data-shown')", timeout_ms=10_000)
    expect(cleo.locator("connection-curtain strong")).to_have_text("Disconnected")
