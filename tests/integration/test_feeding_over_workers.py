"""Feeders on two workers: both know the series of a group and of a token, and so does a later worker."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import quote

import pytest

from tests.support.cluster import Cluster
from tests.support.deadline import DeadlinePassed
from tests.support.server import wait_until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("feeding")) as made:
        yield made


def freshness(cluster: Cluster, prefix: str) -> dict[str, str]:
    """Return the freshness of the series whose names begin so, as the first worker has it."""
    answer = cluster.server.request("GET", f"/api/v1/series?q={prefix}", port=cluster.direct_ports[0])[2]
    return {row["name"]: row["freshness"] for row in json.loads(answer)["series"] if row["name"].startswith(prefix)}


def push(cluster: Cluster, worker: int, method: str, job: str, *names: str) -> None:
    body = "".join(f"{name} 1\n" for name in names)
    status = cluster.server.request(method, f"/metrics/job/{job}", body or None, port=cluster.direct_ports[worker - 1])[
        0
    ]
    assert status in (200, 202)


def comes_to(cluster: Cluster, prefix: str, wanted: dict[str, str]) -> None:
    wait_until(lambda: freshness(cluster, prefix) == wanted, 20, f"{wanted}")


def test_a_group_is_replaced_and_deleted_on_whichever_worker(cluster: Cluster) -> None:
    for turn in range(5):
        a, b, c = (f"g{turn}_{letter}" for letter in "abc")
        push(cluster, 1, "PUT", f"j{turn}", a, b)
        push(cluster, 2, "POST", f"j{turn}", c)
        push(cluster, 1, "PUT", f"j{turn}", b)
        comes_to(cluster, f"g{turn}_", {a: "dead", b: "live", c: "dead"})
        push(cluster, 2, "DELETE", f"j{turn}")
        comes_to(cluster, f"g{turn}_", {a: "dead", b: "dead", c: "dead"})


def test_what_was_answered_on_one_worker_is_known_on_the_other(cluster: Cluster) -> None:
    """The next request may come at once, and the news may take either way."""
    for turn in range(20):
        a, b, c = (f"n{turn}_{letter}" for letter in "abc")
        push(cluster, 1, "PUT", f"n{turn}", a, b)
        push(cluster, 2, "PUT", f"n{turn}", a)
        push(cluster, 1, "POST", f"n{turn}", c)
        push(cluster, 2, "DELETE", f"n{turn}")
    for turn in range(20):
        comes_to(cluster, f"n{turn}_", dict.fromkeys((f"n{turn}_{letter}" for letter in "abc"), "dead"))
    for turn in range(10):
        push(cluster, 1, "PUT", f"n{turn}", f"n{turn}_a")  # it lives again, whatever the clocks say
    for turn in range(10):
        letters = {"a": "live", "b": "dead", "c": "dead"}
        comes_to(cluster, f"n{turn}_", {f"n{turn}_{letter}": state for letter, state in letters.items()})


def test_what_is_posted_to_a_group_on_both_workers_at_once_is_in_it(cluster: Cluster) -> None:
    for turn in range(10):
        names = [f"p{turn}_{n}" for n in range(6)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: push(cluster, 1 + n % 2, "POST", f"p{turn}", names[n]), range(6)))  # noqa: B023
        push(cluster, 1, "DELETE", f"p{turn}")
        comes_to(cluster, f"p{turn}_", dict.fromkeys(names, "dead"))


def test_a_worker_that_takes_the_place_of_a_killed_one_knows_the_groups(cluster: Cluster) -> None:
    groups = iter(range(150))
    for group in range(150):
        push(cluster, 2, "PUT", f"kept{group}", f"kept{group}_a", f"kept{group}_b")
    pid = cluster.signal_worker(2, signal.SIGKILL)
    cluster.wait_replaced(2, pid)
    cluster.wait_ready()

    def is_known() -> bool:
        group = next(groups, None)  # another each time: pushing teaches
        if group is None:
            raise DeadlinePassed("the groups were not known while there were others to ask for")
        push(cluster, 2, "PUT", f"kept{group}", f"kept{group}_a")
        time.sleep(0.1)
        return freshness(cluster, f"kept{group}_")[f"kept{group}_b"] == "dead"

    wait_until(is_known, 20, "the groups to be known")


def test_the_series_of_a_token_are_counted_over_both_workers(cluster: Cluster) -> None:
    token = cluster.server.token("few", "--verb", "write", "--max-series", "6")
    headers = {"Authorization": f"Bearer {token}"}

    def feed(worker: int, first: int) -> int:
        """Send four new series; return how many were accepted."""
        body = json.dumps([{"series": f"few_{n}", "value": 1} for n in range(first, first + 4)])
        port = cluster.direct_ports[worker - 1]
        return int(json.loads(cluster.server.request("POST", "/api/v1/samples", body, headers, port)[2])["accepted"])

    for port in cluster.direct_ports:
        me = partial(cluster.server.request, "GET", f"/api/v1/me?token={token}", port=port)
        wait_until(lambda me=me: me()[0] == 200, 20, "the token to be known")
    # whatever is answered on one worker counts on the other, however soon
    assert [feed(1, 0), feed(2, 0), feed(2, 4), feed(1, 4), feed(1, 10), feed(2, 20)] == [4, 4, 2, 2, 0, 0]


def test_new_series_on_both_workers_in_turn_are_never_too_many(cluster: Cluster) -> None:
    for turn in range(3):
        token = cluster.server.token(f"turn{turn}", "--verb", "write", "--max-series", "7")
        taken = 0
        for n in range(12):
            body = json.dumps({"series": f"turn{turn}_{n}", "value": 1})
            port = cluster.direct_ports[n % 2]
            headers = {"Authorization": f"Bearer {token}"}
            taken += cluster.server.request("POST", "/api/v1/samples", body, headers, port)[0] == 202
        assert taken == 7


def test_a_name_that_owns_a_series_on_one_worker_owns_it_on_the_other(cluster: Cluster) -> None:
    def write(worker: int, line: str) -> int:
        return cluster.server.request("POST", "/write", line, port=cluster.direct_ports[worker - 1])[0]

    assert write(1, "own_a b=1") == 204
    wait_until(lambda: write(2, "own a_b=2") == 400, 20, "the refusal of the other name")
    assert write(2, "own_a b=3") == 204
    assert write(1, "own a_b=4") == 400


def test_a_refused_sample_takes_its_name_on_no_worker(cluster: Cluster) -> None:
    def write(worker: int, line: str) -> int:
        return cluster.server.request("POST", "/write", line, port=cluster.direct_ports[worker - 1])[0]

    tomorrow_ns = time.time_ns() + 86_400 * 10**9
    assert [write(worker, f"later_a b=1 {tomorrow_ns}") for worker in (1, 2)] == [400, 400]
    assert [write(1, "later a_b=2"), write(2, "later a_b=3")] == [204, 204]
    wait_until(lambda: write(2, "later_a b=4") == 400, 20, "the refusal of the other name")
    assert write(1, "later_a b=5") == 400


@pytest.mark.parametrize("is_timed", [True, False])
def test_a_request_with_deltas_that_is_sent_again_to_another_worker_counts_once(
    cluster: Cluster, is_timed: bool
) -> None:
    name, padding = f"again_{is_timed}", {"key": "long", "value": {"stringValue": "x" * 2_000}}
    times = [{"timeUnixNano": str(time.time_ns() - n * 10**9)} if is_timed else {} for n in range(600)]
    points = [{"asInt": "1", "attributes": [padding], **timed} for timed in times]  # more than 1 MiB
    metric = {"name": name, "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": points}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})
    assert len(body) > 1 << 20
    for worker in (1, 2, 1, 2):
        port = cluster.direct_ports[worker - 1]
        status = cluster.server.request("POST", "/v1/metrics", body, {"Content-Type": "application/json"}, port)[0]
        assert status == 200
    query = f"/prometheus/api/v1/query?query={quote(f'count_over_time({name}_total[14m])')}"

    def counted(port: int) -> int:
        answer = cluster.server.request("GET", query, port=port)
        assert answer[0] == 200, answer
        rows = json.loads(answer[2])["data"]["result"]
        return int(rows[0]["value"][1]) if rows else 0

    for port in cluster.direct_ports:  # deltas without a time get times that differ, the last ones a moment from now
        wait_until(lambda port=port: counted(port) >= 600, 20, "all samples")
        assert counted(port) == 600
