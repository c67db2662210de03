"""Debian's Firefox, headless, driven by WebDriver BiDi (W3C) over its own WebSocket, without a driver between."""

from __future__ import annotations

import base64
import json
import re
import shutil
from typing import Any

from tests.support.deadline import scaled, wait_until
from tests.support.driven_browser import DrivenBrowser

_QUIET = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
"""


class Firefox(DrivenBrowser):
    """Firefox with one page."""

    def _start(self) -> None:
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        assert program, "Firefox is missing: apt-get install firefox-esr, or run scripts/test"
        (self._profile / "user.js").write_text(_QUIET)
        where = ["--remote-debugging-port", "0", "--profile", str(self._profile), "--no-remote"]
        self._run([program, "--headless", *where], MOZ_CRASHREPORTER_DISABLE="1")
        found = wait_until(
            lambda: re.search(r"BiDi listening on (ws://\S+)", self.log.read_text()), 40, self.log.read_text
        )
        self._connect(f"{found[1]}/session")
        self.call("session.new", capabilities={})
        contexts = wait_until(lambda: self.call("browsingContext.getTree")["contexts"], 40, self.log.read_text)
        self._context = contexts[0]["context"]
        self.call("session.subscribe", events=["log.entryAdded"])

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=scaled(30)))
            if message.get("id") == self._count:
                assert message["type"] == "success", (method, message)
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") == "log.entryAdded" and message["params"]["level"] in ("error", "warn"):
                self.complaints.append(f"{message['params']['level']}: {message['params']['text']}")

    def open(self, url: str, width: int = 1280, height: int = 720) -> None:
        viewport = {"width": width, "height": height}
        self.call("browsingContext.setViewport", context=self._context, viewport=viewport)
        self.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page, as JSON. Raises TypeError for an exception in the page."""
        wrapped = f"JSON.stringify([{expression}])"
        given = self.call("script.evaluate", expression=wrapped, target={"context": self._context}, awaitPromise=True)
        if given["type"] == "exception":
            raise TypeError(given["exceptionDetails"]["text"])
        return json.loads(given["result"]["value"])[0]

    def screenshot(self) -> bytes:
        """Return a screenshot as PNG."""
        return base64.b64decode(self.call("browsingContext.captureScreenshot", context=self._context)["data"])
