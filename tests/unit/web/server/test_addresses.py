"""Targets of redirects."""

from __future__ import annotations

import pytest

from dashboard.web.server.addresses import own_address


@pytest.mark.parametrize("target", ["/", "/boards/host?x=1#y", "/a//b"])
def test_a_path_of_this_server_stays(target: str) -> None:
    assert own_address(target) == target


@pytest.mark.parametrize(
    "target", ["", "x", "//evil", "/\\evil", "/a\\b", "https://evil", "/a\nb", "javascript:alert(1)"]
)
def test_any_other_target_becomes_the_start_page(target: str) -> None:
    assert own_address(target) == "/"
