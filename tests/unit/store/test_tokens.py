"""Tokens, links and codes: what is revoked or used is so once, and other processes hear of it by the revision."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import NotFound
from dashboard.domain.identity import Token
from dashboard.store.revisions import latest_revision
from dashboard.store.tokens import (
    changed_tokens,
    create_code,
    create_link,
    create_token,
    is_code,
    list_links,
    note_token_use,
    revoke_link,
    revoke_token,
    revoked_links,
    tokens_used,
    use_code,
)
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test
CI = Token("t1", "ci", ("write", "read"), ("ci.", "job."), 5, 10, "ann", 1, 2)


async def test_a_token_is_stored_whole_and_revoked_once() -> None:
    async with tables() as tx:
        await create_token(tx, CI, "hash")
        made = await latest_revision(tx)
        assert await changed_tokens(tx, 0) == [("hash", CI, False)]
        assert await changed_tokens(tx, made) == []
        await revoke_token(tx, "t1")
        assert await changed_tokens(tx, made) == [("hash", CI, True)]
        for unknown in ("t1", "t2"):
            with pytest.raises(NotFound, match=unknown):
                await revoke_token(tx, unknown)


async def test_the_use_of_a_token_is_noted_without_news_for_other_processes() -> None:
    async with tables() as tx:
        await create_token(tx, CI, "hash")
        made = await latest_revision(tx)
        assert await tokens_used(tx) == {"t1": None}
        await note_token_use(tx, {"t1": 77, "gone": 5})
        assert await tokens_used(tx) == {"t1": 77}
        assert await latest_revision(tx) == made
        await revoke_token(tx, "t1")
        assert await tokens_used(tx) == {}


async def test_links_are_listed_until_they_expire_or_are_revoked() -> None:
    async with tables() as tx:
        for link, expires_ms in (("b", 30), ("a", 20), ("c", 10)):
            await create_link(tx, link, "host", "ann", expires_ms)
        assert [each["id"] for each in await list_links(tx, 10)] == ["a", "b"]
        await revoke_link(tx, "a", lambda board: board == "host")
        assert [each["id"] for each in await list_links(tx, 10)] == ["b"]
        assert await revoked_links(tx, 0) == {"a": 20}
        for link, sees in (("a", True), ("none", True), ("b", False)):
            with pytest.raises(NotFound, match=link):
                await revoke_link(tx, link, lambda board, sees=sees: sees)


async def test_a_code_works_once_in_time_for_its_purpose_and_until_the_next_code() -> None:
    async with tables() as tx:
        await create_code(tx, "h1", "first-admin", 100)
        await create_code(tx, "h2", "first-admin", 100)
        assert not await is_code(tx, "h1", "first-admin", 50)
        assert not await use_code(tx, "h1", "first-admin", 50)
        for purpose, now_ms in (("other", 50), ("first-admin", 100)):
            assert not await is_code(tx, "h2", purpose, now_ms)
            assert not await use_code(tx, "h2", purpose, now_ms)
        assert await is_code(tx, "h2", "first-admin", 99)
        assert [await use_code(tx, "h2", "first-admin", 99) for _ in range(2)] == [True, False]
        assert not await is_code(tx, "h2", "first-admin", 99)
