"""Users, revocations of their sessions, login attempts and identities. Every function works in the caller's transaction."""

from __future__ import annotations

import msgspec
from sqlalchemy import Row, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.identity import Role, User, parse_role
from dashboard.domain.room import inbox_room
from dashboard.store.board_marks import forget_marks
from dashboard.store.revisions import next_revision
from dashboard.store.schema import identities, messages, participants, reads, revoked_sessions, rooms, tries, users

#: Login attempts allowed from one address within the window, whatever the names; further ones are refused.
MOST_TRIES_OF_ADDRESS = 60


def _user(row: Row[tuple[object, ...]]) -> User:
    grants = msgspec.json.decode(row.grants, type=dict[str, str])
    return User(
        id=row.id,
        name=row.name,
        role=parse_role(row.role),
        disabled=row.disabled or row.deleted,
        version=row.version,
        created_ms=row.created_ms,
        last_login_ms=row.last_login_ms,
        grants=tuple((board, parse_role(role)) for board, role in grants.items()),
        kept_session=row.kept_session,
    )


def _grants(grants: tuple[tuple[str, Role], ...]) -> str:
    return msgspec.json.encode({board: role.word for board, role in grants}).decode()


async def changed_users(tx: AsyncConnection, after: int) -> list[tuple[User, bool]]:
    """Return the users changed after revision ``after``, and whether each is deleted."""
    rows = (await tx.execute(select(users).where(users.c.revision > after))).all()
    return [(_user(row), bool(row.deleted)) for row in rows]


async def password_of(tx: AsyncConnection, user_id: str) -> str | None:
    """Return the hash of a user's password; None if there is no such user, or if the user may not log in."""
    statement = select(users.c.password_hash).where(
        users.c.id == user_id, users.c.disabled.is_(False), users.c.deleted.is_(False)
    )
    found: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return found


async def create_user(tx: AsyncConnection, user: User, password_hash: str) -> None:
    """Add a user; raises Invalid when the name is or was in use: nobody may inherit a deleted user's data."""
    await check_free(tx, user.id)
    values = {
        "id": user.id,
        "name": user.name,
        "role": user.role.word,
        "password_hash": password_hash,
        "disabled": False,
        "deleted": False,
        "version": 1,
        "kept_session": "",
        "grants": _grants(user.grants),
        "created_ms": user.created_ms,
        "last_login_ms": None,
        "revision": await next_revision(tx),
    }
    try:
        await tx.execute(insert(users).values(**values))
    except IntegrityError:
        raise Invalid(f"there is, or was, a user {user.id}; choose another name", field="id") from None


async def change_user(
    tx: AsyncConnection,
    user_id: str,
    *,
    name: str | None = None,
    role: Role | None = None,
    disabled: bool | None = None,
    grants: tuple[tuple[str, Role], ...] | None = None,
    password_hash: str | None = None,
    password_was: str | None = None,
    kept_session: str = "",
) -> User:
    """Change the given attributes; a new password or a ban ends older sessions. Return the user.

    ``kept_session`` stays valid despite the new password, until the next new password, a ban or another role.  Raises NotFound, and
    Invalid if the stored hash is not ``password_was`` (None: any).
    """
    values: dict[str, object] = {"revision": await next_revision(tx)}
    if name is not None:
        values["name"] = name
    if role is not None:
        values["role"] = role.word
        values["kept_session"] = case((users.c.role == role.word, users.c.kept_session), else_="")
    if disabled is not None:
        values["disabled"] = disabled
    if grants is not None:
        values["grants"] = _grants(grants)
    if password_hash is not None:
        values["password_hash"] = password_hash
    if password_hash is not None or disabled:
        values["version"] = users.c.version + 1
        values["kept_session"] = kept_session
    statement = update(users).where(users.c.id == user_id, users.c.deleted.is_(False)).values(**values).returning(users)
    if password_was is not None:
        statement = statement.where(users.c.password_hash == password_was)
    row = (await tx.execute(statement)).one_or_none()
    if row is None and password_was is not None:
        raise Invalid("has just been changed; enter the new one", field="old_password")
    if row is None:
        raise NotFound(f"there is no user {user_id[:40]}")
    return _user(row)


async def delete_user(tx: AsyncConnection, user_id: str) -> None:
    """Delete a user: the login ends, messages stay, notifications are deleted. Raises NotFound."""
    statement = (
        update(users)
        .where(users.c.id == user_id, users.c.deleted.is_(False))
        .values(
            deleted=True,
            disabled=True,
            password_hash="",
            grants="{}",
            version=users.c.version + 1,
            kept_session="",
            revision=await next_revision(tx),
        )
    )
    if not (await tx.execute(statement)).rowcount:
        raise NotFound(f"there is no user {user_id[:40]}")
    inbox = inbox_room(user_id)  # the next user of this name must not see it
    await tx.execute(delete(messages).where(messages.c.room_id == inbox))
    await tx.execute(update(rooms).where(rooms.c.id == inbox).values(trimmed_seq=rooms.c.last_seq))
    await tx.execute(delete(reads).where(reads.c.user_id == user_id))
    await tx.execute(delete(participants).where(participants.c.user_id == user_id))
    await forget_marks(tx, user_id)


async def note_login(tx: AsyncConnection, user_id: str, now_ms: int, password_hash: str | None = None) -> User | None:
    """Store a login and return the user; None if the user may not log in, or if ``password_hash`` is no longer the stored hash.

    The store's revision stays the same, because other processes need not read a login at once.
    """
    statement = update(users).where(users.c.id == user_id, users.c.disabled.is_(False), users.c.deleted.is_(False))
    if password_hash is not None:
        statement = statement.where(users.c.password_hash == password_hash)
    row = (await tx.execute(statement.values(last_login_ms=now_ms).returning(users))).one_or_none()
    return None if row is None else _user(row)


