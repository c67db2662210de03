"""Service for logins, users, tokens and share links. Every change is recorded in the audit log, in the same transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.accounts.authenticator import LOCAL_ID
from dashboard.accounts.credentials import Credentials, hash_of, new_token
from dashboard.accounts.directory import Directory
from dashboard.accounts.login_tries import LoginTries
from dashboard.accounts.names import check_distinct, clean_name
from dashboard.domain.counters import Counters
from dashboard.domain.errors import BadToken, Forbidden, Invalid, NotFound
from dashboard.domain.identity import VERBS, Caller, Role, Token, User, check_password, parse_user_name
from dashboard.domain.room import clean_text
from dashboard.domain.series import MAX_NAME_BYTES
from dashboard.store import tokens as stored_tokens
from dashboard.store import users as stored_users
from dashboard.store.audit import read_audit, record
from dashboard.store.database import Database

_FIRST_ADMIN = "first admin"
_USED_LINK = "the link has been used or is too old; restart the server for a new one"
_DAY_MS = 86_400_000
_MAX_NAME = 80
_MAX_PREFIXES = 50


class LoginSession(Struct, frozen=True):
    """Result of a login: the user, the session's JWT, and the time when the session ends."""

    user: User
    token: str
    expires_ms: int


class Accounts:
    """Service for sessions, users, tokens and share links. ``now_ms`` gives the journal's time."""

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        credentials: Credentials,
        counters: Counters,
        now_ms: Callable[[], int],
        session_ms: int,
    ) -> None:
        self._database = database
        self._directory = directory
        self._credentials = credentials
        self._counters = counters
        self._now_ms = now_ms
        self._session_ms = session_ms
        self._tries = LoginTries(database, counters=counters, now_ms=now_ms)

    # --- sessions ---

    async def log_in(self, name: str, password: str, address: str) -> LoginSession:
        """Log in by name and password; raises BadToken, TooMany, Overloaded, Unavailable."""
        user_id = name.strip().lower()[:80]
        stored, now_ms = await self._tries.count(user_id, address), self._now_ms()
        user = None
        async with self._tries.answered(user_id, address):
            good = await self._credentials.check_password(stored, password, address)
            async with self._database.write() as tx:
                if good:  # the password may have been changed during the check
                    user = await stored_users.note_login(tx, user_id, now_ms, stored)
                await record(tx, now_ms, user_id, "login.done" if user else "login.failed", user_id, address)
                if user:
                    await self._tries.forget(tx, user_id, address)
        self._counters.logins["done" if user else "failed"] += 1
        if user is None:
            raise BadToken("the name or the password is wrong")
        await self._directory.look()
        return self.begin(user)

    def begin(self, user: User, session: str = "") -> LoginSession:
        """Start a session for an authenticated user. ``session``: id of a session to extend; empty: start a new session."""
        now_ms = self._now_ms()
        expires_ms = now_ms + self._session_ms
        session = session or secrets.token_urlsafe(16)
        token = self._credentials.issue(
            user.id, session=session, version=user.version, now_ms=now_ms, expires_ms=expires_ms
        )
        return LoginSession(user, token, expires_ms)

    def begin_local(self) -> str:
        """Start a session for the local operator and return its JWT."""
        now_ms = self._now_ms()
        session = secrets.token_urlsafe(16)
        expires_ms = now_ms + self._session_ms
        return self._credentials.issue(
            LOCAL_ID, session=session, version=0, now_ms=now_ms, expires_ms=expires_ms, local=True
        )

    def renew(self, caller: Caller) -> LoginSession | None:
        """Extend the caller's session, under the same id, if half of its lifetime has passed; return None if it was not extended."""
        user = self._directory.user(caller.id)
        if caller.kind != "user" or caller.expires_ms is None or user is None:
            return None
        if caller.expires_ms - self._now_ms() > self._session_ms / 2:
            return None
        return self.begin(user, caller.session)

    async def log_out(self, caller: Caller, address: str) -> None:
        """End the caller's session on all its sockets; a share link stays valid. Raises Unavailable."""
        if not caller.session or caller.kind == "share":  # a share link is used by many people
            return
        now_ms = self._now_ms()
        ends_ms = max(now_ms + 2 * self._session_ms, caller.expires_ms or 0)
        async with self._database.write() as tx:
            await stored_users.revoke_session(tx, caller.session, ends_ms)
            await record(tx, now_ms, caller.id, "logout.done", caller.id, address)
        await self._directory.changed()

    # --- users ---

    async def create_user(self, by: str, address: str, *, name: str, full_name: str, role: Role, password: str) -> User:
        """Create a user with the given properties; raises Invalid, Overloaded, Unavailable."""
        user_id = parse_user_name(name, field="id")
        full_name = await self._distinct(full_name or user_id, user_id)
        check_password(password)
        async with self._database.read() as tx:
            await stored_users.check_free(tx, user_id)
        password_hash = await self._credentials.hash_password(password, address)
        now_ms = self._now_ms()
        user = User(user_id, full_name, role, created_ms=now_ms)
        async with self._database.write() as tx:
            await stored_users.create_user(tx, user, password_hash)
            await record(tx, now_ms, by, "user.created", user_id, address, role=role.word)
        await self._directory.changed()
        return self._directory.users.get(user_id, user)

    async def change_user(
        self,
        by: str,
        address: str,
        user_id: str,
        *,
        full_name: str | None = None,
        role: Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
        password_was: str | None = None,
        grants: tuple[tuple[str, Role], ...] | None = None,
        kept_session: str = "",
    ) -> User:
        """Change the given fields, if the stored hash is ``password_was`` (None: any). A new password ends the other sessions.

        ``kept_session`` stays valid. Raises NotFound, Invalid, Forbidden (the last admin), Overloaded, Unavailable.
        """
        password_hash = None
        if full_name is not None:
            full_name = await self._distinct(full_name, user_id)
        if password is not None:
            check_password(password)
            async with self._database.read() as tx:
                await stored_users.check_there(tx, user_id)
            password_hash = await self._credentials.hash_password(password, address)
        said: dict[str, object] = {"name": full_name, "role": role.word if role else None, "disabled": disabled}
        said |= {"password": "changed" if password else None, "grants": _words(grants)}
        async with self._database.write() as tx:
            user = await stored_users.change_user(
                tx,
                user_id,
                name=full_name,
                role=role,
                disabled=disabled,
                password_hash=password_hash,
                password_was=password_was,
                grants=grants,
                kept_session=kept_session,
            )
            await self._keep_an_admin(tx)
            detail = {key: value for key, value in said.items() if value is not None}
            await record(tx, self._now_ms(), by, "user.changed", user_id, address, **detail)
        await self._directory.changed()
        return user

    async def change_own(
        self,
        caller: Caller,
        address: str,
        *,
        old_password: str,
        full_name: str | None = None,
        password: str | None = None,
    ) -> User:
        """Change the caller's own user. A new password needs the old one, whose attempts are limited as in a login.

        Raises Invalid, TooMany and the errors of ``change_user``.
        """
        stored = None
        if password is not None:
            check_password(password)
            stored = await self._tries.count(caller.id, address)
            async with self._tries.answered(caller.id, address):
                good = await self._credentials.check_password(stored, old_password, address)
            if not good:
                raise Invalid("is wrong", field="old_password")
            async with self._database.write() as tx:
                await self._tries.forget(tx, caller.id, address)
        own = caller.id
        return await self.change_user(
            own, address, own, full_name=full_name, password=password, kept_session=caller.session, password_was=stored
        )

    async def delete_user(self, by: str, address: str, user_id: str) -> None:
        """Delete a user; raises NotFound, Forbidden (the last admin), Unavailable."""
        async with self._database.write() as tx:
            await stored_users.delete_user(tx, user_id)
            await self._keep_an_admin(tx)
            await record(tx, self._now_ms(), by, "user.deleted", user_id, address)
        await self._directory.changed()

    async def _distinct(self, full_name: str, user_id: str) -> str:
        """Return the normalised full name; raises Invalid when it looks like another user's name."""
        name = clean_name(full_name)
        before = self._directory.users.get(user_id)
        if before is None or name != before.name:  # a name from before this rule may stay; 10,000 names take 0.2 s
            await asyncio.to_thread(check_distinct, name, user_id, tuple(self._directory.users.values()))
        return name

    async def _keep_an_admin(self, tx: AsyncConnection) -> None:
        had = any(user.role is Role.ADMIN and not user.disabled for user in self._directory.users.values())
        if had and not await stored_users.count_admins(tx):
            raise Forbidden("the last administrator must stay; make another user administrator first")

    async def list_users(self) -> list[tuple[User, int | None]]:
        """List all users by id, each with the time of the last login in milliseconds (None: never)."""
        async with self._database.read() as tx:
            logins = await stored_users.last_logins(tx)
        users = sorted(self._directory.users.values(), key=lambda user: user.id)
        return [(user, logins[user.id]) for user in users if user.id in logins]

    # --- the first admin ---

    async def first_admin_code(self) -> str | None:
        """Create a code, valid for a day, that lets its owner create the first admin; return None if there is an admin already."""
        now_ms = self._now_ms()
        async with self._database.write() as tx:
            if await stored_users.count_admins(tx):
                return None
            code = secrets.token_urlsafe(24)
            await stored_tokens.create_code(tx, hash_of(code), _FIRST_ADMIN, now_ms + _DAY_MS)
        return code

    async def make_first_admin(
        self, code: str, address: str, *, name: str, full_name: str, password: str
    ) -> LoginSession:
        """Create the first admin and log in. Raises the errors of ``create_user``, and BadToken if the code is wrong, used or expired."""
        user_id = parse_user_name(name, field="id")
        check_password(password)
        async with self._database.read() as tx:  # a wrong code costs no more than this query
            if not await stored_tokens.is_code(tx, hash_of(code), _FIRST_ADMIN, self._now_ms()):
                raise BadToken(_USED_LINK)
        full_name = await self._distinct(full_name or user_id, user_id)
        password_hash = await self._credentials.hash_password(password, address)
        now_ms = self._now_ms()
        async with self._database.write() as tx:
            if await stored_users.count_admins(tx) or not await stored_tokens.use_code(
                tx, hash_of(code), _FIRST_ADMIN, now_ms
            ):
                raise BadToken(_USED_LINK)
            user = User(user_id, full_name, Role.ADMIN, created_ms=now_ms)
            await stored_users.create_user(tx, user, password_hash)
            await record(tx, now_ms, user_id, "user.created", user_id, address, role="admin", by="first-admin link")
        await self._directory.changed()
        return self.begin(self._directory.users.get(user_id, user))

    # --- tokens and links ---

    async def create_token(
        self,
        by: str,
        address: str,
        *,
        name: str,
        verbs: tuple[str, ...] = ("write",),
        prefixes: tuple[str, ...] = (),
        per_s: float = 0,
        max_series: int = 0,
        days: float | None = None,
    ) -> tuple[Token, str]:
        """Create a token for ``days`` (None: for ever); return it and its secret text, which is not stored. Raises Invalid, Unavailable."""
        for verb in verbs:
            if verb not in VERBS:
                raise Invalid(f"{verb[:20]!a} is not one of {', '.join(VERBS)}", field="verbs")
        if not verbs:
            raise Invalid(f"name at least one of {', '.join(VERBS)}", field="verbs")
        if len(prefixes) > _MAX_PREFIXES or not all(0 < len(each) <= MAX_NAME_BYTES for each in prefixes):
            raise Invalid(f"at most {_MAX_PREFIXES}, each of 1 to {MAX_NAME_BYTES} characters", field="prefixes")
        text = new_token()
        now_ms = self._now_ms()
        token = Token(
            id=secrets.token_hex(8),
            name=clean_text(name, field="name", most=_MAX_NAME),
            verbs=tuple(dict.fromkeys(verbs)),
            prefixes=prefixes,
            per_s=per_s,
            max_series=max_series,
            created_by=by,
            created_ms=now_ms,
            expires_ms=now_ms + int(days * _DAY_MS) if days is not None else None,
        )
        async with self._database.write() as tx:
            await stored_tokens.create_token(tx, token, hash_of(text))
            await record(
                tx, now_ms, by, "token.created", token.id, address, name=token.name, verbs=verbs, prefixes=prefixes
            )
        await self._directory.changed()
        return token, text

    async def issue(self, by: str, user: User, expires_ms: int) -> str:
        """Issue a JWT that lets a program act as the user, in a new session; raises Unavailable."""
        session, now_ms = secrets.token_urlsafe(16), self._now_ms()
        async with self._database.write() as tx:
            await record(tx, now_ms, by, "session.issued", user.id, expires=expires_ms)
        return self._credentials.issue(
            user.id, session=session, version=user.version, now_ms=now_ms, expires_ms=expires_ms
        )

    async def list_tokens(self) -> list[Token]:
        """List the tokens that are not revoked, by name, with the time of their last use."""
        async with self._database.read() as tx:
            used = await stored_tokens.tokens_used(tx)
        found = [t for t in self._directory.tokens.values() if t.id in used]
        return sorted((_with_use(t, used[t.id]) for t in found), key=lambda t: (t.name, t.id))

    async def revoke_token(self, by: str, address: str, token_id: str) -> None:
        """Revoke a token; raises NotFound, Unavailable."""
        async with self._database.write() as tx:
            await stored_tokens.revoke_token(tx, token_id)
            await record(tx, self._now_ms(), by, "token.revoked", token_id, address)
        await self._directory.changed()

    async def create_link(self, by: str, address: str, board: str, hours: float) -> tuple[str, str, int]:
        """Create a link that shows a board for ``hours`` without a login; return its id, JWT and expiry in ms."""
        now_ms = self._now_ms()
        link, expires_ms = secrets.token_urlsafe(12), now_ms + int(hours * 3_600_000)
        async with self._database.write() as tx:
            await stored_tokens.create_link(tx, link, board, by, expires_ms)
            await record(tx, now_ms, by, "link.created", link, address, board=board)
        await self._directory.changed()
        return link, self._credentials.issue_share(board, link, expires_ms), expires_ms

    async def list_links(self, may_see: Callable[[str], bool]) -> list[dict[str, object]]:
        """List the links that have not expired, to the boards that the caller may see."""
        async with self._database.read() as tx:
            found = await stored_tokens.list_links(tx, self._now_ms())
        return [link for link in found if may_see(str(link["board"]))]

    async def revoke_link(self, by: str, address: str, link: str, may_see: Callable[[str], bool]) -> None:
        """Revoke a link to a board that the caller may see; raises NotFound, Unavailable."""
        async with self._database.write() as tx:
            await stored_tokens.revoke_link(tx, link, may_see)
            await record(tx, self._now_ms(), by, "link.revoked", link, address)
        await self._directory.changed()

    def find(self, user_id: str) -> User:
        """Return the user; raises NotFound."""
        user = self._directory.users.get(user_id)
        if user is None:
            raise NotFound(f"there is no user {user_id[:40]!a}")
        return user

    async def audit(self, before: int | None, limit: int) -> list[dict[str, object]]:
        """Return at most ``limit`` audit events with ids below ``before`` (None: the newest), newest first."""
        async with self._database.read() as tx:
            return await read_audit(tx, before, limit)


def _with_use(token: Token, last_used_ms: int | None) -> Token:
    return msgspec.structs.replace(token, last_used_ms=last_used_ms)


def _words(grants: tuple[tuple[str, Role], ...] | None) -> dict[str, str] | None:
    return {board: role.word for board, role in grants} if grants is not None else None
