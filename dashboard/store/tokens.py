"""Tokens of feeders and programs (only a hash is stored), share links, and codes that work once."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import NotFound
from dashboard.domain.identity import Token
from dashboard.store.revisions import next_revision
from dashboard.store.schema import codes, links, tokens


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        verbs=tuple(msgspec.json.decode(row.verbs, type=list[str])),
        prefixes=tuple(msgspec.json.decode(row.prefixes, type=list[str])),
        per_s=row.per_s,
        max_series=row.max_series,
        created_by=row.created_by,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        last_used_ms=row.last_used_ms,
    )


async def changed_tokens(tx: AsyncConnection, after: int) -> list[tuple[str, Token, bool]]:
    """Return the tokens changed after revision ``after``: for each its hash, the token, and whether it is revoked."""
    rows = (await tx.execute(select(tokens).where(tokens.c.revision > after))).all()
    return [(row.hash, _token(row), row.revoked) for row in rows]


async def create_token(tx: AsyncConnection, token: Token, token_hash: str) -> None:
    """Store a new token with the hash of its secret."""
    await tx.execute(
        insert(tokens).values(
            id=token.id,
            hash=token_hash,
            name=token.name,
            verbs=msgspec.json.encode(token.verbs).decode(),
            prefixes=msgspec.json.encode(token.prefixes).decode(),
            per_s=int(token.per_s),
            max_series=token.max_series,
            created_by=token.created_by,
            created_ms=token.created_ms,
            expires_ms=token.expires_ms,
            last_used_ms=None,
            revoked=False,
            revision=await next_revision(tx),
        )
    )


async def revoke_token(tx: AsyncConnection, token_id: str) -> None:
    """Revoke a token. Raises NotFound if there is no such token, or if it is revoked already."""
    statement = (
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked.is_(False))
        .values(revoked=True, revision=await next_revision(tx))
    )
    if not (await tx.execute(statement)).rowcount:
        raise NotFound(f"there is no token {token_id[:40]}")


async def note_token_use(tx: AsyncConnection, used: dict[str, int]) -> None:
    """Store when tokens were last used; the store's revision stays the same, because other processes need not read this at once."""
    for token_id, t_ms in used.items():
        await tx.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_ms=t_ms))


async def tokens_used(tx: AsyncConnection) -> dict[str, int | None]:
    """Return when each token was last used, by id (None: never); revoked tokens are left out."""
    rows = await tx.execute(select(tokens.c.id, tokens.c.last_used_ms).where(tokens.c.revoked.is_(False)))
    return {row.id: row.last_used_ms for row in rows}


async def create_link(tx: AsyncConnection, link_id: str, board: str, created_by: str, expires_ms: int) -> None:
    """Store a new share link."""
    revision = await next_revision(tx)
    await tx.execute(
        insert(links).values(
            id=link_id, board=board, created_by=created_by, expires_ms=expires_ms, revoked=False, revision=revision
        )
    )


async def revoke_link(tx: AsyncConnection, link_id: str, may_see: Callable[[str], bool]) -> None:
    """Revoke a link; raises NotFound, also if the caller may not see the link's board."""
    statement = (
        update(links)
        .where(links.c.id == link_id, links.c.revoked.is_(False))
        .values(revoked=True, revision=await next_revision(tx))
        .returning(links.c.board)
    )
    board = (await tx.execute(statement)).scalar_one_or_none()
    if board is None or not may_see(board):  # the error takes the change back
        raise NotFound(f"there is no link {link_id[:40]}")


async def revoked_links(tx: AsyncConnection, after: int) -> dict[str, int]:
    """Return the links revoked after revision ``after``, with the time at which each would have expired."""
    rows = await tx.execute(
        select(links.c.id, links.c.expires_ms).where(links.c.revision > after, links.c.revoked.is_(True))
    )
    return {row.id: row.expires_ms for row in rows}


async def list_links(tx: AsyncConnection, now_ms: int) -> list[dict[str, object]]:
    """Return the valid share links, ordered by the time at which they expire."""
    rows = await tx.execute(
        select(links).where(links.c.revoked.is_(False), links.c.expires_ms > now_ms).order_by(links.c.expires_ms)
    )
    return [{"id": row.id, "board": row.board, "created_by": row.created_by, "expires": row.expires_ms} for row in rows]


async def create_code(tx: AsyncConnection, code_hash: str, purpose: str, expires_ms: int) -> None:
    """Store the hash of a new code; older codes for the same purpose become invalid."""
    await tx.execute(update(codes).where(codes.c.purpose == purpose, codes.c.used_ms.is_(None)).values(used_ms=0))
    await tx.execute(insert(codes).values(hash=code_hash, purpose=purpose, expires_ms=expires_ms))


async def use_code(tx: AsyncConnection, code_hash: str, purpose: str, now_ms: int) -> bool:
    """Mark the code with this hash as used; return False if the code is unknown for this purpose, used already, or
    expired."""
    statement = (
        update(codes)
        .where(
            codes.c.hash == code_hash,
            codes.c.purpose == purpose,
            codes.c.used_ms.is_(None),
            codes.c.expires_ms > now_ms,
        )
        .values(used_ms=now_ms)
    )
    return bool((await tx.execute(statement)).rowcount)


async def is_code(tx: AsyncConnection, code_hash: str, purpose: str, now_ms: int) -> bool:
    """Return whether the code with this hash is valid for a purpose."""
    statement = select(codes.c.hash).where(
        codes.c.hash == code_hash, codes.c.purpose == purpose, codes.c.used_ms.is_(None), codes.c.expires_ms > now_ms
    )
    return (await tx.execute(statement)).first() is not None
