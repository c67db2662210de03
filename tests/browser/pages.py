"""Pages of a real Chromium for tests: each in a context of its own, with all its complaints recorded.

Owns what every page test promises without saying so: no console error, no page error, no dialog, no CSP violation, no
request to another origin.  A test that expects a complaint says so with ``expect``.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, WebSocket

from tests.support.deadline import DeadlinePassed, scaled, timeouts_as_deadlines
from tests.support.pulse import seconds_since

#: What chromium itself says about a socket that cannot be opened.
SOCKET_FAILED = "WebSocket connection to"

_WATCHING = """
addEventListener("securitypolicyviolation", (e) => console.error("CSP violation:", e.violatedDirective, e.blockedURI, e.sample));
window.__xss = [];
"""
#: A loss shorter than this brings no curtain (static/js/widgets/connection-curtain.js).
_GRACE_MS = 1_500
_BOARD = "document.querySelector('dash-board')"
#: Find races: ``TESTS_SLOW_PAGES=6`` lets pages compute six times as slowly and gives each of their requests 60 ms more for each of these times.
SLOW_PAGES = "TESTS_SLOW_PAGES"
_LATENCY_MS = 60


class Pages:
    """Opener of pages, which judges them at the end. ``messages`` are the WebSocket messages: ("sent" or "received", object)."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._expected: list[str] = []
        self.complaints: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.messages: list[tuple[str, dict[str, Any]]] = []

    def open(self, url: str, *, width: int = 1280, height: int = 720, clock: bool = False, **options: Any) -> Page:
        """Open a page in a new context, with ``script`` before its own; wait until it is connected, unless ``wait=False``."""
        wait, script = options.pop("wait", True), options.pop("script", "")
        context = self._browser.new_context(viewport={"width": width, "height": height}, **options)
        self._contexts.append(context)
        context.set_default_timeout(scaled(10_000))
        context.add_init_script(_WATCHING + script)
        page = context.new_page()
        _slow_down(page)
        if clock:
            page.clock.install()
        self._listen(page, urlsplit(url).netloc)
        page.goto(url)
        if wait:  # fonts that come later change what is measured
            until(page, "() => document.body.dataset.connection === 'open' && document.fonts.status === 'loaded'")
        return page

    def expect(self, *texts: str) -> None:
        """Expect complaints that contain one of these texts."""
        self._expected.extend(texts)

    def judge(self) -> None:
        """Close everything; fail for unexpected complaints."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        unexpected = [text for text in self.complaints if not any(part in text for part in self._expected)]
        assert not unexpected, "the page complained:\n" + "\n".join(unexpected)
        foreign = [url for origin, url in self.requests if not _is_own(url, origin)]
        assert not foreign, "the page asked another origin:\n" + "\n".join(foreign)

    def received(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one type that were received so far."""
        return [message for way, message in self.messages if way == "received" and message.get("type") == kind]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one type that the page has sent so far."""
        return [message for way, message in self.messages if way == "sent" and message.get("type") == kind]

    def wait_for(self, page: Page, way: str, kind: str, count: int) -> None:
        """Wait for this number of messages of one type, ``sent`` or ``received``: Playwright reports what a socket does
        a moment later."""
        began_s, told = time.monotonic(), getattr(self, way)
        while len(told(kind)) < count:
            if seconds_since(began_s) > scaled(10):
                raise DeadlinePassed(f"only {len(told(kind))} messages {kind} were {way}, not {count}")
            page.wait_for_timeout(10)

    def _listen(self, page: Page, origin: str) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning", "assert"):
                self.complaints.append(f"console {message.type}: {message.text}")

        def dialog(shown: Any) -> None:
            self.complaints.append(f"dialog: {shown.message}")
            shown.dismiss()

        def socket(opened: WebSocket) -> None:
            self.requests.append((origin, opened.url))
            opened.on("framesent", lambda payload: self._note("sent", payload))
            opened.on("framereceived", lambda payload: self._note("received", payload))

        page.on("console", console)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("dialog", dialog)
        page.on("request", lambda request: self.requests.append((origin, request.url)))
        page.on("websocket", socket)

    def _note(self, way: str, payload: str | bytes) -> None:
        self.messages.append((way, json.loads(payload)))


def _slow_down(page: Page) -> None:
    """Slow a page down as the environment asks for it."""
    if not (times := float(os.environ.get(SLOW_PAGES, 0))):
        return
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    session.send("Network.enable")
    late = {"offline": False, "latency": _LATENCY_MS * times, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", late)


def _is_own(url: str, netloc: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "data" or (parts.scheme in ("http", "ws") and parts.netloc == netloc)


def until(page: Page, condition: str, arg: Any = None, *, timeout_ms: float = 10_000) -> Any:
    """Evaluate a function in the page until its result is truthy; return the result. Continues over navigations.

    A function that meets something that is not there (a TypeError) is asked again, too: pages are made piece by piece.

    ``timeout_ms`` is scaled; raises DeadlinePassed. Playwright's own ``wait_for_function`` evaluates strings in the page, which the pages' policy rightly forbids.
    """
    began_s, timeout_ms, trouble = time.monotonic(), scaled(timeout_ms), ""
    while True:
        try:
            if given := page.evaluate(condition, arg):
                return given
            trouble = ""
        except Error as error:
            trouble = error.message
            if not any(sign in trouble for sign in ("context was destroyed", "navigat", "TypeError")):
                raise
        if seconds_since(began_s) > timeout_ms / 1000:
            raise DeadlinePassed(f"not within {timeout_ms:g} ms: {condition} {arg or ''} {trouble}")
        page.wait_for_timeout(10)


def until_focused(page: Page, selector: str) -> None:
    """Until the element that has the focus matches."""
    until(page, "(selector) => document.activeElement?.matches(selector)", selector)


def type_in(page: Page, selector: str, text: str) -> None:
    """Type a text by the keyboard into a field, as soon as that has the focus: keys that are pressed earlier go elsewhere."""
    until_focused(page, selector)
    page.keyboard.type(text)


def board_url(base: str, *selectors: str, **more: str) -> str:
    """Return the address ``/board`` of chosen selectors."""
    return f"{base}/board?{urlencode([*(('series', s) for s in selectors), *more.items()])}"


def values(page: Page, series: str) -> list[float]:
    """Return the values of a series in the page's store."""
    found: list[float] = page.evaluate(
        f"(text) => [...{_BOARD}?.store?.series.values() ?? []].find((s) => s.text === text)?.values ?? []", series
    )
    return found


