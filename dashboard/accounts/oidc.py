"""Login by an OpenID provider: authorization code with PKCE; the id token is verified with the provider's keys.

Source: OpenID Connect Core 1.0 section 3.1, RFC 7636. A first login creates a new user. A login by a provider never logs in as an
existing local user, whatever name the provider reports.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from dashboard.accounts.accounts import Accounts, LoginSession
from dashboard.accounts.directory import Directory
from dashboard.accounts.fetch import FETCH_FAULTS, fetch
from dashboard.accounts.names import clean_name, looks_like
from dashboard.domain.errors import BadToken, Forbidden, Invalid, NotFound, Unavailable
from dashboard.domain.identity import MAX_FULL_NAME, RESERVED_NAMES, Role, User
from dashboard.store.audit import record
from dashboard.store.database import Database
from dashboard.store.users import add_identity, create_user, find_identity, is_taken, note_login

_TIMEOUT_S = 8.0
#: Longest subject by OpenID Connect Core, section 2.
_MAX_SUBJECT = 255
#: A longer response of the provider is refused.
_MAX_BYTES = 1 << 20
#: The discovery document and the keys are read again after this long.
_KEPT_S = 3_600.0
#: Tolerated difference between the provider's clock and ours.
_LEEWAY_S = 60
_ALGORITHMS = ("RS256", "ES256", "EdDSA", "PS256", "RS384", "RS512", "ES384")
_PLAIN = re.compile(r"[^a-z0-9._-]+")


class Provider(Struct, frozen=True):
    """Endpoints of the provider, from its discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Begun(Struct, frozen=True):
    """State of a login in progress, kept in a signed cookie until the browser returns."""

    state: str
    nonce: str
    verifier: str
    next: str
    begun_ms: int


