"""Request ids of the quick way. The way itself is tested with its connections, in tests/unit/web/server."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.identity import ANONYMOUS
from dashboard.web.feed.quick_feed import request_id_of


def test_a_key_counts_for_its_sender_only() -> None:
    assert request_id_of("", ANONYMOUS) == ""
    assert request_id_of("7", ANONYMOUS) == f"{ANONYMOUS.kind}/7"


@pytest.mark.parametrize("key", ["x" * 201, "a\x00b"])
def test_a_key_that_cannot_be_stored_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="Idempotency-Key"):
        request_id_of(key, ANONYMOUS)
