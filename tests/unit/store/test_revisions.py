from __future__ import annotations

import pytest

from dashboard.store.revisions import latest_revision, next_revision
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


async def test_each_change_takes_the_next_number() -> None:
    async with tables() as tx:
        assert await latest_revision(tx) == 0
        assert [await next_revision(tx) for _ in range(3)] == [1, 2, 3]
        assert await latest_revision(tx) == 3
