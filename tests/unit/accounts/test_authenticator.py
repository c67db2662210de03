from __future__ import annotations

import base64

import msgspec
import pytest

from dashboard.accounts.authenticator import AT_MACHINE, LOCAL_ID
from dashboard.domain.errors import BadToken, Unavailable
from dashboard.domain.identity import ANONYMOUS, Role
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_a_header_carries_a_session_or_a_token() -> None:
    async with talking() as talk:
        _, token = await talk.accounts.accounts.create_token("adam", "::1", name="ci")
        identify, session = talk.accounts.authenticator, talk.token("ann")
        basic = base64.b64encode(b"ci:" + token.encode()).decode()
        for header in (f"Bearer {token}", f"bearer  {token}", f"Token ci:{token}", f"Basic {basic}"):
            assert (identify.by_header(header).kind, identify.by_header(header).name) == ("token", "ci")
        assert identify.by_header(f"Bearer {session}").id == "ann"
        for header in ("", "Bearer x", "Basic %%%", "Digest x", "x"):
            with pytest.raises(BadToken):
                identify.by_header(header)


async def test_a_token_in_an_address_may_be_none() -> None:
    async with talking() as talk:
        _, token = await talk.accounts.accounts.create_token("adam", "::1", name="ci")
        found = talk.accounts.authenticator.by_path(token)
        assert found is not None
        assert found.name == "ci"
        assert talk.accounts.authenticator.by_path("x") is None


async def test_a_token_whose_use_was_noted_is_noted_again_after_a_while() -> None:
    async with talking() as talk:
        token, text = await talk.accounts.accounts.create_token("adam", "::1", name="ci", days=1)
        identify = talk.accounts.authenticator
        assert identify.by_token(text).id == token.id
        used = identify.take_used()
        assert set(used) == {token.id}
        identify.by_token(text)
        assert identify.take_used() == {}
        identify.put_back_used(used)
        assert identify.take_used() == used


async def test_a_user_that_another_process_has_just_made_is_known() -> None:
    async with talking() as talk:
        session = talk.token("ann")
        known = talk.accounts.directory.users.pop("ann")
        with pytest.raises(BadToken):
            talk.accounts.authenticator.by_text(session)
        talk.accounts.directory.users["ann"] = known
        assert (await talk.accounts.authenticator.by_text_or_refresh(session)).id == "ann"
        await talk.accounts.authenticator.refresh()


async def test_an_unknown_token_is_not_called_wrong_while_the_store_does_not_answer() -> None:
    async with talking() as talk:
        identify, session = talk.accounts.authenticator, talk.token("ann")
        talk.accounts.directory.users.pop("ann")
        talk.accounts.directory.fault = "the store does not answer"
        with pytest.raises(Unavailable, match="not known here"):
            await identify.by_text_or_refresh(session)
        talk.accounts.directory.fault = ""
        with pytest.raises(BadToken):
            await identify.by_text_or_refresh("dsh_nobody")


async def test_the_session_of_the_person_at_the_machine_is_worth_something_there_only() -> None:
    async with talking() as talk:
        session, identify = talk.accounts.accounts.begin_local(), talk.accounts.authenticator
        caller = identify.by_jwt(session, at_machine=True)
        assert (caller.id, caller.kind, caller.role) == (LOCAL_ID, "local", Role.OPERATOR)
        with pytest.raises(BadToken):
            identify.by_jwt(session, at_machine=False)


async def test_a_caller_is_still_the_same_until_something_has_changed() -> None:
    async with talking() as talk:
        identify, ann = talk.accounts.authenticator, talk.caller("ann")
        assert identify.still(ann) == ann
        assert identify.still(AT_MACHINE) is AT_MACHINE
        await talk.accounts.accounts.change_user("adam", "::1", "ann", role=Role.EDITOR, full_name="Anna")
        now = identify.still(ann)
        assert now is not None
        assert (now.role, now.name) == (Role.EDITOR, "Anna")
        await talk.accounts.accounts.change_user("adam", "::1", "ann", disabled=True)
        assert identify.still(ann) is None
        token, text = await talk.accounts.accounts.create_token("adam", "::1", name="ci")
        caller = identify.by_token(text)
        assert identify.still(caller) == caller
        await talk.accounts.accounts.revoke_token("adam", "::1", token.id)
        assert identify.still(caller) is None


async def test_a_link_adds_its_board_to_what_a_caller_sees_and_a_worthless_one_nothing() -> None:
    async with talking() as talk:
        identify = talk.accounts.authenticator
        link, text, _ = await talk.accounts.accounts.create_link("adam", "::1", "host", 2)
        ann = talk.caller("ann")
        assert identify.with_share(ann, text) == msgspec.structs.replace(ann, boards=("host",), links=(link,))
        assert identify.with_share(ann, "x") is ann
        shared = identify.with_share(ANONYMOUS, text)
        assert identify.still(shared) == shared
        await talk.accounts.accounts.revoke_link("adam", "::1", link, lambda board: True)
        assert identify.still(shared) is None
