"""The page of feeders: new data is shown by itself, refusals with their reasons, and a line that feeds this server."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Pages
from tests.support.deadline import scaled, timeouts_as_deadlines, wait_until
from tests.support.server import ServerProcess


def test_what_comes_shows_live_and_what_is_refused_beside_its_reason(pages: Pages, server: ServerProcess) -> None:
    page = pages.open(f"{server.url}/feeders", wait=False)
    expect(page.locator("#feeders")).to_contain_text("No feeder has sent anything yet")
    token = server.token("telegraf", "--prefix", "cpu_")
    body = "cpu,host=a usage=3\n<script>alert(1)</script>\n"
    server.request("POST", "/write", body, headers={"Authorization": f"Token {token}"})
    row = page.locator("details").filter(has_text="telegraf")
    expect(row.locator("summary")).to_contain_text("influx", timeout=scaled(8_000))
    row.locator("summary").press("Enter")
    expect(row.locator("code").filter(has_text="<script>alert(1)</script>")).to_be_visible()
    expect(page.locator("#unshown article").filter(has_text="cpu_usage")).to_contain_text("suits: stat")
    assert page.locator("main script").count() == 0


@pytest.mark.parametrize("way", ["curl", "Python"])
def test_the_line_that_is_shown_feeds_this_server(pages: Pages, server: ServerProcess, way: str) -> None:
    page = pages.open(f"{server.url}/feeders", wait=False)
    page.get_by_label("Series").fill("mine")
    page.get_by_role("tab", name=way).click()
    line = page.locator("#snippet").inner_text()
    program = ["/bin/sh", "-c", line] if way == "curl" else [sys.executable, "-c", line]
    with timeouts_as_deadlines(line):
        done = subprocess.run(program, capture_output=True, text=True, timeout=scaled(90), check=False)
    assert done.returncode == 0, done.stderr
    (fed,) = wait_until(lambda: server.json("GET", "/api/v1/series?match=mine")[1]["series"])
    assert fed["last"]["value"] == 3.1
