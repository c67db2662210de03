from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.accounts.policies import Access
from dashboard.accounts.private_boards import protect_boards
from dashboard.domain.errors import ConfigurationError
from tests.support.hubs import person
from tests.support.stores import Place

pytestmark = pytest.mark.gen_test


async def test_a_name_that_never_was_a_boards_protects_nothing_and_is_refused(tmp_path: Path) -> None:
    async with Place("sqlite", tmp_path, None).one() as database:
        with pytest.raises(ConfigurationError, match=r"'hosts'.*did you mean host\?"):
            await protect_boards(database, Access((), ("hosts",)), ["host", "wall"], ["hosts"])
        with pytest.raises(ConfigurationError, match="host, wall"):
            await protect_boards(database, Access((), ("zzz",)), ["host", "wall"], ["zzz"])


async def test_a_private_board_that_is_gone_stays_private_and_its_name_taken(tmp_path: Path) -> None:
    async with Place("sqlite", tmp_path, None).one() as database:
        await protect_boards(database, Access((), ("secret",)), ["host", "secret"], ["secret"])
        later = Access()
        assert later.sees(person("ann"), "secret")
        await protect_boards(database, later, ["host"], [])
        assert not later.sees(person("ann"), "secret")
        with pytest.raises(ConfigurationError, match="secret"):
            await protect_boards(database, Access(), ["host", "secret"], [])
        await protect_boards(database, Access((), ("secret",)), ["host", "secret"], ["secret"])
