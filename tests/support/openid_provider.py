"""A small OpenID provider: discovery, authorization code with PKCE, RS256 id tokens. It logs in the user ``user``."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

CLIENT, SECRET = "dashboard", "client secret of the dashboard"


class Provider:
    """``user``: claims of the user who is logged in; ``twist`` changes an id token's claims before it is signed."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signing_key: Any = self.key
        self.user: dict[str, Any] = {"sub": "1", "preferred_username": "ann", "name": "Ann"}
        self.twist: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.issuer = ""

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.user,
            **self.twist,
        }
        return jwt.encode(claims, self.signing_key, "RS256", {"kid": "k1"})


class _Handler(RequestHandler):
    def initialize(self, provider: Provider) -> None:
        self.provider = provider


class _Discovery(_Handler):
    def get(self) -> None:
        issuer = self.provider.issuer
        ways = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        self.write({"issuer": issuer, **{name: issuer + path for name, path in ways.items()}})


class _Authorize(_Handler):
    def get(self) -> None:
        asked = {name: self.get_query_argument(name) for name in ("redirect_uri", "state", "nonce", "code_challenge")}
        assert self.get_query_argument("client_id") == CLIENT
        assert self.get_query_argument("code_challenge_method") == "S256"
        code = secrets.token_urlsafe(8)
        self.provider.codes[code] = asked
        self.redirect(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")


class _Token(_Handler):
    def post(self) -> None:
        asked = self.provider.codes.pop(self.get_body_argument("code"), None)
        verifier = self.get_body_argument("code_verifier").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        good = asked is not None and asked["code_challenge"] == challenge
        if not good or self.get_body_argument("client_secret") != SECRET:
            self.set_status(400)
            self.write({"error": "invalid_grant"})
            return
        assert asked is not None
        self.write({"access_token": "x", "token_type": "Bearer", "id_token": self.provider.id_token(asked["nonce"])})


class _Keys(_Handler):
    def get(self) -> None:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.provider.key.public_key()))
        self.write({"keys": [{**key, "kid": "k1", "use": "sig", "alg": "RS256"}]})


@asynccontextmanager
async def openid_provider() -> AsyncIterator[Provider]:
    """Run a provider on a free port of this machine."""
    provider = Provider()
    routes = [
        ("/.well-known/openid-configuration", _Discovery),
        ("/authorize", _Authorize),
        ("/token", _Token),
        ("/keys", _Keys),
    ]
    server = HTTPServer(Application([(path, kind, {"provider": provider}) for path, kind in routes]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    provider.issuer = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.stop()
        await server.close_all_connections()
