"""Users: what ends older sessions, what a deleted user leaves behind, and how login attempts are counted."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.identity import Role, User
from dashboard.store.revisions import latest_revision
from dashboard.store.users import (
    MOST_TRIES_OF_ADDRESS,
    add_identity,
    change_user,
    changed_revocations,
    changed_users,
    check_free,
    check_there,
    count_admins,
    count_try,
    create_user,
    delete_user,
    find_identity,
    forget_revocations,
    forget_tries,
    is_taken,
    last_logins,
    note_login,
    password_of,
    revoke_session,
    take_back_try,
    tries_end,
)
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test
ANN = User("ann", "Ann", Role.ADMIN, created_ms=5, grants=(("host", Role.EDITOR),))


async def test_a_new_password_or_a_ban_ends_older_sessions_but_one_that_is_kept() -> None:
    async with tables() as tx:
        await create_user(tx, ANN, "old")
        assert (await change_user(tx, "ann", name="Anna")).version == 1
        changed = await change_user(tx, "ann", password_hash="new", password_was="old", kept_session="s1")
        assert (changed.version, changed.kept_session, changed.name) == (2, "s1", "Anna")
        assert (await change_user(tx, "ann", role=Role.ADMIN)).kept_session == "s1"
        assert (await change_user(tx, "ann", role=Role.VIEWER)).kept_session == ""
        assert (await change_user(tx, "ann", disabled=True)).version == 3
        assert (await change_user(tx, "ann", disabled=False, grants=())).version == 3
        with pytest.raises(Invalid, match="has just been changed"):
            await change_user(tx, "ann", password_hash="x", password_was="old")
        with pytest.raises(NotFound):
            await change_user(tx, "bob", name="Bob")


async def test_the_name_of_a_deleted_user_is_never_given_again() -> None:
    async with tables() as tx:
        await create_user(tx, ANN, "hash")
        assert await count_admins(tx) == 1
        await check_there(tx, "ann")
        await delete_user(tx, "ann")
        assert (await password_of(tx, "ann"), await count_admins(tx), await last_logins(tx)) == (None, 0, {})
        assert [(user.disabled, user.grants, gone) for user, gone in await changed_users(tx, 0)] == [(True, (), True)]
        assert await is_taken(tx, "ann")
        for refused in (check_free(tx, "ann"), create_user(tx, ANN, "hash")):
            with pytest.raises(Invalid, match="there is, or was, a user ann"):
                await refused
        for refused in (check_there(tx, "ann"), delete_user(tx, "ann")):
            with pytest.raises(NotFound):
                await refused


async def test_a_login_is_noted_for_whoever_may_log_in_with_the_password_of_now() -> None:
    async with tables() as tx:
        await create_user(tx, ANN, "hash")
        revision = await latest_revision(tx)
        logged_in = await note_login(tx, "ann", 7, "hash")
        assert logged_in is not None
        assert logged_in.last_login_ms == 7
        assert (await last_logins(tx), await latest_revision(tx)) == ({"ann": 7}, revision)
        assert await note_login(tx, "ann", 8, "older hash") is None
        await change_user(tx, "ann", disabled=True)
        assert await note_login(tx, "ann", 8) is None
        assert await password_of(tx, "ann") is None


async def test_attempts_are_counted_by_name_and_address_and_for_the_address_alone() -> None:
    async with tables() as tx:
        assert [await count_try(tx, "ann", "::1", t_ms, 100) for t_ms in (1, 2, 3)] == [1, 2, 3]
        assert await count_try(tx, "ann", "::2", 3, 100) == 1
        assert await tries_end(tx, "ann", "::1", 100, 3) == 102
        assert await tries_end(tx, "ann", "::1", 100, 4) == 0
        await take_back_try(tx, "ann", "::1")
        assert await count_try(tx, "ann", "::1", 102, 100) == 2  # the first is out of the window now
        await forget_tries(tx, "ann", "::1")
        assert await tries_end(tx, "ann", "::1", 100, 1) == 0
        for n in range(MOST_TRIES_OF_ADDRESS):
            assert await count_try(tx, f"user{n}", "::3", 110, 100) == 1
        assert await count_try(tx, "last", "::3", 110, 100) == MOST_TRIES_OF_ADDRESS
        assert await tries_end(tx, "somebody else", "::3", 100, 5) == 211


async def test_a_session_is_revoked_once_and_forgotten_when_it_would_have_expired() -> None:
    async with tables() as tx:
        await revoke_session(tx, "s1", 50)
        await revoke_session(tx, "s1", 90)
        seen = await latest_revision(tx)
        await revoke_session(tx, "s2", 70)
        assert await changed_revocations(tx, 0) == {"s1": 50, "s2": 70}
        assert await changed_revocations(tx, seen) == {"s2": 70}
        await forget_revocations(tx, 51)
        assert await changed_revocations(tx, 0) == {"s2": 70}


async def test_an_identity_belongs_to_its_issuer() -> None:
    async with tables() as tx:
        await create_user(tx, ANN, "")
        await add_identity(tx, "https://id", "42", "ann")
        assert await find_identity(tx, "https://id", "42") == "ann"
        assert await find_identity(tx, "https://other", "42") is None