async def last_logins(tx: AsyncConnection) -> dict[str, int | None]:
    """Return the times of the last logins, by user (None: never)."""
    rows = await tx.execute(select(users.c.id, users.c.last_login_ms).where(users.c.deleted.is_(False)))
    return {row.id: row.last_login_ms for row in rows}


async def count_admins(tx: AsyncConnection) -> int:
    """Return the number of administrators that can log in."""
    statement = (
        select(func.count())
        .select_from(users)
        .where(users.c.role == Role.ADMIN.word, users.c.disabled.is_(False), users.c.deleted.is_(False))
    )
    return int((await tx.execute(statement)).scalar_one())


async def revoke_session(tx: AsyncConnection, session: str, expires_ms: int) -> None:
    """Revoke a session that ends at ``expires_ms``; a second call changes nothing."""
    revision = await next_revision(tx)  # locks: a concurrent call for the same session waits here
    known = await tx.execute(select(revoked_sessions.c.id).where(revoked_sessions.c.id == session))
    if known.first() is None:
        await tx.execute(insert(revoked_sessions).values(id=session, expires_ms=expires_ms, revision=revision))


async def changed_revocations(tx: AsyncConnection, after: int) -> dict[str, int]:
    """Return the sessions revoked after revision ``after``, with the time at which each would have expired."""
    rows = await tx.execute(
        select(revoked_sessions.c.id, revoked_sessions.c.expires_ms).where(revoked_sessions.c.revision > after)
    )
    return {row.id: row.expires_ms for row in rows}


async def forget_revocations(tx: AsyncConnection, now_ms: int) -> None:
    """Delete the revocations whose sessions have expired by ``now_ms``."""
    await tx.execute(delete(revoked_sessions).where(revoked_sessions.c.expires_ms < now_ms))


async def count_try(tx: AsyncConnection, name: str, address: str, now_ms: int, window_ms: int) -> int:
    """Count a login attempt; return the number of attempts by this name and address within the window, including this attempt.

    Return ``MOST_TRIES_OF_ADDRESS`` if the address has made more attempts than that for all names together.
    """
    if tx.dialect.name == "postgresql":  # concurrent attempts must count each other; SQLite has one writer at a time
        await tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{address} {name}", 0))))
    await tx.execute(delete(tries).where(tries.c.t_ms < now_ms - window_ms))
    await tx.execute(insert(tries).values(name=name, address=address, t_ms=now_ms))
    of_address = select(func.count()).select_from(tries).where(tries.c.address == address)
    if int((await tx.execute(of_address)).scalar_one()) > MOST_TRIES_OF_ADDRESS:
        return MOST_TRIES_OF_ADDRESS
    statement = select(func.count()).select_from(tries).where(tries.c.name == name, tries.c.address == address)
    return int((await tx.execute(statement)).scalar_one())


async def tries_end(tx: AsyncConnection, name: str, address: str, window_ms: int, most: int) -> int:
    """Return the time in milliseconds when another login may be tried; 0 if it may be tried now.

    The window must contain fewer than ``most`` attempts by this name and address, and fewer than the limit by this address alone.
    """
    of_address = select(tries.c.t_ms).where(tries.c.address == address).order_by(tries.c.t_ms.desc())
    latest = [
        (await tx.execute(statement.limit(1))).scalar_one_or_none()
        for statement in (
            of_address.where(tries.c.name == name).offset(most - 1),
            of_address.offset(MOST_TRIES_OF_ADDRESS - 1),
        )
    ]
    return max((t_ms + window_ms + 1 for t_ms in latest if t_ms is not None), default=0)


async def take_back_try(tx: AsyncConnection, name: str, address: str) -> None:
    """Remove the latest attempt, because its password was not checked."""
    latest = select(func.max(tries.c.id)).where(tries.c.name == name, tries.c.address == address).scalar_subquery()
    await tx.execute(delete(tries).where(tries.c.id == latest))


async def forget_tries(tx: AsyncConnection, name: str, address: str) -> None:
    """Delete the attempts of a name and address, after a successful login."""
    await tx.execute(delete(tries).where(tries.c.name == name, tries.c.address == address))


async def find_identity(tx: AsyncConnection, issuer: str, subject: str) -> str | None:
    """Return the user of a provider's identity (issuer and subject); None if the identity has no user yet."""
    statement = select(identities.c.user_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
    found: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return found


async def add_identity(tx: AsyncConnection, issuer: str, subject: str, user_id: str) -> None:
    """Store to which user a provider's identity belongs."""
    await tx.execute(insert(identities).values(issuer=issuer, subject=subject, user_id=user_id))


async def check_free(tx: AsyncConnection, user_id: str) -> None:
    """Raise Invalid when a user with that id exists or existed."""
    if await is_taken(tx, user_id):
        raise Invalid(f"there is, or was, a user {user_id}; choose another name", field="id")


async def check_there(tx: AsyncConnection, user_id: str) -> None:
    """Raise NotFound when no user has that id."""
    statement = select(users.c.id).where(users.c.id == user_id, users.c.deleted.is_(False))
    if (await tx.execute(statement)).first() is None:
        raise NotFound(f"there is no user {user_id[:40]}")


async def is_taken(tx: AsyncConnection, user_id: str) -> bool:
    """Return whether a user with that id exists or existed."""
    return (await tx.execute(select(users.c.id).where(users.c.id == user_id))).first() is not None
