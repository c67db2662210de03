from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.claims import claim_of_document
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.smashing import parse_dashboard_event, parse_widget
from tests.support.claims import accepted
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def parse(widget: str = "w", **fields: Any) -> Parsed:
    parsed = parse_widget(widget, json.dumps({"auth_token": "SECRET"} | fields).encode(), LATEST_MS)
    check_parsed(parsed)
    assert not any(b"SECRET" in body for _, body, _ in parsed.documents)
    return parsed


def document(parsed: Parsed) -> Any:
    return json.loads(parsed.documents[0][1])


def test_a_number_and_its_suffix() -> None:
    parsed = parse("valuation", current=47.5, last=44)
    assert (parsed.batch.keys, parsed.batch.values, document(parsed)) == (["valuation"], [47.5], {"last": 44})
    parsed = parse("valuation", current="48", suffix="%", moreinfo="of all")
    assert (parsed.batch.values, parsed.batch.declared) == ([48.0], [(0, "%", None)])
    assert parsed.documents[0][0] == "valuation"
    assert document(parsed) == {"suffix": "%", "moreinfo": "of all"}


def test_a_meter() -> None:
    parsed = parse("synergy", value=82, min=0, max=100)
    assert (parsed.batch.values, document(parsed)) == ([82], {"min": 0, "max": 100})


def test_a_graph_with_times_and_one_with_places() -> None:
    parsed = parse(
        "g", points=[{"x": T // 1000, "y": 1}, {"x": T // 1000 + 1, "y": None}, {"x": T // 1000 + 2, "y": 3}]
    )
    assert (parsed.batch.times, parsed.batch.values) == ([T, T + 2_000], [1, 3])
    assert parsed.batch.refused == []  # null is no value
    parsed = parse("g", points=[{"x": x, "y": x * 2} for x in range(1, 11)])
    assert (parsed.batch.times, parsed.batch.values) == ([None], [20])
    assert parse("g", points=[]).batch.keys == []


@pytest.mark.parametrize(
    "fields",
    [
        {"items": [{"label": "a", "value": 5}]},
        {"title": "t", "text": "x", "moreinfo": "m"},
        {"image": "/a.png"},
        {"status": "danger"},
    ],
)
def test_list_text_image_and_status_become_the_document(fields: dict[str, Any]) -> None:
    parsed = parse("buzzwords", **fields)
    assert (parsed.documents[0][0], document(parsed), parsed.batch.keys) == ("buzzwords", fields, [])


def test_a_text_is_kept_as_one_and_what_is_neither_is_refused() -> None:
    for text in ("many", "nan", "1_0", "x" * 50):
        parsed = parse("w", current=text, title="t")
        assert (parsed.batch.keys, parsed.batch.refused, document(parsed)) == ([], [], {"title": "t", "current": text})
    parsed = parse("w", current={"a": 1}, title="t")
    assert [(r.index, r.field, r.snippet) for r in parsed.batch.refused] == [(0, "current", '{"a": 1}')]
    assert document(parsed) == {"title": "t"}
    assert len(parse("w", value=True).batch.refused) == 1


def test_the_numbers_of_an_array_become_numbered_series() -> None:
    parsed = parse("my widget", current=[1, None, "2.5"], value=[5, True], suffix="%")
    assert (parsed.batch.keys, parsed.batch.values) == (["my_widget_0", "my_widget_2"], [1, 2.5])
    assert [unit for _, unit, _ in parsed.batch.declared] == ["%", "%"]
    assert [refusal.field for refusal in parsed.batch.refused] == ["value"]


def test_widget_names_are_mapped_and_bad_bodies_invalid() -> None:
    assert parse("my widget", current=1).batch.keys == ["my_widget"]
    for widget, body in (
        ("", b"{}"),
        ("w", b"[]"),
        ("w", b""),
        ("w", b'{"points":5}'),
        ("x" * 2_049, b'{"current":1}'),
    ):
        with pytest.raises(Invalid):
            parse_widget(widget, body, LATEST_MS)


def test_one_bad_field_costs_only_itself() -> None:
    body = b'{"current":NaN,"title":"a","title":"b","items":[{"value":NaN},{"value":2}],"deep":%b,"value":"7"}'
    parsed = parse_widget("w", body % (b"[" * 17 + b"]" * 17), LATEST_MS)
    assert (parsed.batch.keys, parsed.batch.values) == (["w"], [7])
    assert document(parsed) == {"title": "b", "items": [{"value": None}, {"value": 2}]}
    assert [refusal.field for refusal in parsed.batch.refused] == ["title", "items", "deep", "current"]
    parsed = parse_widget("w", b'{"points":[{"x":1,"x":%d,"y":1},{"x":%d,"y":NaN}]}' % (T, T // 1000), LATEST_MS)
    assert (parsed.batch.keys, len(parsed.batch.refused)) == ([], 2)


def test_two_ids_that_would_be_one_name_are_told_apart() -> None:
    origins = Origins()
    accepted(parse_widget("a b", b'{"current":1}', LATEST_MS, origins=origins))
    with pytest.raises(Invalid, match="would both be a_b"):
        parse_widget("a_b", b'{"current":1}', LATEST_MS, origins=origins)
    parse_widget("a b", b'{"current":2}', LATEST_MS, origins=origins)


def test_orders() -> None:
    assert parse_dashboard_event(b'{"auth_token":"a","event":"reload"}') == "reload"
    for body in (b"[]", b'{"event":[5]}', b'{"event":"a\\u0000"}'):
        with pytest.raises(Invalid):
            parse_dashboard_event(body)


def test_an_id_that_has_only_written_texts_owns_the_series_too() -> None:
    origins = Origins()
    claim = claim_of_document(parse_widget("a b", b'{"text":"x"}', LATEST_MS, origins=origins).batch.claims, "a_b")
    assert claim is not None
    claim.settle()
    claim.keep()
    with pytest.raises(Invalid, match="would both be a_b"):
        parse_widget("a_b", b'{"current":1}', LATEST_MS, origins=origins)
