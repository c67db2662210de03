"""Smashing's widgets and orders, with Smashing's words."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Refusal
from dashboard.ingest.origins import Origins
from dashboard.web.feed.format import Fault
from dashboard.web.feed.smashing import SmashingOrder, SmashingWidget, order_in
from tests.unit.web.feed.asked import asked, outcome


def test_the_fields_of_a_widget_are_stored() -> None:
    parsed = SmashingWidget(Origins()).parse(asked(b'{"auth_token": "x", "current": 7}', "karma"))
    assert parsed.batch.values == [7]
    assert SmashingWidget().answer(asked(), parsed, outcome()).status == 204
    with pytest.raises(Invalid, match="value: is no number"):
        SmashingWidget().answer(asked(), parsed, outcome(Refusal(0, "value", "is no number")))


def test_an_order_becomes_an_event_of_its_board() -> None:
    event = SmashingOrder().parse(asked(b'{"event": "reload"}', "sales")).events[0]
    assert (event.title, event.tags) == ("reload sales", ("dashboard:sales",))
    assert order_in(asked(b'{"event": "reload"}')) == "reload"
    with pytest.raises(Invalid, match="event: is missing"):
        order_in(asked(b"{}"))


def test_a_wrong_token_is_told_in_smashings_words() -> None:
    assert SmashingWidget().refuse(asked(), Fault(401, "bad_token", "ours", {})).body == b"Invalid API key\n"
    assert b"ours" in SmashingWidget().refuse(asked(), Fault(400, "invalid", "ours", {})).body