def wait_for_values(page: Page, series: str, expected: list[float], timeout_ms: float = 10_000) -> None:
    """Wait until the page's store has exactly these values, in this order."""
    condition = f"""([text, wanted]) => JSON.stringify(
        [...{_BOARD}?.store?.series.values() ?? []].find((s) => s.text === text)?.values ?? []) === JSON.stringify(wanted)"""
    until(page, condition, [series, expected], timeout_ms=timeout_ms)


def wait_for_text(page: Page, selector: str, text: str, timeout_ms: float = 5_000) -> None:
    """Wait until a matching element shows exactly this text; by default within the second that the product promises."""
    condition = (
        "([selector, text]) => [...document.querySelectorAll(selector)].some((e) => e.textContent.trim() === text)"
    )
    until(page, condition, [selector, text], timeout_ms=timeout_ms)


def wait_for_curtain(page: Page, shown: bool, timeout_ms: float) -> None:
    """Wait until the curtain is shown, or is gone."""
    condition = "(shown) => document.querySelector('connection-curtain').hasAttribute('data-shown') === shown"
    until(page, condition, shown, timeout_ms=timeout_ms)


def watch_curtain(page: Page) -> None:
    """Record from now on whether the curtain is shown, and how long the page has no connection."""
    page.evaluate("""() => {
        window.__shown = false;
        window.__longest_ms = 0;
        let since = 0;
        const { dataset } = document.body;
        new MutationObserver(() => {
            if (dataset.connection !== "open") since ||= performance.now();
            else if (since) [window.__longest_ms, since] = [Math.max(window.__longest_ms, performance.now() - since), 0];
        }).observe(document.body, { attributes: true, attributeFilter: ["data-connection"] });
        const curtain = document.querySelector("connection-curtain");
        new MutationObserver(() => { window.__shown ||= curtain.hasAttribute("data-shown"); }).observe(curtain, { attributes: true });
    }""")


def curtain_was_not_shown(page: Page) -> None:
    """Check that the curtain was not shown, once the page is connected again. Raises DeadlinePassed if that took longer
    than the curtain waits."""
    until(page, "() => document.body.dataset.connection === 'open'")
    shown, longest_ms = page.evaluate("[window.__shown, window.__longest_ms]")
    if shown and longest_ms > _GRACE_MS:
        raise DeadlinePassed(f"the page was connected again only after {longest_ms:.0f} ms")
    assert not shown


def build(page: Page, *widgets: dict[str, Any], columns: int = 2, rows: int = 2) -> None:
    """Replace the tiles of the page's board; its store stays."""
    until(page, f"() => {_BOARD}.plan")  # its own tiles come first, with the snapshot
    page.evaluate(
        f"(board) => {{ const b = {_BOARD}; b.build(board); for (const tile of b.tiles) tile.changed(); }}",
        {"columns": columns, "rows": rows, "widgets": list(widgets)},
    )


def set_hidden(page: Page, hidden: bool) -> None:
    """Tell the page that it is hidden, or visible again."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def run_line(line: str) -> None:
    """Run a line that the page offers in a shell, as a user would."""
    command = ["/bin/sh", "-c", f"{line} -sS --fail-with-body"]
    with timeouts_as_deadlines(line):
        done = subprocess.run(command, capture_output=True, text=True, timeout=scaled(30), check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
