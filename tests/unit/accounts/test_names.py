"""Names: invisible characters and names that look like another user's name are refused."""

from __future__ import annotations

import pytest

from dashboard.accounts.names import check_distinct, clean_name, looks_like, skeleton
from dashboard.domain.errors import Invalid
from dashboard.domain.identity import Role, User

USERS = [User("vera", "Vera", Role.VIEWER), User("olga", "Олга", Role.OPERATOR), User("tom", "Tom Arno", Role.VIEWER)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Vera\u200b", "Vera"),
        ("\u202eVera\u2066", "Vera"),
        ("Ve\u00adra\ufe0f\U000e0041", "Vera"),
        ("Ｖｅｒａ", "Vera"),
        ("  Vera \u00a0 Weiß ", "Vera Weiß"),
        ("ﬁona", "fiona"),
        ("\u2800V\ufff9er\ufffba\ue000\U0001d159\ufffc", "Vera"),
        ("N\u0303\u0325o\u0308e\u0302\u0323", "Ñ\u0325öệ"),
        ("e\u0301ve", "éve"),
    ],
)
def test_a_name_has_one_form(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\u200b\u2060",
        "\u3164",
        "\u2800\ue000",
        "x" * 81,
        "\ufb03" * 40,
        "V" + "\u0308" * 5 + "era",
        "\u0301",
        "\u0332 \u20dd",
    ],
)
def test_a_name_that_shows_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        clean_name(text)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("Operator", "operator"),
        ("Ореrator", "operator"),  # the first three letters are Cyrillic
        ("0perat0r", "operator"),
        ("VERA", "Vera"),
        ("vеra", "Vera"),
        ("V\u0435r\u0430", "Vera"),
        ("𝐕𝐞𝐫𝐚", "Vera"),
        ("Ve\u200bra", "Vera"),
        ("Ve\u2800ra", "Vera"),
        ("Ve\u0335r\u0336a", "Vera"),
        ("\U0001f1fbera", "Vera"),
        ("Systеm", "system"),  # the fourth letter from the end is Cyrillic
        ("Admınistrator", "administrator"),
        ("Guеst", "guest"),  # the e is Cyrillic
        ("Adm1n", "admin"),
        ("0perator", "operator"),
        ("4ll", "all"),
        ("Admin", ""),  # the word itself: the first administrator may be called so
        ("Ali", ""),
        ("\u01b2era", ""),  # a hook is seen, as an accent is
        ("aglo", ""),
        ("Onra", ""),
        ("Nera", ""),
        ("Arthur", ""),
        ("TОM АRNО", "Tom Arno"),  # both O, and the first A, are Cyrillic
        ("To\u217f Arno", "Tom Arno"),
        ("Tom Amo", "Tom Arno"),
        ("TomArno", "Tom Arno"),
        ("Véra", ""),
        ("Vera 2", ""),
        ("Ann", ""),
    ],
)
def test_a_name_that_looks_like_anothers_is_found(name: str, taken: str) -> None:
    assert looks_like(name, "mallory", USERS) == taken


def test_ones_own_id_and_name_are_no_others() -> None:
    check_distinct("Vera", "vera", USERS)
    with pytest.raises(Invalid, match="looks like Vera, which is taken"):
        check_distinct("Vera", "vera2", USERS)


def test_a_skeleton_is_that_of_its_skeleton() -> None:
    for text in ("Operator", "rnm1lI|O0", "Олга", "ﬁ", "ﷺ"):
        assert skeleton(skeleton(text)) == skeleton(text)
