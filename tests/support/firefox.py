"""Debian's Firefox, headless, driven by WebDriver BiDi (W3C) over its own WebSocket, without a driver between."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.sync.client import connect

from tests.support.deadline import DeadlinePassed, scaled, wait_until
from tests.support.pulse import seconds_since

_QUIET = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
"""


class Firefox:
    """A Firefox with one page. ``complaints``: errors and warnings of its pages."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self.complaints: list[str] = []
        self._count = 0

    def __enter__(self) -> Firefox:
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        assert program, "Firefox is missing: apt-get install firefox-esr, or run scripts/test"
        self._profile.mkdir(parents=True)
        (self._profile / "user.js").write_text(_QUIET)
        log = self._profile / "firefox.log"
        command = [
            program,
            "--headless",
            "--remote-debugging-port",
            "0",
            "--profile",
            str(self._profile),
            "--no-remote",
        ]
        with log.open("w") as said:
            environ = {**os.environ, "HOME": str(self._profile), "MOZ_CRASHREPORTER_DISABLE": "1"}
            self._process = subprocess.Popen(command, stdout=said, stderr=said, env=environ)
        found = wait_until(lambda: re.search(r"BiDi listening on (ws://\S+)", log.read_text()), 40, log.read_text)
        self._socket = connect(f"{found[1]}/session", max_size=None, compression=None, ping_interval=None).__enter__()
        self.call("session.new", capabilities={})
        self._context = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.call("session.subscribe", events=["log.entryAdded"])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(scaled(15))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; returns its result."""
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
        """What an expression is in the page, as JSON. Raises TypeError for an exception in the page."""
        wrapped = f"JSON.stringify([{expression}])"
        given = self.call("script.evaluate", expression=wrapped, target={"context": self._context}, awaitPromise=True)
        if given["type"] == "exception":
            raise TypeError(given["exceptionDetails"]["text"])
        return json.loads(given["result"]["value"])[0]

    def until(self, expression: str, timeout_s: float = 15) -> Any:
        """Evaluate until the result is truthy, and return it; an exception in the page is not the end. Raises DeadlinePassed."""
        began_s, trouble = time.monotonic(), ""
        while True:
            try:
                if given := self.evaluate(expression):
                    return given
            except TypeError as error:
                trouble = str(error)
            if seconds_since(began_s) > scaled(timeout_s):
                raise DeadlinePassed(f"not in {timeout_s:g} s: {expression} {trouble} {self.complaints}")
            time.sleep(0.05)

    def screenshot(self) -> bytes:
        """A picture as PNG."""
        return base64.b64decode(self.call("browsingContext.captureScreenshot", context=self._context)["data"])
