"""Old headless Chromiums from the npm package chrome-aws-lambda, driven by the DevTools protocol.

Owns fetching them once for a checkout (by tests/browser/old_chromium/package-lock.json, into the git-ignored
``build/``), starting one, and a small client. Playwright no longer supports these versions.
"""

from __future__ import annotations

import base64
import fcntl
import json
import re
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.deadline import scaled, wait_until
from tests.support.driven_browser import DrivenBrowser
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
    """Return the folder of a Chromium of this major version; fetch and unpack it if it is missing."""
    lock = (PACKAGES / "package-lock.json").read_text()
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / ".busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        stamp = HOME / ".installed"
        if not stamp.exists() or stamp.read_text() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(PACKAGES / name, HOME)
            npm = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--loglevel=error", "--no-audit"]
            subprocess.run(npm, cwd=HOME, check=True, timeout=scaled(300))
            for each in VERSIONS:
                _unpack(HOME / "node_modules" / f"chromium-{each}" / "bin", HOME / str(each))
            shutil.rmtree(HOME / "node_modules")
            stamp.write_text(lock)
    return HOME / str(version)


def _unpack(packed: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("chromium", "aws.tar"):  # aws.tar: the libraries that it was linked with
        subprocess.run(["node", "-e", _UNPACK, packed / f"{name}.br", folder / name], check=True, timeout=scaled(120))
    (folder / "chromium").chmod(0o755)
    with tarfile.open(folder / "aws.tar") as archive:
        extract(archive, folder)
    (folder / "aws.tar").unlink()


class OldChromium(DrivenBrowser):
    """A Chromium with one page, 1280×720."""

    def __init__(self, version: int, profile: Path) -> None:
        super().__init__(profile)
        self.version = version

    def _start(self) -> None:
        folder = program(self.version)
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
        where = ("--remote-debugging-port=0", f"--user-data-dir={self._profile}", "--window-size=1280,720")
        command = [str(folder / "chromium"), *flags, *where, "about:blank"]
        self._run(command, LD_LIBRARY_PATH=f"{folder}:{folder / 'lib'}")
        said = wait_until(
            lambda: re.search(r"DevTools listening on ws://([^/]+)/", self.log.read_text()), 30, self.log.read_text
        )
        self._connect(wait_until(lambda: _page(said[1]), 30, self.log.read_text))
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        agent = self.evaluate("navigator.userAgent")
        # Its locales were left out of the package.
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage="en-US")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=scaled(20)))
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
        """Return the value of an expression in the page, as JSON. Raises TypeError for an exception in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise TypeError(result["exceptionDetails"]["exception"].get("description", "?"))
        return result["result"].get("value")

    def screenshot(self) -> bytes:
        """Return a screenshot as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])


def _page(address: str) -> str | None:
    """Return the address of the page to drive; None until the browser, which listens before that, has opened it."""
    with urllib.request.urlopen(f"http://{address}/json", timeout=scaled(10)) as answer:
        return next((str(each["webSocketDebuggerUrl"]) for each in json.load(answer) if each["type"] == "page"), None)
