"""Faults that msgspec finds, as users see them: the words are compared with msgspec's own errors."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from dashboard.domain.decode_faults import fault_of, json_fault_of


class Inner(Struct):
    a: int


class Outer(Struct, forbid_unknown_fields=True):
    whole: Annotated[int, Meta(ge=1, le=100)] = 5
    number: float = 1
    text: Annotated[str, Meta(max_length=3, pattern="^a")] = "a"
    some: Annotated[list[str], Meta(min_length=1, max_length=2)] = []
    maybe: int | float | None = None
    yes: bool = False
    choice: Literal["x", "y"] = "x"
    inner: Inner | None = None
    many: list[Inner] = []
    words: dict[Annotated[str, Meta(max_length=3)], str] = {}
    pair: tuple[int, int] = (1, 2)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"whole": "x"}', "whole: must be a whole number, not text"),
        ('{"whole": 1.5}', "whole: must be a whole number, not a fraction"),
        ('{"whole": 0}', "whole: must be at least 1"),
        ('{"whole": 101}', "whole: must be at most 100"),
        ('{"number": null}', "number: must be a number, not null"),
        ('{"text": "abcd"}', "text: must have at most 3 characters"),
        ('{"text": "b"}', "text: must match '^a'"),
        ('{"some": []}', "some: must have at least 1 entries"),
        ('{"some": 5}', "some: must be a list, not a whole number"),
        ('{"maybe": "x"}', "maybe: must be a number or null, not text"),
        ('{"yes": 1}', "yes: must be true or false, not a whole number"),
        ('{"choice": "z"}', "choice: cannot be 'z'"),
        pytest.param(f'{{"choice": "{"z" * 100_000}"}}', f"choice: cannot be '{'z' * 99}…", id="a long value"),
        ('{"inner": {}}', "inner.a: is missing"),
        ('{"inner": []}', "inner: must be an object or null, not a list"),
        ('{"many": [{"a": 1}, {"a": "x"}]}', "many[1].a: must be a whole number, not text"),
        ('{"words": {"a": 5}}', "words: must be text, not a whole number"),
        ('{"words": {"abcd": "x"}}', "words: a key must have at most 3 characters"),
        ('{"pair": [1]}', "pair: must have exactly 2 entries"),
        ('{"number": 1e999}', "number: is larger than any number that can be stored"),
        ('{"zz": 1}', "zz: is not known here"),
        ("[]", "the body must be an object, not a list"),
        ("{", "the body is not complete JSON, or has half a character (a lone surrogate)"),
    ],
)
def test_a_fault_says_where_it_is_and_what_the_value_must_be(value: str, said: str) -> None:
    with pytest.raises(msgspec.MsgspecError) as raised:
        msgspec.json.decode(value, type=Outer)
    assert fault_of(raised.value).said("the body") == said


def test_what_is_no_json_at_all() -> None:
    with pytest.raises(msgspec.MsgspecError) as raised:
        msgspec.json.decode("nope")
    assert fault_of(raised.value).reason.startswith("is not JSON: invalid character")


def test_nesting_and_bytes_that_are_no_text() -> None:
    with pytest.raises(RecursionError) as deep:
        msgspec.json.decode("[" * 100_000)
    assert fault_of(deep.value).reason == "is nested too deep; use fewer levels"
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)) as raised:
        msgspec.json.decode(b'{"text": "\xff"}', type=Outer)
    assert fault_of(raised.value).reason == "is not UTF-8"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; send JSON"),
        (" \n", "is empty; send JSON"),
        ("nonsense{", "is not JSON: no JSON value begins at line 1, character 1, before 'nonsense{'"),
        ('{"a": 1,\n  b: 2}', "is not JSON: no name in double quotes begins at line 2, character 3, before 'b: 2}'"),
        ('{"a" 1}', "is not JSON: the colon after a name is missing at line 1, character 6, before '1}'"),
        ("[1 2]", "is not JSON: a comma or the closing bracket is missing at line 1, character 4, before '2]'"),
        ("[1", "is not JSON: a comma or the closing bracket is missing at line 1, character 3, where it ends"),
        ("{} x", "is not JSON: more text follows the value at line 1, character 4, before 'x'"),
        ('"a', "is not JSON: a text has no closing quote; it begins at line 1, character 1, before '\"a'"),
        (
            r'"\u12"',
            "is not JSON: \\u is not followed by four hexadecimal digits at line 1, character 3, before 'u12\"'",
        ),
        ("[" + "x" * 1_000, f"is not JSON: no JSON value begins at line 1, character 2, before '{'x' * 20}'"),
    ],
)
def test_what_pythons_decoder_refuses_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads(text)
    assert json_fault_of(raised.value) == said


def test_every_text_of_pythons_decoder_has_plain_words() -> None:
    refused = '{ {1 {"a" {"a": {"a":1 [ [1 [1, nope " "\\x" "\\u1" [1,] {"a":1,} {"a":1,2}'
    for text in ("", "1 2", '"\n"', *refused.split(" ")):
        with pytest.raises(json.JSONDecodeError) as raised:
            json.loads(text)
        assert not {"Expecting", "Unterminated", "Invalid", "Illegal", "delimiter"} & set(
            json_fault_of(raised.value).split()
        )


def test_bytes_and_depth_are_said_alike_for_both_decoders() -> None:
    with pytest.raises(UnicodeDecodeError) as raised:
        json.loads(b'"\xff"')
    assert json_fault_of(raised.value) == "is not UTF-8"
    with pytest.raises(RecursionError) as deep:
        json.loads("[" * 100_000)
    assert json_fault_of(deep.value) == "is nested too deep; use fewer levels"
