"""The store's contract (dashboard/store/): users, tokens, links, codes, audit, revisions, over both databases."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from dashboard.domain.errors import Invalid, NotFound, Unavailable
from dashboard.domain.identity import Role, Token, User
from dashboard.store.audit import forget_audit, read_audit, record
from dashboard.store.database import Database
from dashboard.store.revisions import latest_revision, next_revision
from dashboard.store.tokens import (
    changed_tokens,
    create_code,
    create_link,
    create_token,
    list_links,
    note_token_use,
    revoke_link,
    revoke_token,
    revoked_links,
    tokens_used,
    use_code,
)
from dashboard.store.users import (
    change_user,
    changed_users,
    count_admins,
    count_try,
    create_user,
    delete_user,
    last_logins,
    note_login,
    password_of,
)
from tests.support.stores import NOW, Place, make_user

pytestmark = pytest.mark.gen_test


async def revision(database: Database) -> int:
    async with database.read() as tx:
        return await latest_revision(tx)


async def known_user(database: Database, user_id: str) -> tuple[User, bool]:
    async with database.read() as tx:
        return next((user, gone) for user, gone in await changed_users(tx, 0) if user.id == user_id)


async def change(database: Database, user_id: str, **values: Any) -> User:
    async with database.write() as tx:
        return await change_user(tx, user_id, **values)


# --- users ---


async def test_a_user_is_given_back_as_made(place: Place) -> None:
    async with place.one() as database:
        await make_user(database, "alice", Role.EDITOR, grants=(("host", Role.OPERATOR), ("b", Role.VIEWER)))
        assert await known_user(database, "alice") == (
            User("alice", "Alice", Role.EDITOR, False, 1, NOW, None, (("host", Role.OPERATOR), ("b", Role.VIEWER))),
            False,
        )
        async with database.read() as tx:
            assert await password_of(tx, "alice") == "hash of alice"
            assert await password_of(tx, "none") is None
            assert await last_logins(tx) == {"alice": None}
        async with database.write() as tx:
            await note_login(tx, "alice", NOW + 1)
            assert await note_login(tx, "alice", NOW + 2, "another hash") is None
            noted = await note_login(tx, "alice", NOW + 3, "hash of alice")
            assert await note_login(tx, "none", NOW) is None
        assert noted == (await known_user(database, "alice"))[0]
        assert noted.last_login_ms == NOW + 3
        assert (await change(database, "alice", disabled=True)).disabled
        async with database.write() as tx:
            assert await note_login(tx, "alice", NOW + 4, "hash of alice") is None


async def test_there_is_one_user_of_a_name_also_when_several_processes_make_it_at_once(place: Place) -> None:
    async with place.opened(3) as databases:
        made = await asyncio.gather(*(make_user(databases[n % 3], "alice") for n in range(6)), return_exceptions=True)
        refused = [each for each in made if each is not None]
        assert len(refused) == 5
        assert all(isinstance(each, Invalid) and each.field == "id" for each in refused), refused


async def test_what_is_changed_is_changed_and_nothing_else(place: Place) -> None:
    async with place.one() as database:
        await make_user(database, "alice")
        await make_user(database, "bob")
        before = await known_user(database, "bob")
        changed = await change(database, "alice", name="A", role=Role.ADMIN, grants=(("x", Role.EDITOR),))
        assert changed == User("alice", "A", Role.ADMIN, False, 1, NOW, None, (("x", Role.EDITOR),))
        assert await known_user(database, "alice") == (changed, False)
        assert await known_user(database, "bob") == before
        with pytest.raises(NotFound):
            await change(database, "none", name="x")


async def test_a_new_password_and_a_ban_make_older_sessions_worthless_other_changes_do_not(place: Place) -> None:
    async with place.one() as database:
        await make_user(database, "alice")
        versions = [
            (await change(database, "alice", **values)).version
            for values in (
                {"name": "x"},
                {"password_hash": "new"},
                {"disabled": True},
                {"disabled": False},
                {"role": Role.ADMIN},
            )
        ]
        assert versions == [1, 2, 3, 3, 3]


async def test_the_session_that_is_kept_is_until_the_next_password_ban_or_role(place: Place) -> None:
    async with place.one() as database:
        await make_user(database, "alice")
        for end in ({"password_hash": "other"}, {"disabled": True}, {"role": Role.ADMIN}):
            kept = [
                (await change(database, "alice", **values)).kept_session
                for values in (
                    {"password_hash": "new", "kept_session": "s"},
                    {"name": "x", "grants": (("b", Role.VIEWER),)},
                    {"disabled": False},
                    {"role": Role.VIEWER},
                    end,
                )
            ]
            assert kept == ["s", "s", "s", "s", ""], end


async def test_who_is_disabled_or_deleted_has_no_password(place: Place) -> None:
    async with place.one() as database:
        for name in ("alice", "bob"):
            await make_user(database, name)
        await change(database, "alice", disabled=True)
        async with database.write() as tx:
            await delete_user(tx, "bob")
        async with database.read() as tx:
            assert [await password_of(tx, name) for name in ("alice", "bob")] == [None, None]
            assert await last_logins(tx) == {"alice": None}
        user, is_deleted = await known_user(database, "bob")
        assert (user.disabled, user.grants, is_deleted) == (True, (), True)
        for wanted in (delete_user, change_user):
            with pytest.raises(NotFound):
                async with database.write() as tx:
                    await wanted(tx, "bob")


async def test_a_deleted_users_name_is_never_used_again(place: Place) -> None:
    async with place.one() as database:
        await make_user(database, "alice", Role.ADMIN)
        async with database.write() as tx:
            await delete_user(tx, "alice")
        with pytest.raises(Invalid, match="there is, or was, a user alice"):
            await make_user(database, "alice", Role.VIEWER)
        user, is_deleted = await known_user(database, "alice")
        assert (user.disabled, is_deleted) == (True, True)


async def test_admins_are_those_that_can_log_in(place: Place) -> None:
    async with place.one() as database:
        for name, role in (("a", Role.ADMIN), ("b", Role.ADMIN), ("c", Role.ADMIN), ("d", Role.OPERATOR)):
            await make_user(database, name, role)
        await change(database, "b", disabled=True)
        async with database.write() as tx:
            await delete_user(tx, "c")
        async with database.read() as tx:
            assert await count_admins(tx) == 1


# --- tokens, links, codes ---


async def test_a_token_is_given_back_as_made_until_it_is_revoked(place: Place) -> None:
    async with place.one() as database:
        token = Token("t1", "probe", ("write", "read"), ("cpu.", "ü"), 5, 7, "alice", NOW, NOW + 9)
        async with database.write() as tx:
            await create_token(tx, token, "h" * 64)
        async with database.read() as tx:
            assert await changed_tokens(tx, 0) == [("h" * 64, token, False)]
            assert await tokens_used(tx) == {"t1": None}
        before = await revision(database)
        async with database.write() as tx:
            await note_token_use(tx, {"t1": NOW + 1, "none": NOW})
        assert await revision(database) == before
        async with database.read() as tx:
            assert await tokens_used(tx) == {"t1": NOW + 1}
        async with database.write() as tx:
            await revoke_token(tx, "t1")
        async with database.read() as tx:
            (changed,) = await changed_tokens(tx, before)
            assert (changed[0], changed[2]) == ("h" * 64, True)
            assert await tokens_used(tx) == {}
        for name in ("t1", "none"):
            with pytest.raises(NotFound):
                async with database.write() as tx:
                    await revoke_token(tx, name)


async def test_links_hold_until_they_end_or_are_revoked(place: Place) -> None:
    async with place.one() as database:
        for link, ends in (("later", 9), ("soon", 5), ("over", 0)):
            async with database.write() as tx:
                await create_link(tx, link, "host", "alice", NOW + ends)
        async with database.read() as tx:
            assert [each["id"] for each in await list_links(tx, NOW)] == ["soon", "later"]
        before = await revision(database)
        async with database.write() as tx:
            await revoke_link(tx, "soon", lambda _: True)
        async with database.read() as tx:
            assert await revoked_links(tx, before) == {"soon": NOW + 5}
            assert await revoked_links(tx, await latest_revision(tx)) == {}
            assert await list_links(tx, NOW) == [
                {"id": "later", "board": "host", "created_by": "alice", "expires": NOW + 9}
            ]
        with pytest.raises(NotFound):
            async with database.write() as tx:
                await revoke_link(tx, "soon", lambda _: True)


async def test_a_code_works_once_whoever_is_first(place: Place) -> None:
    async def attempt(database: Database, code: str, purpose: str = "p", at_ms: int = 0) -> bool:
        async with database.write() as tx:
            return await use_code(tx, code, purpose, NOW + at_ms)

    async with place.opened(3) as databases:
        for code in ("older", "newer"):
            async with databases[0].write() as tx:
                await create_code(tx, code, "p", NOW + 10)
        assert not await attempt(databases[0], "older")
        assert not await attempt(databases[0], "newer", "q")
        assert not await attempt(databases[0], "newer", at_ms=10)
        assert sorted(await asyncio.gather(*(attempt(databases[n % 3], "newer") for n in range(6)))) == [False] * 5 + [
            True
        ]


# --- revisions ---


async def test_whoever_has_seen_a_number_has_seen_all_changes_before_it(place: Place) -> None:
    """A reader follows the store as every process does: it gets all changes after the last number that it saw, at any time."""
    done = asyncio.Event()

    async def follow(database: Database) -> list[str]:
        seen, found = 0, []
        while True:
            last = done.is_set()
            async with database.read() as tx:
                revision_now = await latest_revision(tx)
                found += [user.id for user, _ in await changed_users(tx, seen)]
            assert revision_now >= seen
            seen = revision_now
            if last:
                return found

    async with place.opened(4) as databases:
        following = asyncio.ensure_future(follow(databases[3]))
        await asyncio.gather(*(make_user(databases[n % 3], f"u{n}") for n in range(15)))
        done.set()
        assert sorted(await following) == sorted(f"u{n}" for n in range(15))
        assert await revision(databases[0]) == 15


async def test_a_change_that_is_taken_back_takes_its_number_back(place: Place) -> None:
    async with place.one() as database:
        with contextlib.suppress(ZeroDivisionError):
            async with database.write() as tx:
                assert await next_revision(tx) == 1
                raise ZeroDivisionError
        assert await revision(database) == 0


# --- the audit log ---


async def test_the_audit_log_is_read_newest_first_in_pages(place: Place) -> None:
    async with place.one() as database:
        for number in range(5):
            async with database.write() as tx:
                await record(tx, NOW + number, "a" * 99, "user.created", f"s{number}", "10.0.0.1", role="ü", n=number)
        async with database.read() as tx:
            found = await read_audit(tx, None, 3)
            assert [each["subject"] for each in found] == ["s4", "s3", "s2"]
            assert found[0]["detail"] == {"role": "ü", "n": 4}
            assert (found[0]["actor"], found[0]["address"], found[0]["t"]) == ("a" * 60, "10.0.0.1", NOW + 4)
            assert [each["subject"] for each in await read_audit(tx, found[-1]["id"], 9)] == ["s1", "s0"]
        async with database.write() as tx:
            await forget_audit(tx, NOW + 3)
        async with database.read() as tx:
            assert [each["subject"] for each in await read_audit(tx, None, 9)] == ["s4", "s3"]


async def test_an_act_and_its_record_are_kept_together_or_not_at_all(place: Place) -> None:
    async with place.one() as database:
        with contextlib.suppress(Invalid):
            async with database.write() as tx:
                await record(tx, NOW, "alice", "user.created", "alice")
                await create_user(tx, User("alice", "A", Role.VIEWER), "h")
                await create_user(tx, User("alice", "A", Role.VIEWER), "h")
        async with database.read() as tx:
            assert (await read_audit(tx, None, 9), await changed_users(tx, 0)) == ([], [])


async def test_a_text_that_the_database_cannot_hold_is_no_outage_of_it(place: Place) -> None:
    """PostgreSQL holds no NUL: a user who types one must not be told to try again later."""
    async with place.one() as database:
        with contextlib.suppress(Invalid):
            async with database.write() as tx:
                assert await count_try(tx, "al\0ice", "10.0.0.1", NOW, 900_000) == 1
        with contextlib.suppress(Invalid):
            async with database.read() as tx:
                assert await password_of(tx, "al\0ice") is None


async def test_a_database_that_is_away_is_said_to_be_unavailable(place: Place) -> None:
    if place.url:
        database = Place("postgres", place.folder, None)
        database.url = "postgresql://nobody:S3cret-canary@127.0.0.1:1/none"
        store = database.database()
    else:
        async with place.one():
            pass
        store = place.database()
        for file in place.folder.iterdir():
            file.write_bytes(b"this is no database, whatever it was" * 100)
    with pytest.raises(Unavailable) as raised:
        async with store.read() as tx:
            await latest_revision(tx)
    assert "canary" not in str(raised.value)
    await store.close()
