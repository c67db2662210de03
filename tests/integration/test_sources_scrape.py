"""Scraping, against real exporters and against targets that hang, flood, redirect and lie."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.debian_peers import NodeExporter, Prometheus, needs
from tests.support.redis_server import free_port
from tests.support.server import ServerProcess, wait_until
from tests.support.sources import Target, counted, latest, page, reasons, wait_for_value, write_sources

LIMIT = 4 << 20


@pytest.fixture
def scrape(tmp_path: Path) -> Iterator[Any]:
    """Start a server that scrapes ``{name: url or fields}`` every half second."""
    with ExitStack() as stack:

        def start(*flags: str, **targets: Any) -> ServerProcess:
            scraped = [
                {"name": name, "every_s": 0.5} | (given if isinstance(given, dict) else {"url": given})
                for name, given in targets.items()
            ]
            file = write_sources(tmp_path, scrape=scraped)
            server = ServerProcess(
                tmp_path / "server", "--no-host-feeder", "--no-server-feeder", "--sources", file, *flags
            ).start()
            stack.callback(server.close)
            return server

        yield start


@needs("prometheus", "prometheus-node-exporter")
def test_prometheus_and_the_node_exporter_are_scraped(scrape: Any, tmp_path: Path) -> None:
    with Prometheus(tmp_path / "prometheus") as prometheus, NodeExporter(tmp_path / "node") as node:
        urls = {"prom": f"http://127.0.0.1:{prometheus.port}/metrics", "node": f"http://127.0.0.1:{node.port}/metrics"}
        server = scrape("--max-series", "20000", **urls)
        for name, peer in (("prom", prometheus), ("node", node)):
            wait_for_value(server, f'up{{instance="127.0.0.1:{peer.port}",job="{name}"}}', 1)
            wait_until(lambda name=name: counted(server, "accepted", f"scrape:{name}") > 200)
        of_node = f'instance="127.0.0.1:{node.port}",job="node"'
        assert wait_for_value(server, f"node_memory_MemTotal_bytes{{{of_node}}}") > 1e6
        assert latest(server, "prometheus_build_info")
        node.close()
        wait_for_value(server, f"up{{{of_node}}}", 0)
        assert counted(server, "failing", "scrape:node") == 1
        assert counted(server, "failing", "scrape:prom") == 0
        series = server.json("GET", "/api/v1/series?match=node_memory_MemTotal_bytes")[1]["series"][0]
        assert series["every_s"] == 0.5
        fresh = lambda: server.json("GET", "/api/v1/series?match=node_load1")[1]["series"][0]["freshness"]  # noqa: E731
        wait_until(lambda: fresh() != "live", 10, "the series of the dead target go stale")
        node.start()
        wait_for_value(server, f"up{{{of_node}}}", 1)
    assert server.stop() == 0


def test_a_target_with_too_many_series_is_up_all_the_same(scrape: Any) -> None:
    with Target(lambda _: page("a 1\nb 2\nc 3\n")) as target:
        server = scrape(app={"url": target.url, "max_series": 2})
        wait_for_value(server, f'up{{instance="127.0.0.1:{target.port}",job="app"}}', 1)
        wait_until(lambda: latest(server, "b") and counted(server, "refused", "scrape:app", "source_series_limit"))
        assert not latest(server, "c")
        assert counted(server, "series", "scrape:app") == 2
        assert counted(server, "refused", "scrape:app", "source_series_limit") >= 1
        assert server.stop() == 0


def test_every_sample_is_accepted_or_refused_and_labels_are_those_of_a_scrape(scrape: Any) -> None:
    text = 'a 1\na{job="mine"} 2\nb NaN\nc +Inf\n# TYPE hits_total counter\nhits_total 7\n'
    with Target(lambda _: page(text)) as target:
        server = scrape(app={"url": target.url, "labels": {"site": "north"}})
        labels = f'instance="127.0.0.1:{target.port}",job="app",site="north"'
        wait_for_value(server, f"hits_total{{{labels}}}", 7)
        assert latest(server, "a") == {
            f"a{{{labels}}}": 1,
            f'a{{exported_job="mine",{labels}}}': 2,
        }
        wait_until(lambda: counted(server, "received", "scrape:app") >= 2)
        received, accepted, refused = (
            counted(server, name, "scrape:app") for name in ("received", "accepted", "refused")
        )
        assert refused == counted(server, "refused", "scrape:app", "not_finite")
        assert 3 * (received - 1) <= accepted <= 3 * (received + 1)
        assert 2 * (received - 1) <= refused <= 2 * (received + 1)
    head = target.requests[0].decode()
    assert "Accept: application/openmetrics-text;version=1.0.0" in head
    assert server.complaints().count("WARNING") <= 1  # at the end, when the target goes


@pytest.mark.parametrize(
    "misbehaving",
    [
        {"hangs": (lambda _: None, "timeout")},
        {"large": (lambda _: page(b"a 1\n" + b"#" * (LIMIT - 3)), "too_large")},
        {
            "unpacks_large": (
                lambda _: page(gzip.compress(b"#" * (LIMIT + 1)), "200 OK", "Content-Encoding: gzip"),
                "too_large",
            )
        },
        {"large_without_a_length": (lambda _: b"HTTP/1.1 200 OK\r\n\r\n" + b"# \n" * (LIMIT // 2), "too_large")},
        {
            "redirects": (lambda _: page("", "302 Found", "Location: http://127.0.0.1:1/"), "redirect"),
            "fails": (lambda _: page("no", "500 Internal Server Error"), "status"),
            "login_page": (lambda _: page("<html>login</html>"), "format"),
            "not_utf8": (lambda _: page(b"a \xff\n"), "format"),
            "garbage": (lambda _: b"\x00\x01 garbage\r\n\r\n", "connection"),
            "ends": (lambda _: b"", "connection"),
            "endless_headers": (lambda _: page("a 1\n", "200 OK", "X-Padding: " + "x" * 70_000), "connection"),
        },
    ],
    ids=lambda misbehaving: " ".join(misbehaving),
)
def test_a_target_that_misbehaves_is_counted_and_leaves_the_others_alone(scrape: Any, misbehaving: Any) -> None:
    with ExitStack() as stack:
        good = stack.enter_context(Target(lambda _: page("good 1\n")))
        bad = {name: stack.enter_context(Target(answer)) for name, (answer, _) in misbehaving.items()}
        bounded = {name: {"url": target.url, "timeout_s": 5, "max_bytes": LIMIT} for name, target in bad.items()}
        server = scrape(good=good.url, **bounded)
        for name, (_, reason) in misbehaving.items():
            source, port = f"scrape:{name}", bad[name].port
            wait_until(lambda source=source, reason=reason: counted(server, "failures", source, reason), 15, source)
            assert reasons(server, "failures", source) == {reason}
            assert counted(server, "accepted", source) == 0
            assert wait_for_value(server, f'up{{instance="127.0.0.1:{port}",job="{name}"}}') == 0
        wait_until(lambda: counted(server, "accepted", "scrape:good") >= 4)
        assert counted(server, "failures", "scrape:good") == 0
        assert all(server.complaints().count(f"source scrape:{name}:") == 1 for name in misbehaving)
        assert server.rss_kib() < 400_000
        assert server.stop() == 0
    assert "Traceback" not in server.complaints()


def test_just_as_many_bytes_as_are_allowed_are_taken_also_behind_a_redirect(scrape: Any) -> None:
    def answer(request: bytes) -> bytes:
        if request.startswith(b"GET /metrics "):  # as servers with a mounted application
            return page("elsewhere", "307 Temporary Redirect", "Location: /metrics/?a=b")
        return page(b"a 1\n" + b"#\n" * ((LIMIT - 4) // 2))

    with Target(answer) as target:
        server = scrape(app={"url": target.url, "every_s": 2, "max_bytes": LIMIT})
        wait_until(lambda: counted(server, "accepted", "scrape:app"), 15)
        assert counted(server, "failures", "scrape:app") == 0


def test_a_series_that_vanishes_from_a_good_answer_has_ended_and_not_when_the_target_fails(scrape: Any) -> None:
    text = {"now": f"a 1\nb 2\nc 3\nown_time 4 {int(time.time() * 1000)}\n"}
    with Target(lambda _: page(text["now"]) if text["now"] else page("no", "500 Internal Server Error")) as target:
        server = scrape(app={"url": target.url, "every_s": 1})

        def states() -> dict[str, str]:
            rows = server.json("GET", "/api/v1/series")[1]["series"]
            return {row["name"]: row["freshness"] for row in rows if row["name"] != "up"}

        wait_until(lambda: len(states()) == 4)
        text["now"] = ""
        wait_until(lambda: counted(server, "failures", "scrape:app", "status"))
        assert "dead" not in states().values()
        text["now"] = "a 1\nc NaN\n"
        wait_until(lambda: states()["b"] == "dead")
        assert states()["a"] == "live"
        assert (states()["c"], states()["own_time"]) != ("dead", "dead")
        text["now"] = "a 1\nb 5\n"
        wait_until(lambda: states()["b"] == "live")
        wait_until(lambda: states()["c"] == "dead")


def test_one_bad_line_and_one_long_label_cost_themselves_and_the_target_is_up(scrape: Any) -> None:
    text = f'good 1\nbad line here\nlong{{a="{"x" * 5_000}"}} 1\nlonger{{a="{"x" * 70_000}"}} 1\nfine 2\n'
    with Target(lambda _: page(text)) as target:
        server = scrape(app=target.url)
        wait_for_value(server, f'up{{instance="127.0.0.1:{target.port}",job="app"}}', 1)
        of_target = f'{{instance="127.0.0.1:{target.port}",job="app"}}'
        assert latest(server, '{__name__=~"good|fine|long.*|bad"}') == {f"good{of_target}": 1, f"fine{of_target}": 2}
        feeders = server.json("GET", "/api/v1/feeders")[1]["feeders"]
        reasons = {refusal["reason"] for feeder in feeders for refusal in feeder["refusals"]}
        assert {"value: 'line' is not a number"} <= {reason[:29] for reason in reasons} | reasons
        assert "labels.a: is 5000 bytes long; at most 4096 (setting max_label_value_bytes)" in reasons
        assert "line 4 is longer than 65536 bytes; shorten it" in reasons


def test_an_exporter_may_be_slow(scrape: Any) -> None:
    def slow(_: bytes) -> bytes:
        time.sleep(1.5)  # longer than the one waits, and shorter than the other
        return page("slow 1\n")

    with Target(slow) as target:
        server = scrape(fast={"url": target.url, "timeout_s": 0.5}, app={"url": target.url, "timeout_s": 8})
        wait_until(lambda: counted(server, "accepted", "scrape:app"), 15)
        assert counted(server, "failures", "scrape:fast", "timeout") >= 1
        assert counted(server, "accepted", "scrape:fast") == 0


def test_secrets_are_sent_to_the_target_and_shown_nowhere(scrape: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-token\n")
    with Target(lambda r: page("a 1\n") if b"Bearer s3cret-token" in r else page("", "401 Unauthorized")) as target:
        server = scrape(app={"url": target.url, "token_file": str(tmp_path / "token")})
        wait_until(lambda: counted(server, "accepted", "scrape:app"))
        (tmp_path / "token").write_text("s3cret-wrong\n")
        wait_until(lambda: counted(server, "failures", "scrape:app", "status"))
        assert server.stop() == 0
    assert "s3cret" not in server.log.read_text()


def test_a_target_that_is_not_there_yet_is_scraped_once_it_is(scrape: Any) -> None:
    server = scrape(app=f"http://127.0.0.1:{free_port()}/metrics")
    wait_until(lambda: counted(server, "failures", "scrape:app", "connection") >= 2)
    assert counted(server, "failing", "scrape:app") == 1
