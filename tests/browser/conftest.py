"""One chromium and two servers for all page tests; the pages of each test are judged when it ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.pages import Pages
from tests.support.deadline import scaled
from tests.support.server import ServerProcess


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start the browser; end it before tests of other folders run, because Playwright's event loop must not exist when
    theirs starts."""
    expect.set_options(timeout=scaled(10_000))
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=shutil.which("chromium"))
        yield launched
        launched.close()


@pytest.fixture
def pages(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Pages]:
    """Open pages; any unexpected complaint of a page fails the test."""
    for name in ("server", "workers"):
        if name in request.fixturenames:
            request.getfixturevalue(name)  # begins before and ends after, or its end would be a complaint
    opened = Pages(browser)
    yield opened
    opened.judge()


def _serve(factory: pytest.TempPathFactory, name: str, *flags: str) -> Iterator[ServerProcess]:
    process = ServerProcess(factory.mktemp(name), *flags).start()
    yield process
    process.close()
    assert process.complaints() == ""


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start a server without feeders that tests share: each test feeds series with names of its own and never ends the server."""
    yield from _serve(tmp_path_factory, "site", "--no-host-feeder", "--no-server-feeder")


@pytest.fixture(scope="package")
def host_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start a server with its feeders, as users start it."""
    yield from _serve(tmp_path_factory, "host")
