from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import check_json


def test_json_of_any_shape_is_read() -> None:
    assert check_json(b'{"a":[1,2.5,null,"x"]}') == {"a": [1, 2.5, None, "x"]}
    assert check_json("7") == 7


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,"b":{"c":1,"c":2}}', "c: appears twice"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
        (b"1" * 5_000, "digits"),
    ],
)
def test_what_readers_would_understand_differently_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        check_json(body)


def test_well_formed_json_is_held_to_the_same_rules() -> None:
    with pytest.raises(Invalid, match="twice"):
        check_json('{"a":1,"a":1}')
