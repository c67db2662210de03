"""Listings of series, labels and metadata, with their limits."""

from __future__ import annotations

import pytest

from dashboard.web.prometheus import listings
from tests.unit.web.prometheus.test_handlers import API, NOW_S, prometheus

pytestmark = pytest.mark.gen_test
KEYS = ('cpu{core="1",host="a"}', 'cpu{host="b"}', 'mem{host="a"}')


async def test_series_are_listed_by_any_of_the_selectors_once_each() -> None:
    async with prometheus(*KEYS) as site:
        said = (await site.ask(f'{API}/series?match[]=cpu&match[]={{host="a"}}')).json
        assert said["data"] == [
            {"__name__": "cpu", "core": "1", "host": "a"},
            {"__name__": "cpu", "host": "b"},
            {"__name__": "mem", "host": "a"},
        ]
        cut = (await site.ask(f"{API}/series?match[]=cpu&limit=1")).json
        assert (len(cut["data"]), cut["warnings"]) == (1, ["results truncated due to limit"])
        before = (await site.ask(f"{API}/series?match[]=cpu&end={NOW_S - 99}")).json
        assert before["data"] == []


async def test_names_and_values_of_labels_are_listed_in_order() -> None:
    async with prometheus(*KEYS) as site:
        assert (await site.ask(f"{API}/labels")).json["data"] == ["__name__", "core", "host"]
        assert (await site.ask(f"{API}/labels?match[]=mem")).json["data"] == ["__name__", "host"]
        assert (await site.ask(f"{API}/label/host/values")).json["data"] == ["a", "b"]
        cut = (await site.ask(f"{API}/label/host/values?limit=1")).json
        assert (cut["data"], cut["warnings"]) == (["a"], ["results truncated due to limit"])


async def test_metadata_are_given_by_metric() -> None:
    async with prometheus(*KEYS) as site:
        row = {"type": "unknown", "unit": "", "help": ""}
        assert (await site.ask(f"{API}/metadata")).json["data"] == {"cpu": [row], "mem": [row]}
        assert (await site.ask(f"{API}/metadata?metric=mem")).json["data"] == {"mem": [row]}
        assert (await site.ask(f"{API}/metadata?limit=1")).json["data"] == {"cpu": [row]}
        assert (await site.ask(f"{API}/metadata?limit=x")).status == 400


@pytest.mark.parametrize("selector", ["1%2B1", "cpu%20offset%205m", "cpu[5m]", "cpu{"])
async def test_only_a_selector_selects_series(selector: str) -> None:
    async with prometheus(*KEYS) as site:
        reply = await site.ask(f"{API}/series?match[]={selector}")
        assert (reply.status, reply.json["errorType"]) == (400, "bad_data")


async def test_a_search_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "_MAX_COST_US", -1)
    async with prometheus(*KEYS) as site:
        reply = await site.ask(f"{API}/series?match[]=cpu")
        assert (reply.status, reply.json["error"]) == (
            400,
            "match[]: matching the selectors takes too long; name the metrics",
        )
