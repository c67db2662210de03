"""The audit log: long names are cut, and pages lead from the newest row to the oldest."""

from __future__ import annotations

import pytest

from dashboard.store.audit import forget_audit, read_audit, record
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


async def test_rows_are_read_in_pages_from_the_newest() -> None:
    async with tables() as tx:
        for n in range(5):
            await record(tx, n, "ann", "board.published", f"b{n}", "::1", version=n)
        first = await read_audit(tx, None, 3)
        assert [each["subject"] for each in first] == ["b4", "b3", "b2"]
        assert first[0] | {"id": 0} == {
            "id": 0, "t": 4, "actor": "ann", "action": "board.published", "subject": "b4", "detail": {"version": 4},
            "address": "::1",
        }  # fmt: skip
        last = first[-1]["id"]
        assert isinstance(last, int)
        assert [each["subject"] for each in await read_audit(tx, last, 3)] == ["b1", "b0"]


async def test_rows_that_are_too_old_are_deleted_and_no_others() -> None:
    async with tables() as tx:
        for t_ms in (10, 20, 30):
            await record(tx, t_ms, "ann", "login.done")
        await forget_audit(tx, 20)
        assert [each["t"] for each in await read_audit(tx, None, 9)] == [30, 20]


async def test_a_name_that_is_longer_than_its_column_is_cut() -> None:
    async with tables() as tx:
        await record(tx, 1, "a" * 99, "x.y", "s" * 300, "f" * 99)
        (row,) = await read_audit(tx, None, 1)
        assert [len(str(row[name])) for name in ("actor", "subject", "address")] == [60, 200, 60]
