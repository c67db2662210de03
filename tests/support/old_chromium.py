"""Old headless Chromiums, as the npm package chrome-aws-lambda carries them, driven by the DevTools protocol.

Owns fetching them once for a checkout (by tests/browser/old_chromium/package-lock.json, into the git-ignored ``build/``), starting
one, and a small client. Playwright speaks to none of them any more.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import shutil
import subprocess
import tarfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.deadline import DeadlinePassed, scaled, wait_until
from tests.support.pulse import seconds_since
from tests.support.tar import extract

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "tests" / "browser" / "old_chromium"
HOME = ROOT / "build" / "old-chromium"
VERSIONS = (79, 88, 92)
_UNPACK = """
const [fs, { pipeline }, zlib] = [require("fs"), require("stream"), require("zlib")];
const [from, to] = process.argv.slice(1);
pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(), fs.createWriteStream(to), (error) => { if (error) throw error; });
"""


def program(version: int) -> Path:
    """Return the folder of a Chromium of this major version, fetched and unpacked if it is not there."""
    lock = (PACKAGES / "package-lock.json").read_text()
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / ".busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        stamp = HOME / ".installed"
        if not stamp.exists() or stamp.read_text() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(PACKAGES / name, HOME)
            npm = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--loglevel=error", "--no-audit"]
            subprocess.run(npm, cwd=HOME, check=True, timeout=300)
            for each in VERSIONS:
                _unpack(HOME / "node_modules" / f"chromium-{each}" / "bin", HOME / str(each))
            shutil.rmtree(HOME / "node_modules")
            stamp.write_text(lock)
    return HOME / str(version)


def _unpack(packed: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("chromium", "aws.tar"):  # aws.tar: the libraries that it was linked with
        subprocess.run(["node", "-e", _UNPACK, packed / f"{name}.br", folder / name], check=True, timeout=120)
    (folder / "chromium").chmod(0o755)
    with tarfile.open(folder / "aws.tar") as archive:
        extract(archive, folder)
    (folder / "aws.tar").unlink()


class OldChromium:
    """A Chromium with one page, 1280×720. ``complaints``: what its console says of errors and warnings."""

    def __init__(self, version: int, profile: Path) -> None:
        self.version = version
        self._profile = profile
        self.complaints: list[str] = []
        self._count = 0

    def __enter__(self) -> OldChromium:
        folder = program(self.version)
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
        where = ("--remote-debugging-port=0", f"--user-data-dir={self._profile}", "--window-size=1280,720")
        environ = {**os.environ, "LD_LIBRARY_PATH": f"{folder}:{folder / 'lib'}", "HOME": str(self._profile)}
        self._profile.mkdir(parents=True, exist_ok=True)
        log = self._profile / "chromium.log"
        with log.open("w") as errors:
            command = [str(folder / "chromium"), *flags, *where, "about:blank"]
            self._process = subprocess.Popen(command, env=environ, stderr=errors)
        try:
            said = wait_until(
                lambda: re.search(r"DevTools listening on ws://([^/]+)/", log.read_text()), 30, log.read_text
            )
            self._page = self._connect(said[1])
        except BaseException:  # the process would outlive the test
            self._process.kill()
            self._process.wait()
            raise
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        agent = self.evaluate("navigator.userAgent")
        self.call(
            "Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage="en-US"
        )  # its locales were left out
        return self

    def _connect(self, address: str) -> ClientConnection:
        with urllib.request.urlopen(f"http://{address}/json", timeout=scaled(10)) as answer:
            (page,) = (each for each in json.load(answer) if each["type"] == "page")
        return connect(page["webSocketDebuggerUrl"], max_size=None, compression=None, ping_interval=None).__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._page.close()
        self._process.terminate()
        self._process.wait(scaled(10))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; returns its result."""
        self._count += 1
        self._page.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._page.recv(timeout=scaled(20)))
            if message.get("id") == self._count:
                assert "error" not in message, (method, message["error"])
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        given = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            details = given["exceptionDetails"]
            self.complaints.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
        elif message["method"] == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
            self.complaints.append(f"console {given['type']}: {[each.get('value') for each in given['args']]}")
        elif message["method"] == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"log {given['entry']['level']}: {given['entry']['text']}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """What an expression is in the page, as JSON. Raises TypeError for an exception in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise TypeError(result["exceptionDetails"]["exception"].get("description", "?"))
        return result["result"].get("value")

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
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])
