"""Floods of logins: their cost is bounded, and they delay nobody else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dashboard.domain.errors import BadToken, DashboardError, Overloaded, TooMany
from tests.support.site import PASSWORD, Site, site

pytestmark = pytest.mark.gen_test


class Hashed:
    """Hasher that counts the passwords that it hashes."""

    def __init__(self, at: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        hasher = at.server.accounts.credentials._hasher
        for name in ("hash", "verify"):
            monkeypatch.setattr(hasher, name, self._counting(getattr(hasher, name)))

    def _counting(self, real: Any) -> Any:
        def call(*args: Any) -> Any:
            self.count += 1
            return real(*args)

        return call


class Slotless:
    """Hasher that calls argon2's own hasher, which has slots and cannot be patched."""

    def __init__(self, real: Any) -> None:
        self.hash, self.verify = real.hash, real.verify


async def test_whoever_has_no_code_costs_no_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path) as at:
        credentials = at.server.accounts.credentials
        monkeypatch.setattr(credentials, "_hasher", Slotless(credentials._hasher))
        hashed = Hashed(at, monkeypatch)
        body = {"code": "guessed", "id": "root", "password": PASSWORD}
        for _ in range(30):
            assert (await at.json("POST", "/api/v1/first-admin", body))[0] == 401
        assert (await at.json("POST", "/api/v1/users", {"id": "vera", "password": PASSWORD}, as_="ada"))[0] == 400
        change = {"password": PASSWORD}
        assert (await at.json("PATCH", "/api/v1/users/nobody", change, as_="ada"))[0] == 404
        wrong = {"password": "short", "old_password": PASSWORD}
        assert (await at.json("PATCH", "/api/v1/me", wrong, as_="vera"))[0] == 400
        assert (await at.json("POST", "/api/v1/login", {"name": "vera", "password": "x" * 100_000}))[0] == 401
        assert hashed.count == 0


async def test_a_flood_from_one_address_stops_no_login_from_another(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        accounts = at.server.accounts.accounts

        async def flood(number: int) -> None:
            with suppress(DashboardError):
                await accounts.log_in(f"name{number}", "wrong password", "10.0.0.66")

        async with asyncio.TaskGroup() as group:
            for number in range(14):
                group.create_task(flood(number))
            await asyncio.sleep(0.05)
            for number in range(2):
                session = await accounts.log_in("vera", PASSWORD, f"10.0.0.{number}")
                assert session.user.id == "vera"


async def test_a_login_that_is_answered_503_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path) as at:
        accounts, credentials = at.server.accounts.accounts, at.server.accounts.credentials

        async def busy(*_: Any) -> bool:
            raise Overloaded("too many logins at once")

        with monkeypatch.context() as patched:
            patched.setattr(credentials, "check_password", busy)
            for _ in range(8):
                assert (await at.json("POST", "/api/v1/login", {"name": "vera", "password": PASSWORD}))[0] == 503
        for _ in range(4):  # what was answered counts as before
            with pytest.raises(BadToken):
                await accounts.log_in("vera", "wrong password", "127.0.0.1")
        assert (await at.json("POST", "/api/v1/login", {"name": "vera", "password": PASSWORD}))[0] == 200
        for _ in range(5):
            with pytest.raises(BadToken):
                await accounts.log_in("vera", "wrong password", "10.0.0.1")
        with pytest.raises(TooMany):
            await accounts.log_in("vera", PASSWORD, "10.0.0.1")
