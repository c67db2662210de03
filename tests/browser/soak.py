"""The Host board for a long time: JS heap, DOM nodes and long tasks of the page. One JSON line at the end.

    python -m tests.browser.soak --minutes 10

Feeds the board's own series by hand, fast, so that a short time holds what a slow one would.  ``test_heap.py`` is the
short form.  The page's window is short too: within it the history has to stop growing.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.browser.pages import Pages, until
from tests.support.deadline import scaled
from tests.support.server import ServerProcess

WINDOW_S = 10
FEEDS_PER_S = 20


def _batch(number: int) -> list[dict[str, Any]]:
    """Return a value for every series that the Host board shows."""
    wave = 50 + 40 * math.sin(number / 30)
    plain = ["host_cpu_percent", "host_memory_percent", "host_uptime_seconds", "host_swap_percent", "dashboard_viewers"]
    plain += [f"host_{what}_bytes_per_s" for what in ("network_receive", "network_send", "disk_read", "disk_write")]
    plain += [f"dashboard_{what}" for what in ("loop_lag_ms", "frames_per_s", "samples_per_s", "journal_bytes")]
    rows = [{"series": name, "value": wave * (1 + n), "every_s": 1 / FEEDS_PER_S} for n, name in enumerate(plain)]
    rows += [
        {"series": "host_cpu_core_percent", "labels": {"core": str(core)}, "value": wave + core} for core in range(4)
    ]
    rows += [
        {"series": "host_filesystem_percent", "labels": {"mount": mount}, "value": wave} for mount in ("/", "/home")
    ]
    rows.append({"series": "host_load", "labels": {"minutes": "1"}, "value": wave / 10})
    for name in ("dashboard_delay_to_screen_ms", "dashboard_delay_to_socket_ms"):
        rows += [{"series": name, "labels": {"quantile": q}, "value": wave} for q in ("p50", "p99")]
    return rows


class Feeding(threading.Thread):
    """Feeder that runs until ``done`` is set."""

    def __init__(self, server: ServerProcess) -> None:
        super().__init__(name="feeding", daemon=True)
        self._server = server
        self.done = threading.Event()
        self.sent = 0

    def run(self) -> None:
        while not self.done.wait(1 / FEEDS_PER_S):
            self._server.json("POST", "/api/v1/samples", _batch(self.sent))
            if self.sent % FEEDS_PER_S == 0:
                rows = [[f"process {n}", n, self.sent % 97, n * 1e6] for n in range(12)]
                columns = ["Process", "PID", {"title": "CPU", "unit": "%"}, {"title": "Memory", "unit": "B"}]
                self._server.json(
                    "PUT", "/api/v1/documents/host_processes?every_s=1", {"columns": columns, "rows": rows}
                )
            self.sent += 1


def _measure(session: CDPSession, page: Page) -> dict[str, float]:
    """Return heap and nodes after a collection: the least of five, because a frame in progress holds more."""
    seen = []
    for _ in range(5):
        session.send("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        seen.append(
            {"heap": metrics["JSHeapUsedSize"], "nodes": metrics["Nodes"], "listeners": metrics["JSEventListeners"]}
        )
        page.wait_for_timeout(130)
    return {name: min(s[name] for s in seen) for name in seen[0]}


def _longest_task_ms(page: Page, for_s: float) -> tuple[float, float]:
    """Return (processor time, wall time) of the longest tasks of the page's main thread within a while."""
    browser = page.context.browser
    assert browser is not None
    page.wait_for_timeout(1_000)  # a forced collection makes the next tasks slow
    browser.start_tracing(page=page, categories=["toplevel"])
    page.wait_for_timeout(for_s * 1000)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [e for e in events if e["ph"] == "X" and e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in mains]
    assert len(tasks) > 10, "nothing was traced"
    return max(e.get("tdur", 0) for e in tasks) / 1000, max(e["dur"] for e in tasks) / 1000


def soak(page: Page, *, warm_s: float, rounds: int, round_s: float) -> dict[str, float]:
    """Watch a page that is being fed: measure in rounds, then compare the first third of the rounds with the last."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.wait_for_timeout(warm_s * 1000)
    taken, tasks = [], []
    for _ in range(rounds):
        taken.append(_measure(session, page))
        tasks.append(_longest_task_ms(page, min(round_s - 1, 10)))
        page.wait_for_timeout(max(0, round_s - 11) * 1000)
    third = max(1, rounds // 3)

    def middle(part: list[dict[str, float]], name: str) -> float:
        return statistics.median(m[name] for m in part)

    return {
        **{f"{name}_first": middle(taken[:third], name) for name in ("heap", "nodes", "listeners")},
        **{f"{name}_last": middle(taken[-third:], name) for name in ("heap", "nodes", "listeners")},
        "longest_task_cpu_ms": max(cpu for cpu, _ in tasks),
        "longest_task_ms": max(wall for _, wall in tasks),
        "frames": page.evaluate("document.querySelector('dash-board').store.version"),
        "most_values": page.evaluate(
            "Math.max(...[...document.querySelector('dash-board').store.series.values()].map((s) => s.times.length))"
        ),
    }


def board_under_load(
    pages: Pages, server: ServerProcess, *, warm_s: float, rounds: int, round_s: float
) -> dict[str, float]:
    """Open the Host board on a server without feeders, feed it fast, and watch it."""
    feeding = Feeding(server)
    feeding.start()
    try:
        page = pages.open(f"{server.url}/?window={WINDOW_S}", width=1920, height=1080)
        until(
            page, "() => document.querySelectorAll('.tile').length && !document.querySelector('.tile[data-fresh=none]')"
        )
        return {**soak(page, warm_s=warm_s, rounds=rounds, round_s=round_s), "feeds": feeding.sent}
    finally:
        feeding.done.set()
        feeding.join(scaled(10))


def main() -> None:
    """Run the long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    server = ServerProcess(folder, "--no-host-feeder", "--no-server-feeder").start()
    try:
        with sync_playwright() as play:
            pages = Pages(play.chromium.launch(executable_path=shutil.which("chromium")))
            rounds = max(3, round(options.minutes * 60 / 20))
            seen = board_under_load(pages, server, warm_s=60, rounds=rounds, round_s=options.minutes * 60 / rounds)
            print(json.dumps(seen), flush=True)
            pages.judge()
    finally:
        server.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
