from __future__ import annotations

import base64

import pytest

from dashboard.accounts.authorization import token_in_header
from dashboard.domain.errors import BadToken

TOKEN = "dsh_abc"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}", f"bearer  {TOKEN}", f"Token {TOKEN}", f"Token any:{TOKEN}", f"Bearer%20{TOKEN}", TOKEN, f"Api-Token {TOKEN}",
        basic("any", TOKEN), basic(TOKEN, ""), basic(TOKEN, "x"), basic("any", TOKEN).rstrip("="),
        basic("any", TOKEN).replace(" ", "%20").replace("=", "%3D"),
    ],
)  # fmt: skip
def test_a_token_is_found_as_clients_write_it(header: str) -> None:
    assert token_in_header(header) == TOKEN


def test_what_is_no_token_of_this_server_is_left_to_the_caller() -> None:
    assert token_in_header("Bearer a.b.c") == "a.b.c"
    assert token_in_header(basic("root", "root")) == "root"
    assert token_in_header(basic("root", "")) == ""


@pytest.mark.parametrize("header", ["", "x", "Digest x", "Basic %%%", "Basic \u00e9", "Basic /w=="])
def test_another_header_is_refused(header: str) -> None:
    with pytest.raises(BadToken):
        token_in_header(header)
