"""Commands for users and tokens, which work on the store directly, on the server's machine: ``user``, ``token``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.credentials import Credentials, read_secret
from dashboard.accounts.directory import Directory
from dashboard.cli.data_option import used_folder
from dashboard.cli.settings_options import load_settings, with_store
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.domain.identity import ROLES, VERBS, Token, User, parse_role
from dashboard.store.database import open_database

_T = TypeVar("_T")
_BY = "command line"
_TIMEOUT_S = 10


def _now_ms() -> int:
    return int(time.time() * 1000)


def _with_accounts(
    config: Path | None, flags: dict[str, object], work: Callable[[Accounts, Directory, Credentials], Awaitable[_T]]
) -> _T:
    """Open the configured store and call ``work`` with it. A running server reads the change within a second."""
    new = bool(flags.pop("new", False))
    loaded = load_settings(config, flags)
    settings = loaded.settings
    folder = DataFolder(used_folder(loaded, new=new))

    async def run() -> _T:
        database = open_database(settings.store, folder)
        credentials = Credentials(read_secret(settings.secret, folder))
        try:
            await database.open()
            directory = Directory(database, now_ms=_now_ms)
            await directory.look()
            accounts = Accounts(
                database=database,
                directory=directory,
                credentials=credentials,
                counters=Counters(),
                now_ms=_now_ms,
                session_ms=int(settings.session_days * 86_400_000),
            )
            return await work(accounts, directory, credentials)
        finally:
            credentials.close()
            await database.close()

    try:
        return asyncio.run(run())
    except DashboardError as error:
        raise click.ClickException(str(error)) from None


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


_NEW = click.option("--new", is_flag=True, help="create the data folder, if no server has used it yet")
_STDIN = click.option("--password-stdin", is_flag=True, help="read the password from standard input")


@click.group()
def user() -> None:
    """Users: add, list, change, delete; and tokens for programs that act as a user."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@click.option("--full-name", default="", help="name shown to other users  [NAME]")
@_STDIN
@_NEW
@with_store
def user_add(name: str, role: str, full_name: str, password_stdin: bool, config: Path | None, **flags: object) -> None:
    """Add the user NAME."""
    password = _password(password_stdin)

    async def work(accounts: Accounts, *_: object) -> User:
        return await accounts.create_user(
            _BY, "", name=name, full_name=full_name, role=parse_role(role), password=password
        )

    added = _with_accounts(config, flags, work)
    click.echo(f"{added.id} is {added.role.word}")


@user.command("list")
@with_store
def user_list(config: Path | None, **flags: object) -> None:
    """Print all users."""

    async def work(accounts: Accounts, *_: object) -> list[tuple[User, int | None]]:
        return await accounts.list_users()

    for each, _ in _with_accounts(config, flags, work):
        click.echo(f"{each.id:20} {each.role.word:9} {'disabled ' if each.disabled else ''}{each.name}")


@user.command("change")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="new role")
@click.option("--full-name", help="new name shown to other users")
@click.option("--disable/--enable", "disabled", default=None, help="whether the user may log in")
@click.option("--password", "new_password", is_flag=True, help="ask for a new password")
@_STDIN
@with_store
def user_change(
    name: str,
    role: str | None,
    full_name: str | None,
    disabled: bool | None,
    new_password: bool,
    password_stdin: bool,
    config: Path | None,
    **flags: object,
) -> None:
    """Change the user NAME; a new password ends all sessions."""
    password = _password(password_stdin) if new_password or password_stdin else None

    async def work(accounts: Accounts, *_: object) -> User:
        return await accounts.change_user(
            _BY,
            "",
            name,
            full_name=full_name,
            role=parse_role(role) if role else None,
            disabled=disabled,
            password=password,
        )

    changed = _with_accounts(config, flags, work)
    click.echo(f"{changed.id} is {changed.role.word}{', disabled' if changed.disabled else ''}")


@user.command("delete")
@click.argument("name")
@with_store
def user_delete(name: str, config: Path | None, **flags: object) -> None:
    """Delete the user NAME; the user's messages stay."""

    async def work(accounts: Accounts, *_: object) -> None:
        await accounts.delete_user(_BY, "", name)

    _with_accounts(config, flags, work)
    click.echo(f"{name} is deleted")


@user.command("token")
@click.argument("name")
@click.option("--hours", type=float, default=24, show_default=True, help="hours until the token expires")
@with_store
def user_token(name: str, hours: float, config: Path | None, **flags: object) -> None:
    """Print a JWT that lets a program act as the user NAME, on /ws (auth) and over HTTP (Bearer)."""

    async def work(accounts: Accounts, directory: Directory, *_: object) -> str:
        found = directory.user(name)
        if found is None:
            raise click.ClickException(f"there is no user {name}")
        return await accounts.issue(_BY, found, _now_ms() + int(hours * 3_600_000))

    click.echo(_with_accounts(config, flags, work))


@click.group("token")
def token_group() -> None:
    """Tokens of feeders and programs: create, list, revoke."""


@token_group.command("create")
@click.argument("name")
@click.option(
    "--verb", "verbs", multiple=True, type=click.Choice(VERBS), help="permission of the token; repeatable  [write]"
)
@click.option(
    "--prefix", "prefixes", multiple=True, help="prefix that names of fed series must have; repeatable  [any]"
)
@click.option("--per-s", type=click.IntRange(0, 10_000_000), default=0, help="most samples per second  [no limit]")
@click.option(
    "--max-series",
    type=click.IntRange(0, 1_000_000),
    default=0,
    help="most series that the token may create  [the server's limit]",
)
@click.option("--days", type=click.FloatRange(0, 3_650, min_open=True), help="days until the token expires  [never]")
@_NEW
@with_store
def token_create(
    name: str,
    verbs: tuple[str, ...],
    prefixes: tuple[str, ...],
    per_s: int,
    max_series: int,
    days: float | None,
    config: Path | None,
    **flags: object,
) -> None:
    """Create a token called NAME and print its secret text, which cannot be shown again."""

    async def work(accounts: Accounts, *others: object) -> str:
        _, text = await accounts.create_token(
            _BY,
            "",
            name=name,
            verbs=verbs or ("write",),
            prefixes=prefixes,
            per_s=per_s,
            max_series=max_series,
            days=days,
        )
        return text

    click.echo(_with_accounts(config, flags, work))


@token_group.command("list")
@with_store
def token_list(config: Path | None, **flags: object) -> None:
    """Print all tokens, without their secret texts."""

    async def work(accounts: Accounts, *_: object) -> list[Token]:
        return await accounts.list_tokens()

    for found in _with_accounts(config, flags, work):
        prefixes = " ".join(found.prefixes) or "any series"
        click.echo(f"{found.id}  {found.name:20} {','.join(found.verbs):20} {prefixes}")


@token_group.command("revoke")
@click.argument("token_id", metavar="ID")
@with_store
def token_revoke(token_id: str, config: Path | None, **flags: object) -> None:
    """Revoke the token ID; `token list` prints the ids."""

    async def work(accounts: Accounts, *_: object) -> None:
        await accounts.revoke_token(_BY, "", token_id)

    _with_accounts(config, flags, work)
    click.echo(f"{token_id} is revoked")
