from __future__ import annotations

import msgspec
import pytest

from dashboard.domain.errors import BadToken, Forbidden, Invalid, NotFound, TooMany
from dashboard.domain.identity import ANONYMOUS, Role
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test
PASSWORD = "correct horse battery"


async def test_a_user_that_was_made_logs_in_and_out() -> None:
    async with talking() as talk:
        accounts, identify = talk.accounts.accounts, talk.accounts.authenticator
        made = await accounts.create_user(
            "adam", "::1", name=" Eve ", full_name="Eve E.", role=Role.EDITOR, password=PASSWORD
        )
        assert (made.id, made.name, made.role) == ("eve", "Eve E.", Role.EDITOR)
        session = await accounts.log_in("Eve", PASSWORD, "::1")
        caller = identify.by_text(session.token)
        assert (caller.id, caller.role) == ("eve", Role.EDITOR)
        assert caller.expires_ms == session.expires_ms // 1000 * 1000
        assert {user.id: last for user, last in await accounts.list_users()}["eve"] is not None
        await accounts.log_out(caller, "::1")
        with pytest.raises(BadToken):
            identify.by_text(session.token)
        done = [each["action"] for each in await accounts.audit(None, 10)]
        assert done[:3] == ["logout.done", "login.done", "user.created"]


async def test_a_password_can_be_tried_a_few_times() -> None:
    async with talking() as talk:
        for _ in range(5):
            with pytest.raises(BadToken):
                await talk.accounts.accounts.log_in("gone", "wrong password", "::1")
        with pytest.raises(TooMany):
            await talk.accounts.accounts.log_in("gone", "wrong password", "::1")


async def test_a_user_is_changed_and_a_new_password_takes_the_old_one() -> None:
    async with talking() as talk:
        accounts = talk.accounts.accounts
        await accounts.create_user("adam", "::1", name="eve", full_name="", role=Role.VIEWER, password=PASSWORD)
        changed = await accounts.change_user("adam", "::1", "eve", full_name="Eve", grants=(("host", Role.EDITOR),))
        assert (changed.name, changed.grants) == ("Eve", (("host", Role.EDITOR),))
        caller = talk.caller("eve")
        with pytest.raises(Invalid, match="old_password"):
            await accounts.change_own(caller, "::1", old_password="wrong password", password="another horse")
        await accounts.change_own(caller, "::1", old_password=PASSWORD, password="another horse")
        assert (await accounts.log_in("eve", "another horse", "::1")).user.id == "eve"
        with pytest.raises(NotFound):
            await accounts.change_user("adam", "::1", "gone", disabled=True)


async def test_a_user_that_is_deleted_is_gone_but_not_the_last_admin() -> None:
    async with talking() as talk:
        accounts = talk.accounts.accounts
        token = talk.token("ann")
        await accounts.delete_user("adam", "::1", "ann")
        with pytest.raises(BadToken):
            talk.accounts.authenticator.by_text(token)
        assert "ann" not in [user.id for user, _ in await accounts.list_users()]
        with pytest.raises(Forbidden):
            await accounts.delete_user("adam", "::1", "adam")
        with pytest.raises(Forbidden):
            await accounts.change_user("adam", "::1", "adam", role=Role.VIEWER)
        assert accounts.find("adam").role is Role.ADMIN
        with pytest.raises(NotFound):
            accounts.find("nobody")


async def test_the_first_admin_is_made_by_a_code_that_is_good_once() -> None:
    async with talking({}) as talk:
        accounts = talk.accounts.accounts
        code = await accounts.first_admin_code()
        assert code
        with pytest.raises(BadToken):
            await accounts.make_first_admin("x", "::1", name="root", full_name="", password=PASSWORD)
        session = await accounts.make_first_admin(code, "::1", name="root", full_name="", password=PASSWORD)
        assert (session.user.id, session.user.role) == ("root", Role.ADMIN)
        with pytest.raises(BadToken):
            await accounts.make_first_admin(code, "::1", name="root2", full_name="", password=PASSWORD)
        assert await accounts.first_admin_code() is None


async def test_a_session_is_renewed_when_half_of_its_time_has_passed() -> None:
    async with talking() as talk:
        accounts, caller = talk.accounts.accounts, talk.caller("ann")
        assert accounts.renew(caller) is None
        later = talk.server.clock.now_ms() + 1_000
        renewed = accounts.renew(msgspec.structs.replace(caller, expires_ms=later))
        assert renewed is not None
        again = talk.accounts.authenticator.by_text(renewed.token)
        assert (again.session, again.id) == (caller.session, "ann")
        assert talk.accounts.authenticator.by_jwt(accounts.begin_local(), at_machine=True).kind == "local"


async def test_a_token_is_shown_once_and_holds_until_it_is_revoked() -> None:
    async with talking() as talk:
        accounts, identify = talk.accounts.accounts, talk.accounts.authenticator
        token, text = await accounts.create_token("adam", "::1", name="ci", prefixes=("ci_",), per_s=5, days=1)
        caller = identify.by_text(text)
        assert caller.token is not None
        assert (caller.name, caller.token.prefixes, caller.token.per_s) == ("ci", ("ci_",), 5)
        assert [each.id for each in await accounts.list_tokens()] == [token.id]
        await accounts.revoke_token("adam", "::1", token.id)
        with pytest.raises(BadToken):
            identify.by_text(text)
        assert await accounts.list_tokens() == []
        for wrong in ({"verbs": ("dance",)}, {"verbs": ()}, {"prefixes": ("",)}, {"name": " "}):
            with pytest.raises(Invalid):
                await accounts.create_token("adam", "::1", **{"name": "x", **wrong})  # type: ignore[arg-type]


async def test_a_link_shows_one_board_until_it_is_revoked() -> None:
    async with talking() as talk:
        accounts, identify = talk.accounts.accounts, talk.accounts.authenticator
        link, text, expires_ms = await accounts.create_link("adam", "::1", "host", 2)
        caller = identify.with_share(ANONYMOUS, text)
        assert (caller.kind, caller.boards, caller.expires_ms) == ("share", ("host",), expires_ms // 1000 * 1000)
        assert [each["board"] for each in await accounts.list_links(lambda board: True)] == ["host"]
        await accounts.revoke_link("adam", "::1", link, lambda board: True)
        assert await accounts.list_links(lambda board: True) == []
        assert identify.with_share(ANONYMOUS, text) is ANONYMOUS


async def test_a_program_is_a_user_by_a_session_of_its_own() -> None:
    async with talking() as talk:
        accounts = talk.accounts.accounts
        token = await accounts.issue("adam", accounts.find("ann"), talk.server.clock.now_ms() + 60_000)
        assert talk.accounts.authenticator.by_text(token).id == "ann"
