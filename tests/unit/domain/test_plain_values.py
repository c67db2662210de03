from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.plain_values import check_plain, check_text


def test_texts_in_all_languages_and_of_several_lines_pass() -> None:
    for text in ("", " ", "Käse 名前 👩‍👩‍👧", "one\n\ttwo\r\n", "\u202eabc"):
        check_text(text, field="title")
    check_plain({"a": [1, 2.5, None, True, {"b": "c"}], "": -0.0})


@pytest.mark.parametrize("text", ["\0", "a\x1b[31m", "\x7f", "\x85", "\ud800", "x\udfff"])
def test_a_text_that_no_store_or_screen_can_hold_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"^title: holds .*U\+[0-9A-F]{4}; remove it"):
        check_text(text, field="title")
    with pytest.raises(Invalid, match=r"^a\[1\]: the name"):
        check_plain({"a": [1, {text: 2}]})


def test_the_first_fault_is_named_with_its_path() -> None:
    for number in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(Invalid, match=r"^a\[1\]\.b: .*finite"):
            check_plain({"a": [1.0, {"b": number}, {"b": float("nan")}]})
