"""Real routes of the application, asked in memory: requests go to their handlers as Tornado gives them, without sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.authenticator import Authenticator
from dashboard.accounts.credentials import Credentials, hash_of
from dashboard.accounts.directory import Directory
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.identity import Token, User
from dashboard.resources import resource_folder
from dashboard.store.database import open_database
from dashboard.web.server.context import WebContext
from dashboard.web.server.guard import GuardedApplication
from dashboard.web.server.identity import WebIdentity
from dashboard.web.server.proxies import TrustedProxies
from dashboard.web.server.request_body import BodyBudget
from dashboard.web.server.route import AnyRoute
from dashboard.web.server.routes import pattern_of
from tests.support.deadline import deadline
from tests.support.histories import T0
from tests.unit.web.server.asked import asked

#: A store that never answers: what is not in memory is not known.
_NO_STORE = "sqlite:////dev/null/people.sqlite3"


class Reply(NamedTuple):
    """A whole response."""

    status: int
    headers: HTTPHeaders
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Kept(HTTPConnection):
    """Connection that keeps the response."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, HTTPHeaders(), b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def write_headers(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None
    ) -> asyncio.Future[None]:
        assert isinstance(start_line, ResponseStartLine)
        self.status, self.headers = start_line.code, headers
        return self.write(chunk or b"")

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        self.body += chunk
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        written.set_result(None)
        return written

    def finish(self) -> None:
        self.ended.set_result(None)

    def set_close_callback(self, callback: object) -> None:
        """Ignore the callback: nobody closes the connection."""


class Asking:
    """Application of some routes. Without a token, its caller is the local operator; ``open_``: False if that needs a login.

    ``identity``: that of a whole process; without it, only the tokens of ``know`` are known, and no store answers.
    """

    def __init__(
        self, *routes: AnyRoute, open_: bool = True, identity: WebIdentity | None = None, max_body_bytes: int = 10_000
    ) -> None:
        self.told: list[tuple[str, str, str]] = []
        self._database = open_database(_NO_STORE, DataFolder(Path("/dev/null")))
        self._directory = Directory(self._database, now_ms=lambda: T0)
        self.context = WebContext(
            templates=Environment(
                loader=FileSystemLoader([resource_folder("templates"), resource_folder("static")]),
                autoescape=True,
                undefined=StrictUndefined,
            ),
            build="b1",
            counters=Counters(),
            max_body_bytes=max_body_bytes,
            identity=identity or self._identity(open_),
            tell_refused=lambda *told: self.told.append(told),
            bodies=BodyBudget(8 << 20),
        )
        self.application = GuardedApplication(
            [(pattern_of(each.template), each.handler, self._given(each)) for each in routes],  # type: ignore[misc]  # handlers
            context=self.context,
            names=frozenset({"localhost"}),
            max_uri_bytes=4_096,
            proxies=TrustedProxies(()),
            trusted_origins=[],
            log_function=lambda handler: None,
        )

    def _given(self, route: AnyRoute) -> dict[str, object]:
        return {"context": self.context, "services": route.services, "template": route.template}

    def _identity(self, open_: bool) -> WebIdentity:
        credentials = Credentials(b"a secret that is long enough for tests")
        self._accounts = Accounts(
            database=self._database,
            directory=self._directory,
            credentials=credentials,
            counters=Counters(),
            now_ms=lambda: T0,
            session_ms=60_000,
        )
        authenticator = Authenticator(self._directory, credentials, now_ms=lambda: T0)
        return WebIdentity(authenticator, self._accounts, open_=open_, secure=False, session_s=60)

    def log_in(self, user: User) -> str:
        """Let the authenticator know a user; return the JWT of a session."""
        self._directory.users[user.id] = user
        return self._accounts.begin(user).token

    def know(self, text: str, token: Token) -> None:
        """Let the authenticator know a token."""
        self._directory.tokens[hash_of(text)] = token

    async def ask(self, uri: str, method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
        """Send a request and return its response. In names of headers, ``_`` stands for ``-``."""
        length = {"Content_Length": str(len(body))} if body else {}
        request = asked(uri, method, **length, **headers)
        request.connection = kept = _Kept()
        delegate = self.application.find_handler(request)
        assert delegate is not None
        async with deadline(20):
            line = RequestStartLine(method, uri, "HTTP/1.1")
            if (prepared := delegate.headers_received(line, request.headers)) is not None:
                await prepared
            if body and (taken := delegate.data_received(body)) is not None:
                await taken
            if not kept.ended.done():  # else the request was refused before its body
                delegate.finish()
            await kept.ended
        return Reply(kept.status, kept.headers, kept.body)
