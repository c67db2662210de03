"""Tokens in JSON bodies, and Authorization headers that hold none."""

from __future__ import annotations

from base64 import b64encode

import pytest

from dashboard.accounts.credentials import TOKEN_PREFIX
from dashboard.web.feed.shown_token import is_foreign, says_something, token_in


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("body", "at_once", "by_search"),
    [
        (b'{"auth_token": "abc", "value": 1}', "abc", "abc"),
        (b' {"api_key": "abc"}', "abc", "abc"),
        (b'{"auth_token": "a", "api_key": "b"}', "a", "a"),
        (b'[{"auth_token": "abc"}]', "", "abc"),
        (b'{"auth_token": "abc", broken', "", "abc"),
        (b'{"auth_token": 7}', "", ""),
        (b'"auth_token": "abc"', "", ""),
        (b"", "", ""),
    ],
)
def test_a_token_is_found_in_an_object_and_by_search_in_more(body: bytes, at_once: str, by_search: str) -> None:
    assert token_in(body, search=False) == at_once
    assert token_in(body, search=True) == by_search


@pytest.mark.parametrize(("header", "says"), [("", False), ("Basic ", False), (basic(":"), False), (basic("a:"), True)])
def test_an_empty_user_and_password_say_nothing(header: str, says: bool) -> None:
    assert says_something(header) is says


@pytest.mark.parametrize(
    ("header", "foreign"),
    [
        (basic("root:root"), True),
        (basic(f"any:{TOKEN_PREFIX}abc"), False),
        (basic("any:head.body.seal"), False),
        ("Basic !", False),
        ("Bearer ", True),
        ("Token", True),
        ("Bearer abc", False),
        ("Digest abc", False),
    ],
)
def test_what_can_be_no_token_of_this_server_is_foreign(header: str, foreign: bool) -> None:
    assert is_foreign(header) is foreign
