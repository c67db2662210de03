from __future__ import annotations

from typing import Any

import pytest

from dashboard.domain.document import MAX_JSON_DEPTH, check_depth
from dashboard.domain.errors import Invalid


def nested(depth: int, *, as_object: bool) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if as_object else [value]
    return value


@pytest.mark.parametrize("as_object", [False, True])
def test_the_depth_limit_holds_at_n_and_not_at_n_plus_one(as_object: bool) -> None:
    check_depth(nested(MAX_JSON_DEPTH, as_object=as_object))
    with pytest.raises(Invalid, match="deeper than 16"):
        check_depth(nested(MAX_JSON_DEPTH + 1, as_object=as_object))


def test_the_deepest_branch_counts() -> None:
    check_depth([1, [2, {"a": []}]], limit=4)
    with pytest.raises(Invalid) as caught:
        check_depth([1, [2, {"a": []}], 3], limit=3, field="body")
    assert caught.value.field == "body"


def test_an_empty_array_counts_as_deep_as_a_full_one() -> None:
    with pytest.raises(Invalid):
        check_depth([[[]]], limit=2)
    check_depth([[[]]], limit=3)
