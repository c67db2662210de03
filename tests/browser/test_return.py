"""A lost connection returns: the curtain is shown and lifted by itself, and no value is missing after it."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import (
    SOCKET_FAILED,
    Pages,
    board_url,
    curtain_was_not_shown,
    until,
    values,
    wait_for_curtain,
    wait_for_values,
    watch_curtain,
)
from tests.support.deadline import DeadlinePassed, scaled, wait_until, within
from tests.support.proxy import Proxy
from tests.support.server import ServerProcess

#: The back-off may have grown to so much while the server was away.
LIFTS_MS = 20_000
#: A half-open connection is covered within so much (faults.md).
SHOWN_MS = 10_000


def _feed(server: ServerProcess, numbers: range) -> None:
    for number in numbers:
        for series in ("zebra", 'aardvark{l="1"}', "middle"):
            server.post(series, number)


def _all_hold(page: Page, numbers: range) -> None:
    for series in ("zebra", 'aardvark{l="1"}', "middle"):
        wait_for_values(page, series, [float(n) for n in numbers])


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL"])
def test_a_restarted_server_finds_its_viewers_again_and_they_miss_nothing(
    ending: str, pages: Pages, server: ServerProcess
) -> None:
    pages.expect(SOCKET_FAILED)
    page = pages.open(board_url(server.url, '{__name__=~".+"}'))
    page.evaluate("window.__not_reloaded = true")
    _feed(server, range(1, 11))
    server.json("PUT", "/api/v1/documents/words", {"text": "before"})
    _all_hold(page, range(1, 11))
    wait_for_curtain(page, shown=False, timeout_ms=1)
    if ending == "SIGTERM":
        assert server.stop() == 0
    else:
        server.kill()
    wait_for_curtain(page, shown=True, timeout_ms=10_000)
    expect(page.locator("connection-curtain strong")).to_have_text("Connection lost")
    expect(page.locator("connection-curtain span")).to_contain_text("since ")
    until(page, "() => getComputedStyle(document.querySelector('main')).opacity < 0.6")
    server.start()
    _feed(server, range(11, 21))
    server.post("newcomer", 1)
    wait_for_curtain(page, shown=False, timeout_ms=LIFTS_MS)
    _feed(server, range(21, 31))
    _all_hold(page, range(1, 31))
    wait_for_values(page, "newcomer", [1.0])
    assert page.evaluate("window.__not_reloaded")
    until(page, "() => getComputedStyle(document.querySelector('main')).opacity === '1'")


def test_a_short_restart_is_not_worth_a_curtain(pages: Pages, server: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED)
    with Proxy(server.port) as proxy:
        page = pages.open(board_url(proxy.url, "brief"))
        watch_curtain(page)
        server.post("brief", 1)
        wait_for_values(page, "brief", [1.0])
        proxy.cut()
        server.post("brief", 2)
        wait_for_values(page, "brief", [1.0, 2.0])
        assert len([m for m in pages.sent("watch") if m.get("since")]) == 1, "it came back with its position"
        curtain_was_not_shown(page)


def test_a_frozen_server_is_noticed_and_the_page_goes_on_when_it_does(pages: Pages, server: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED)
    page = pages.open(board_url(server.url, "frozen"))
    server.post("frozen", 1)
    wait_for_values(page, "frozen", [1.0])
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        wait_for_curtain(page, shown=True, timeout_ms=SHOWN_MS)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    wait_for_curtain(page, shown=False, timeout_ms=LIFTS_MS)
    server.post("frozen", 2)
    wait_for_values(page, "frozen", [1.0, 2.0])


def test_a_proxy_that_answers_with_html_does_not_stop_the_page_from_trying(pages: Pages, server: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED, "status of 502")
    with Proxy(server.port) as proxy:
        page = pages.open(board_url(proxy.url, "proxied"))
        server.post("proxied", 1)
        wait_for_values(page, "proxied", [1.0])
        proxy.mode = "502"
        before = proxy.accepted
        proxy.cut()
        wait_for_curtain(page, shown=True, timeout_ms=10_000)
        until(page, "() => document.querySelector('connection-curtain span').textContent.includes('trying')")
        page.wait_for_event("websocket", timeout=scaled(15_000))
        wait_until(lambda: proxy.accepted >= before + 2, what="the page goes on trying")
        server.post("proxied", 2)
        proxy.mode = "pass"
        wait_for_curtain(page, shown=False, timeout_ms=LIFTS_MS)
        wait_for_values(page, "proxied", [1.0, 2.0])


def test_a_black_hole_is_noticed_and_left_when_it_opens(pages: Pages, server: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED)
    with Proxy(server.port) as proxy:
        page = pages.open(board_url(proxy.url, "hole"))
        server.post("hole", 1)
        wait_for_values(page, "hole", [1.0])
        proxy.mode = "hole"
        server.post("hole", 2)
        wait_for_curtain(page, shown=True, timeout_ms=SHOWN_MS)
        assert values(page, "hole") == [1.0]
        proxy.mode = "pass"
        wait_for_curtain(page, shown=False, timeout_ms=LIFTS_MS)
        wait_for_values(page, "hole", [1.0, 2.0])


def test_the_network_coming_back_ends_the_wait(pages: Pages, server: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED, "status of 502")
    with Proxy(server.port) as proxy:
        # the longest waits: half a second, one, two, four, eight
        page = pages.open(board_url(proxy.url, "woken"), script="Math.random = () => 0.999;")
        proxy.mode = "502"
        proxy.cut()
        line = "() => /in [5-8] s/.test(document.querySelector('connection-curtain span').textContent)"
        until(page, line, timeout_ms=15_000)
        proxy.mode = "pass"
        page.evaluate("dispatchEvent(new Event('online'))")
        wait_for_curtain(page, shown=False, timeout_ms=2_000)


def test_a_server_with_an_empty_journal_is_believed(pages: Pages, server: ServerProcess) -> None:
    pages.expect(SOCKET_FAILED)
    page = pages.open(board_url(server.url, "emptied"))
    server.post("emptied", 1)
    wait_for_values(page, "emptied", [1.0])
    server.stop()
    (server.folder / "data").rename(server.folder / "gone")
    server.start()
    server.post("emptied", 7)
    wait_for_values(page, "emptied", [7.0], timeout_ms=LIFTS_MS)
    assert [gap["reason"] for gap in pages.received("gap")] == ["epoch"]


def test_a_page_loads_itself_anew_when_its_screens_are_told_to_but_not_again_and_again(
    pages: Pages, server: ServerProcess
) -> None:
    page = pages.open(server.url, clock=True)
    page.evaluate("window.__not_reloaded = true")

    def pass_by(seconds: int) -> None:
        for _ in range(seconds):  # one by one: a page whose clock leaps takes its connection for lost
            page.clock.run_for(1_000)
            page.wait_for_timeout(30)
        until(page, "() => document.body.dataset.connection === 'open'")

    def tell(times: int) -> None:
        assert server.request("POST", "/dashboards/host", '{"event":"reload"}')[0] == 204
        began_s = time.monotonic()
        while len(pages.received("reload")) < times:
            within(time.monotonic() - began_s, 10, "an order to reload comes")
            page.wait_for_timeout(10)
        page.clock.run_for(3_000)

    tell(1)
    if page.evaluate("performance.now()") > 10_000:  # LEAST_AGE_MS of static/js/pages/shell.js
        raise DeadlinePassed("this machine took so long that the page is no longer too young")
    assert page.evaluate("window.__not_reloaded") is True  # so young a page would reload for ever
    pass_by(10)
    tell(2)
    until(page, "() => !window.__not_reloaded && document.body.dataset.connection === 'open'")


#: Keeps the look for a page of which a part did not come, which follows after 10 to 20 s, as ``look``.
_LOOK = "const later = setTimeout; window.setTimeout = (call, ms, ...more) => (/answer\\.ok/.test(String(call)) ? ((window.look = call), 0) : later(call, ms, ...more));"


@pytest.mark.parametrize("part", ["js/pages/board-chat.js", "css/board.css"])
def test_a_page_of_which_a_part_does_not_come_says_so_and_is_loaded_again(
    part: str, pages: Pages, host_site: ServerProcess
) -> None:
    pages.expect("net::ERR_FAILED", "503", "was preloaded using link preload but not used")
    page = pages.open(f"{host_site.url}/favicon.ico", wait=False, script=_LOOK)
    page.route(f"**/{part}", lambda route: route.abort(), times=1)
    page.goto(host_site.url)
    expect(page.locator(".unloaded")).to_be_visible()
    page.route(f"{host_site.url}/", lambda route: route.fulfill(status=503), times=1)
    page.evaluate("() => { const { look } = window; window.look = null; look(); }")
    until(page, "() => Boolean(window.look)")  # the server is not there yet
    with page.expect_navigation():
        page.evaluate("() => window.look()")
    until(page, "() => document.body.dataset.connection === 'open'")
    expect(page.locator(".unloaded")).to_be_hidden()
