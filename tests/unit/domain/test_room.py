"""Ids of rooms, and the texts of messages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.identity import USER_NAME
from dashboard.domain.room import clean_text, direct_room, inbox_room, kind_of, parse_room_id, participants

names = st.from_regex(USER_NAME, fullmatch=True)


@given(names, names)
def test_a_conversation_has_one_id_from_either_side_and_names_the_two(first: str, second: str) -> None:
    room = direct_room(first, second)
    assert room == direct_room(second, first)
    assert sorted(participants(room)) == sorted((first, second))
    assert kind_of(room) == "direct"
    assert (participants(inbox_room(first)), kind_of(inbox_room(first))) == ((first,), "inbox")


@given(names, names, names, names)
def test_two_conversations_have_one_id_only_if_they_are_the_same(a: str, b: str, c: str, d: str) -> None:
    assert (direct_room(a, b) == direct_room(c, d)) == (sorted((a, b)) == sorted((c, d)))


@given(st.text(max_size=70))
def test_no_room_that_is_made_has_the_id_of_a_conversation(text: str) -> None:
    try:
        room = parse_room_id(text)
    except Invalid:
        return
    assert (kind_of(room), participants(room)) == ("room", ())
    assert room.isascii()
    assert ":" not in room
    assert "." not in room  # what stands between room and number in a message's id


@pytest.mark.parametrize(
    "text", ["", "a" * 61, "-a", "_a", "a b", "a:b", "a.b", "a/b", "ä", "a\n", "direct:a:b", "inbox:a"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse_room_id(text, field="id")
    assert raised.value.field == "id"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a  ", "a"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\tb", "a\tb"),
        ("a\x01\x1b[31mb\x7f\x85", "a[31mb"),
        ("\u202eabc\u2066", "abc"),
        ("\ufeffx", "x"),
        ("\U0001fae9", "\U0001fae9"),  # newer than this Python knows
        ("👩‍👩‍👧 e\u0301", "👩‍👩‍👧 e\u0301"),
        ("x" * 4_000, "x" * 4_000),
        (" " * 9_000 + "x", "x"),
    ],
)
def test_a_text_loses_what_cannot_be_seen(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "\0",
        "one\0two",
        "\u202e",
        "\u200b\u2060",
        "\u3164",
        "\ud800",
        "a\udfff",
        "x" * 4_001,
        "\x00" + "y" * 4_001,
    ],
)
def test_an_empty_too_long_or_broken_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        clean_text(text, field="body")
    assert raised.value.field == "body"


@given(st.text(max_size=200))
def test_a_cleaned_text_is_clean_and_stays_so(text: str) -> None:
    try:
        cleaned = clean_text(text)
    except Invalid:
        return
    assert clean_text(cleaned) == cleaned
    assert cleaned.encode()
    assert all(unicodedata.category(c) != "Cc" or c in "\n\t" for c in cleaned)
