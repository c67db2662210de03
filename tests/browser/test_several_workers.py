"""Pages of a server with several workers: a reload shows no curtain, delayed data is announced, and the pages agree."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import (
    SOCKET_FAILED,
    Pages,
    board_url,
    curtain_was_not_shown,
    values,
    wait_for_curtain,
    wait_for_values,
    watch_curtain,
)
from tests.support.deadline import scaled
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.close()


@pytest.fixture
def workers(tmp_path: Path, redis_server: RedisServer) -> Iterator[ServerProcess]:
    flags = ("--no-host-feeder", "--workers", "2", "--redis", redis_server.url, "--append-wait-s", "1")
    server = ServerProcess(tmp_path / "site", *flags).start()
    yield server
    server.close()


def reload(server: ServerProcess) -> None:
    data = str(server.folder / "data")
    subprocess.run([sys.executable, "-m", "dashboard", "reload", "--data", data], check=True, timeout=scaled(60))


def test_rolling_the_workers_shows_nothing_on_the_pages_and_they_miss_nothing(
    pages: Pages, workers: ServerProcess
) -> None:
    pages.expect(SOCKET_FAILED)
    page = pages.open(board_url(workers.url, "walk"))
    watch_curtain(page)
    for number in range(1, 6):
        workers.post("walk", number)
    wait_for_values(page, "walk", [float(n) for n in range(1, 6)])
    reload(workers)
    for number in range(6, 11):
        workers.post("walk", number)
    wait_for_values(page, "walk", [float(n) for n in range(1, 11)])
    curtain_was_not_shown(page)


def test_while_the_journal_does_not_answer_the_page_says_so_and_says_when_it_is_over(
    pages: Pages, workers: ServerProcess, redis_server: RedisServer
) -> None:
    page = pages.open(board_url(workers.url, "walk"))
    workers.post("walk", 1)
    wait_for_values(page, "walk", [1.0])
    notice = page.locator("#degraded")
    expect(notice).to_be_hidden()
    redis_server.signal(signal.SIGSTOP)
    try:
        expect(notice).to_be_visible(timeout=scaled(10_000))
        expect(notice).to_have_text("New data is delayed")
        expect(notice).to_have_attribute("title", "the journal does not answer")  # and not where it is
        late = pages.open(board_url(workers.url, "walk"))  # comes meanwhile: is told too, and shows what there is
        expect(late.locator("#degraded")).to_be_visible()
        wait_for_values(late, "walk", [1.0])
        wait_for_curtain(page, shown=False, timeout_ms=1)
    finally:
        redis_server.signal(signal.SIGCONT)
    expect(notice).to_be_hidden(timeout=scaled(10_000))
    workers.post("walk", 2)
    for each in (page, late):
        wait_for_values(each, "walk", [1.0, 2.0])


def test_the_cluster_board_shows_both_workers(pages: Pages, workers: ServerProcess) -> None:
    page = pages.open(f"{workers.url}/boards/cluster")
    rows = page.locator("table-tile tbody tr")
    expect(rows).to_have_count(2, timeout=scaled(15_000))
    names = sorted(row.split("\t")[0] for row in rows.all_inner_texts())
    assert [name.rpartition("/")[2] for name in names] == ["1", "2"]


def test_pages_on_both_workers_show_the_same(pages: Pages, workers: ServerProcess) -> None:
    opened = [pages.open(board_url(workers.url, "walk")) for _ in range(6)]
    for number in range(1, 21):
        workers.post("walk", number)
    for page in opened:
        wait_for_values(page, "walk", [float(n) for n in range(1, 21)])
    assert len({str(values(page, "walk")) for page in opened}) == 1
