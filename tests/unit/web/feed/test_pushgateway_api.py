"""A Pushgateway's health, its list of groups, and the end of all groups."""

from __future__ import annotations

import pytest

from dashboard.domain.identity import Role, User
from tests.unit.web.feed.served import fed

pytestmark = pytest.mark.gen_test


async def test_groups_are_listed_until_they_are_wiped() -> None:
    async with fed() as stand:
        assert (await stand.site.ask("/api/v1/metrics")).json == {"status": "success", "data": []}
        for job, body in (("a", b"runs 1\n"), ("b", b"runs 2\n")):
            assert (await stand.site.ask(f"/metrics/job/{job}", "PUT", body)).status == 200
        assert len(await stand.values()) >= 2
        groups = (await stand.site.ask("/api/v1/metrics")).json["data"]
        assert sorted(each["labels"]["job"] for each in groups) == ["a", "b"]
        admin = {"Authorization": f"Bearer {stand.site.log_in(User('ada', 'Ada', Role.ADMIN))}"}
        assert (await stand.site.ask("/api/v1/admin/wipe", "PUT", **admin)).status == 202
        assert (await stand.site.ask("/api/v1/metrics")).json["data"] == []
        assert all(series.is_ended for series in (await stand.applied()).table)


async def test_anybody_learns_that_it_runs_and_only_an_administrator_wipes() -> None:
    async with fed(open_=False) as stand:
        for path in ("/-/healthy", "/-/ready"):
            assert (await stand.site.ask(path)).body == b"OK"
        assert (await stand.site.ask("/api/v1/status")).json["data"]["build_information"]["version"]
        assert (await stand.site.ask("/api/v1/admin/wipe", "PUT", Authorization="Bearer dsh_writer")).status == 403
        assert (await stand.site.ask("/api/v1/metrics", Authorization="Bearer dsh_writer")).status == 403
