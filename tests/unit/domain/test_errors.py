from __future__ import annotations

import pytest

from dashboard.domain import errors
from dashboard.domain.errors import DashboardError, Invalid, TooMany

EVERY = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, DashboardError)]


def test_an_invalid_input_names_its_field_before_the_reason() -> None:
    error = Invalid("is too long", field="name")
    assert (str(error), error.field, error.reason) == ("name: is too long", "name", "is too long")


def test_an_invalid_input_without_a_field_is_its_reason() -> None:
    assert str(Invalid("is empty")) == "is empty"


def test_what_comes_too_often_says_when_it_may_come_again() -> None:
    assert TooMany("slower").retry_after_s == 1.0
    assert TooMany("slower", retry_after_s=7.5).retry_after_s == 7.5


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_that_can_be_tried_again_is_of_a_status_that_says_so(kind: type[DashboardError]) -> None:
    assert kind.retryable == (kind.http_status in (429, 503) and kind.code != "too_many_connections")


def test_each_error_has_a_code_of_its_own() -> None:
    assert len({kind.code for kind in EVERY}) == len(EVERY)
