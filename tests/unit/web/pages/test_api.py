"""The list of series, as JSON in parts."""

from __future__ import annotations

import pytest

from dashboard.entries.samples import encode_samples
from dashboard.web.pages import api
from dashboard.web.pages.api import SeriesHandler, SeriesServices
from dashboard.web.server.route import Route
from tests.support.histories import T0
from tests.support.nodes import a_journal, at_work, replicas_of
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test


async def test_the_series_that_match_are_listed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = a_journal()
    replicas = replicas_of(journal)
    await journal.append("metrics.0", encode_samples(["b", 'a{x="1"}', "c"], T0, [1.0, 2.0, 3.0]))
    site = Asking(Route("/api/v1/series", SeriesHandler, SeriesServices(replicas, lambda: T0 + 500)))
    async with at_work(replicas.run):
        await replicas.wait_ready(("metrics.0",))
        every = (await site.ask("/api/v1/series")).json
        assert (every["now"], [each["series"] for each in every["series"]]) == (T0 + 500, ['a{x="1"}', "b", "c"])
        some = (await site.ask("/api/v1/series?match=b&match=c")).json["series"]
        assert [each["series"] for each in some] == ["b", "c"]
        assert (await site.ask("/api/v1/series?match=none")).json["series"] == []
        monkeypatch.setattr(api, "_MAX_COST_US", -1)
        dear = await site.ask("/api/v1/series?match=b")
        assert (dear.status, dear.json["field"]) == (400, "match")
