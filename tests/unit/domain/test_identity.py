"""Names, roles, passwords, callers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.identity import (
    ANONYMOUS,
    RESERVED_NAMES,
    ROLES,
    USER_NAME,
    Caller,
    Role,
    check_password,
    parse_role,
    parse_user_name,
)


def test_roles_stand_in_order_and_each_has_its_word() -> None:
    assert ROLES == ("viewer", "editor", "operator", "admin")
    assert Role.NOBODY < Role.VIEWER < Role.EDITOR < Role.OPERATOR < Role.ADMIN
    assert [parse_role(word).word for word in ROLES] == list(ROLES)


@pytest.mark.parametrize("text", ["", "nobody", "Admin", "ADMIN", " admin", "root", "viewer\n", "__class__"])
def test_what_is_no_role_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse_role(text, field="grants")
    assert raised.value.field == "grants"


@pytest.mark.parametrize(
    ("text", "name"),
    [("alice", "alice"), ("  Alice ", "alice"), ("a", "a"), ("7", "7"), ("a.b-c_d", "a.b-c_d"), ("x" * 40, "x" * 40)],
)
def test_a_name_has_one_form(text: str, name: str) -> None:
    assert parse_user_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x" * 41,
        ".a",
        "-a",
        "_a",
        "a b",
        "a/b",
        "a:b",
        "a@b",
        "ä",
        "аlice",
        "a\nb",
        "a\0",
        "alice\u200b",
        "ﬁ",
        "İ",
        "\ud800",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse_user_name(text, field="id")
    assert raised.value.field == "id"


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_names_of_the_server_are_nobodys(name: str) -> None:
    for text in (name, name.upper(), f" {name} "):
        with pytest.raises(Invalid):
            parse_user_name(text)


@given(st.text(max_size=45))
def test_every_name_that_is_taken_is_safe_in_an_id_of_a_room(text: str) -> None:
    try:
        name = parse_user_name(text)
    except Invalid:
        return
    assert USER_NAME.fullmatch(name)
    assert name.isascii()
    assert not set(name) & set(":/ \\%?#")
    assert parse_user_name(name) == name


@pytest.mark.parametrize(("length", "good"), [(9, False), (10, True), (1_000, True), (1_001, False)])
def test_of_a_password_only_the_length_is_asked(length: int, good: bool) -> None:
    if good:
        assert check_password("ü" * length)
        return
    with pytest.raises(Invalid) as raised:
        check_password("ü" * length)
    assert raised.value.field == "password"
    assert "ü" not in str(raised.value)


def test_only_those_with_a_name_are_people() -> None:
    assert Caller("user", "a").is_person
    assert Caller("local", "operator").is_person
    for caller in (ANONYMOUS, Caller("local"), Caller("token", "t"), Caller("share", "x")):
        assert not caller.is_person
