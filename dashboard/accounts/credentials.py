"""Credentials: passwords (argon2), sessions and share links (JWT, HS256), feeders' tokens (random).

Owns the secret. Does not own the list of users (``directory.py``).  Our JWTs have ``sub``, ``exp``, ``jti`` (the session
id, by which it is revoked) and ``ver`` (the user's version).  A JWT that another program made with the same secret needs
``sub`` and ``exp``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from msgspec import Struct

from dashboard.accounts.fair_queue import FairQueue
from dashboard.data_folder.folder import DataFolder, private_file
from dashboard.domain.errors import BadToken, ConfigurationError
from dashboard.domain.identity import MAX_PASSWORD

_ALGORITHM = "HS256"
MIN_SECRET_BYTES = 32
TOKEN_PREFIX = "dsh_"  # noqa: S105 - a prefix, by which scanners find leaked tokens
_SHARE = "share"
_SEALED = "sealed"
SECRET_FILE = "secret"  # noqa: S105 - a file's name
_MAX_SESSION = 40
#: Passwords hashed at one time (64 MiB each), and how many may wait: of one address, and in all; more are refused (Overloaded).
_HASHED_AT_ONCE = 2
_MAX_WAITING_OF_ADDRESS = 8
_MAX_WAITING = 64


class Claims(Struct, frozen=True):
    """Claims of a JWT. ``version``: the user's version, None if another program issued the JWT. ``local``: True if the
    JWT belongs to the local operator."""

    user: str
    session: str
    expires_ms: int
    version: int | None
    local: bool


def read_secret(given: str, folder: DataFolder) -> bytes:
    """Return the configured secret, else the secret in ``folder``, which is created once. Raises ConfigurationError."""
    if given:
        return given.encode()
    folder.make()
    file = folder.path / SECRET_FILE
    try:
        if not file.exists():
            _make_secret(file)
        return check_secret(private_file(file))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be used: {error.strerror}") from None


def _make_secret(file: Path) -> None:
    """Write a new secret atomically; if another process has just written its secret, keep that secret. Raises OSError."""
    written = private_file(file.with_name(f"{file.name}.{secrets.token_hex(4)}"))
    try:
        written.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(written, file)
    finally:
        written.unlink()


def check_secret(file: Path) -> bytes:
    """Return the secret in a file; raises OSError, and ConfigurationError when the secret is too short or not printable ASCII."""
    found = file.read_bytes().strip()
    if len(found) < MIN_SECRET_BYTES or not found.isascii() or not found.decode("ascii").isprintable():
        raise ConfigurationError(
            f"{file} is damaged; delete it (all users must then log in again), or restore a backup"
        )
    return found


def new_token() -> str:
    """Create a token for a feeder or program; only its hash is stored."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Hash a token or code. Both are random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _name_of(given: str | None, token: str) -> str:
    """Return the id by which a session is revoked: the ``jti`` of its JWT.

    A JWT of another program may lack a safe ``jti``; then the id is a hash of the JWT.
    """
    if given and len(given) <= _MAX_SESSION and given.isascii() and given.isprintable():
        return given
    return hash_of(given or token)[:32]


class Credentials:
    """Password hashing and JWTs. ``close()`` ends the threads that hash passwords."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ConfigurationError(f"secret: has {len(secret)} bytes; at least {MIN_SECRET_BYTES}")
        self._secret = secret
        self._hasher = PasswordHasher()
        self._queue = FairQueue(
            "passwords", at_once=_HASHED_AT_ONCE, most=_MAX_WAITING, most_of_one=_MAX_WAITING_OF_ADDRESS
        )
        self._nobody = ""  # hash of a password that nobody has

    # --- passwords ---

    async def hash_password(self, password: str, address: str = "") -> str:
        """Hash a new password in the queue, which is fair among addresses; raises Overloaded."""
        return await self._queue.run(address, self._hasher.hash, password)

    async def check_password(self, stored: str | None, password: str, address: str = "") -> bool:
        """Return whether a password matches the stored hash. Raises Overloaded.

        ``stored`` is None for an unknown user; this check takes as long as for a known user.
        """
        if len(password) > MAX_PASSWORD:  # no user can have such a password
            return False
        if stored is None:
            self._nobody = self._nobody or await self.hash_password(secrets.token_urlsafe(16), address)
        return await self._queue.run(address, self._verify, stored or self._nobody, password) and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False

    # --- sessions ---

    def issue(self, user: str, *, session: str, version: int, now_ms: int, expires_ms: int, local: bool = False) -> str:
        """Issue a session's JWT. ``version``: the user's version; ``local``: True for the local operator."""
        claims = {"sub": user, "jti": session, "ver": version, "iat": now_ms // 1000, "exp": expires_ms // 1000}
        return jwt.encode(claims | ({"loc": True} if local else {}), self._secret, _ALGORITHM)

    def claims(self, text: str, now_ms: int) -> Claims:
        """Check a session's JWT; raises BadToken."""
        found = self._decode(text, now_ms, None)
        version = found.get("ver")
        if version is not None and type(version) is not int:
            raise BadToken("the token is not from this server")
        session = _name_of(found.get("jti"), text)
        return Claims(str(found["sub"]), session, int(found["exp"] * 1000), version, found.get("loc") is True)

    def issue_share(self, board: str, link: str, expires_ms: int) -> str:
        """Issue a share link's JWT, valid until ``expires_ms``."""
        claims = {"sub": board, "jti": link, "aud": _SHARE, "exp": expires_ms // 1000}
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def share(self, text: str, now_ms: int) -> Claims:
        """Check a share link's JWT; the field ``user`` of the result holds the board's id. Raises BadToken."""
        found = self._decode(text, now_ms, _SHARE)
        if not found.get("jti"):
            raise BadToken("the link is not from this server")
        return Claims(str(found["sub"]), str(found["jti"]), int(found["exp"] * 1000), None, False)

    def seal(self, claims: dict[str, Any], expires_ms: int) -> str:
        """Return signed claims, valid until ``expires_ms``. A browser can store such claims but not change them."""
        return jwt.encode(
            claims | {"sub": _SEALED, "aud": _SEALED, "exp": expires_ms // 1000}, self._secret, _ALGORITHM
        )

    def unseal(self, text: str, now_ms: int) -> dict[str, Any]:
        """Return the claims given to ``seal``; raises BadToken when they were changed or have expired."""
        return self._decode(text, now_ms, _SEALED)

    def _decode(self, text: str, now_ms: int, audience: str | None) -> dict[str, Any]:
        options: Any = {"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            found: dict[str, Any] = jwt.decode(text, self._secret, [_ALGORITHM], options, audience=audience)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise BadToken("the token is wrong or forged") from None
        expires, begins = found["exp"], found.get("nbf", 0)
        if not all(type(time_s) in (int, float) and abs(time_s) < 1e11 for time_s in (expires, begins)):
            raise BadToken("the token's times are not numbers")
        if expires * 1000 <= now_ms or begins * 1000 > now_ms + 60_000:
            raise BadToken("the token has expired; log in again")
        return found

    def close(self) -> None:
        """Stop the hashing threads."""
        self._queue.close()
