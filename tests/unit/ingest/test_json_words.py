from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.ingest.json_words import MAX_CHARACTERS, with_words


@pytest.mark.parametrize(
    ("text", "plain", "quoted"),
    [
        ('{"t":nan,"h":40}', '{"t":NaN,"h":40}', '{"t":"NaN","h":40}'),
        ("[inf,+inf,-inf]", "[Infinity,Infinity,-Infinity]", '["Infinity","Infinity","-Infinity"]'),
        ("[-Infinity,1.#INF00]", "[-Infinity,Infinity]", '["-Infinity","Infinity"]'),
        ('{"nan":"nan, inf","x":"\\"nan","y":1}', '{"nan":"nan, inf","x":"\\"nan","y":1}', None),
        ('{"x":"no end, nan', '{"x":"no end, nan', None),
        ("banana infant 1.5nan", "banana infant 1.5nan", "banana infant 1.5nan"),
    ],
)
def test_only_words_for_numbers_are_replaced(text: str, plain: str, quoted: str | None) -> None:
    assert with_words(text) == plain
    if quoted is not None:
        assert with_words(text, quoted=True) == quoted


def test_what_windows_prints_is_nan() -> None:
    found: Any = json.loads(with_words("[-nan, -nan(ind), 1.#QNAN0, -1.#IND00]"))
    assert all(each != each for each in found)


def test_quotes_without_end_are_passed_once() -> None:
    text = '"' + '\\"' * 32_000  # trying each quote as a beginning would take minutes
    assert with_words(text) == text


def test_a_long_text_is_not_searched() -> None:
    text = "[nan" + " " * MAX_CHARACTERS + "]"
    assert with_words(text) == text