class OpenId:
    """Client of the provider. ``monotonic`` gives seconds, ``now_ms`` the journal's time."""

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        accounts: Accounts,
        issuer: str,
        client_id: str,
        client_secret: str,
        role: str,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._database = database
        self._directory = directory
        self._accounts = accounts
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._role = role
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._provider: Provider | None = None
        self._keys: dict[str, Any] = {}
        self._read_s = 0.0

    async def begin(self, redirect_uri: str, target: str) -> tuple[str, Begun]:
        """Begin a login: return the URL for the browser, and the state for the login's cookie.

        ``redirect_uri``: this server's URL for the browser's return; ``target``: the page to show after the login.
        Raises NotFound, Unavailable.
        """
        provider = await self._discover()
        begun = Begun(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), target, self._now_ms()
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile email",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in provider.authorization_endpoint else "?"
        return provider.authorization_endpoint + separator + urlencode(query), begun

    async def finish(self, begun: Begun, state: str, code: str, redirect_uri: str, address: str) -> LoginSession:
        """Finish a login when the browser returns; raises BadToken, Forbidden, NotFound, Unavailable."""
        if not secrets.compare_digest(state.encode(), begun.state.encode()):
            raise BadToken("the answer belongs to another login; try again")
        provider = await self._discover()
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": begun.verifier,
        }
        if self._client_secret:
            body["client_secret"] = self._client_secret
        answer = await self._fetch(provider.token_endpoint, urlencode(body))
        claims = await self._check(provider, str(answer.get("id_token", "")), begun.nonce)
        return await self._session(claims, address)

    async def _check(self, provider: Provider, id_token: str, nonce: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(id_token)
            key = await self._key(provider, str(header.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key.key,
                [key.algorithm_name] if key.algorithm_name in _ALGORITHMS else [],
                {"require": ["iss", "sub", "aud", "exp", "iat"]},
                audience=self._client_id,
                issuer=provider.issuer,
                leeway=_LEEWAY_S,
            )
        except (jwt.PyJWTError, ValueError):
            raise BadToken("the provider's id token is not valid; try again") from None
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (others or "azp" in claims) and claims.get("azp") != self._client_id:
            raise BadToken("the provider's id token was made for another program")
        if not 0 < len(claims["sub"]) <= _MAX_SUBJECT:  # users without a subject would all be one user
            raise BadToken("the provider's id token does not name a user")
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise BadToken("the provider's answer belongs to another login; try again")
        return claims

    # --- the provider ---

    async def _discover(self) -> Provider:
        if not self._issuer:
            raise NotFound("login by OpenID is not configured; see the setting oidc_issuer")
        if self._provider is None or self._monotonic() - self._read_s > _KEPT_S:
            found = await self._fetch(f"{self._issuer}/.well-known/openid-configuration")
            try:
                provider = msgspec.convert(found, Provider)
            except msgspec.ValidationError as error:
                raise Unavailable(f"the OpenID provider's discovery document is not valid: {error}") from None
            if provider.issuer.rstrip("/") != self._issuer:
                raise Unavailable(f"the OpenID provider names the issuer {provider.issuer!a}; check oidc_issuer")
            self._provider, self._read_s, self._keys = provider, self._monotonic(), {}
        return self._provider

    async def _key(self, provider: Provider, kid: str) -> Any:
        if kid not in self._keys:
            found = await self._fetch(provider.jwks_uri)
            try:
                keys = jwt.PyJWKSet.from_dict(found)
            except jwt.PyJWTError:
                raise Unavailable("the OpenID provider's key set is not valid") from None
            self._keys = {key.key_id or "": key for key in keys.keys}
        if kid not in self._keys:
            raise BadToken("the provider's answer is signed with an unknown key")
        return self._keys[kid]

    async def _fetch(self, url: str, body: str | None = None) -> dict[str, Any]:
        request = HTTPRequest(
            url,
            "GET" if body is None else "POST",
            None if body is None else {"Content-Type": "application/x-www-form-urlencoded"},
            body,
            connect_timeout=_TIMEOUT_S,
            request_timeout=_TIMEOUT_S,
            follow_redirects=False,
        )
        client = AsyncHTTPClient(force_instance=True, max_body_size=_MAX_BYTES)
        try:
            async with asyncio.timeout(_TIMEOUT_S + 1):
                response = await fetch(client, request)
            return msgspec.json.decode(response.body, type=dict[str, Any])
        except HTTPClientError as error:
            if error.code == 400 and body is not None:
                raise BadToken("the provider rejected the code; try again") from None
            raise Unavailable(f"the OpenID provider answered {error.code}") from None
        except (*FETCH_FAULTS, TimeoutError, msgspec.MsgspecError):
            raise Unavailable("the OpenID provider does not answer") from None
        finally:
            client.close()

    # --- the user ---

    async def _session(self, claims: dict[str, Any], address: str) -> LoginSession:
        now_ms = self._now_ms()
        await self._directory.look()
        async with self._database.write() as tx:
            user_id = await find_identity(tx, self._issuer, str(claims["sub"]))
            if user_id is None:
                user_id = await self._add_user(tx, claims, address)
            elif self._directory.user(user_id) is None:
                raise Forbidden("this user is disabled")
            await note_login(tx, user_id, now_ms)
            await record(tx, now_ms, user_id, "login.done", user_id, address, by="openid")
        await self._directory.changed()
        user = self._directory.user(user_id)
        if user is None:
            raise Forbidden("this user is disabled")
        return self._accounts.begin(user)

    async def _add_user(self, tx: AsyncConnection, claims: dict[str, Any], address: str) -> str:
        if self._role == "none":
            raise Forbidden("login by OpenID does not create users here (oidc_role is none); ask an administrator")
        wanted = str(claims.get("preferred_username") or claims.get("email") or claims["sub"]).partition("@")[0]
        base = _PLAIN.sub("-", wanted.lower()).strip("._-")[:32] or "user"
        user_id = base
        while user_id in RESERVED_NAMES or await is_taken(tx, user_id):
            user_id = f"{base}-{secrets.token_hex(2)}"
        full_name = _printable(str(claims.get("name") or wanted)) or user_id
        if await asyncio.to_thread(looks_like, full_name, user_id, tuple(self._directory.users.values())):
            full_name = f"{full_name[: MAX_FULL_NAME - len(user_id) - 3]} ({user_id})"
        role = Role[self._role.upper()]
        try:
            await create_user(tx, User(user_id, full_name, role, created_ms=self._now_ms()), "")
        except Invalid:
            raise Unavailable(f"the user {user_id!a} was created at the same moment; try again") from None
        await add_identity(tx, self._issuer, str(claims["sub"]), user_id)
        await record(tx, self._now_ms(), user_id, "user.created", user_id, address, role=role.word, by="openid")
        return user_id


def _printable(name: str) -> str:
    """Convert the provider's name to an allowed display name; return an empty text if that is not possible."""
    try:
        return clean_name("".join(char for char in name if char.isprintable())[:MAX_FULL_NAME])[:MAX_FULL_NAME]
    except Invalid:
        return ""
