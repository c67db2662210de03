"""A share link opens its board for this browser, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.web.accounts.share import SharePage
from dashboard.web.server.route import Route
from tests.unit.web.accounts.served import accounted

pytestmark = pytest.mark.gen_test


async def test_a_valid_link_sets_its_cookie_and_leads_to_its_board(tmp_path: Path) -> None:
    async with accounted(tmp_path) as served:
        site = served.serve(Route("/share/{link}", SharePage, served.authenticator))
        _, link, _ = await served.accounts.create_link("ada", "", "wall", 1)
        reply = await site.ask(f"/share/{link}")
        assert (reply.status, reply.headers["Location"]) == (302, "/boards/wall")
        assert reply.headers["Set-Cookie"].startswith(f"share-wall={link};")


@pytest.mark.parametrize("link", ["wrong", "a.b.c"])
async def test_any_other_link_is_refused_and_is_not_in_the_log(tmp_path: Path, link: str) -> None:
    async with accounted(tmp_path) as served:
        site = served.serve(Route("/share/{link}", SharePage, served.authenticator))
        reply = await site.ask(f"/share/{link}")
        assert (reply.status, "Set-Cookie" in reply.headers) == (404, False)
    assert SharePage.secret_path
