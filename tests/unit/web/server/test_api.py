"""Numbers in the query, and the caller's name for the audit log."""

from __future__ import annotations

import pytest

from dashboard.domain.identity import Role, User
from dashboard.web.server.api import ApiHandler
from dashboard.web.server.route import Route
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test
PATH = "/api/v1/samples"  # anybody may ask


class Counting(ApiHandler[None]):
    """Handler that repeats the number of its query."""

    def get(self) -> None:
        self.write_json({"n": self.number("n", 5, 1, 100), "by": self.by})

    def delete(self) -> None:
        self.done()


@pytest.mark.parametrize(("query", "number"), [("", 5), ("?n=1", 1), ("?n=100", 100), ("?n=007", 7)])
async def test_a_number_is_read_within_its_bounds(query: str, number: int) -> None:
    assert (await Asking(Route(PATH, Counting, None)).ask(PATH + query)).json["n"] == number


@pytest.mark.parametrize("text", ["0", "101", "-1", "1.5", "", "x", "%D9%A1", "9" * 400])
async def test_any_other_text_is_refused_by_the_name_of_its_field(text: str) -> None:
    reply = await Asking(Route(PATH, Counting, None)).ask(f"{PATH}?n={text}")
    assert (reply.status, reply.json["field"]) == (400, "n")
    assert "is not a whole number from 1 to 100" in reply.json["error"]


async def test_a_change_is_by_a_user_or_by_a_kind_of_caller() -> None:
    site = Asking(Route(PATH, Counting, None))
    ann = site.log_in(User("ann", "Ann", Role.VIEWER))
    assert (await site.ask(PATH, Authorization=f"Bearer {ann}")).json["by"] == "ann"
    assert (await site.ask(PATH)).json["by"] == "local"
    done = await site.ask(PATH, "DELETE")
    assert (done.status, done.body) == (204, b"")
