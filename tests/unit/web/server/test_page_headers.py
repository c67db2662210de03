"""The policy of pages."""

from __future__ import annotations

import pytest

from dashboard.web.server.page_headers import content_security_policy


@pytest.mark.parametrize("trusted_types", [True, False])
def test_a_page_runs_only_scripts_of_this_server_or_with_its_nonce(trusted_types: bool) -> None:
    text = content_security_policy("n0nce", trusted_types=trusted_types)
    rules = {name: values.split() for name, _, values in (rule.strip().partition(" ") for rule in text.split(";"))}
    assert rules["default-src"] == rules["base-uri"] == ["'none'"]
    for name in ("script-src", "style-src"):
        assert set(rules[name]) == {"'self'", "'nonce-n0nce'"}
    assert rules["frame-ancestors"] == rules["form-action"] == ["'self'"]
    assert ("require-trusted-types-for" in rules) is ("trusted-types" in rules) is trusted_types
