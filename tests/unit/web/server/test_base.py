"""What all handlers have in common: errors as JSON or pages, bounded bodies, methods, headers."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import pytest
from msgspec import Struct

from dashboard.domain.errors import DashboardError, Invalid, Moved, NotFound, TooLarge, TooMany, Unavailable
from dashboard.domain.identity import ANONYMOUS, Caller, Role
from dashboard.web.server.base import BaseHandler, describe
from dashboard.web.server.route import Route
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test
#: Paths with policies: anybody may ask, and a viewer.
OPEN, READS = "/api/v1/samples", "/api/v1/series"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


class Order(Struct, forbid_unknown_fields=True):
    name: str
    count: int = 1


@dataclass
class Failing:
    """Service of the handler: the error to raise."""

    error: Exception | None = None


class Handler(BaseHandler[Failing]):
    """Handler that repeats its body, or fails."""

    def get(self) -> None:
        if self.services.error is not None:
            raise self.services.error
        self.write_json({"caller": self.caller.kind})

    def post(self) -> None:
        self.write_json({"name": self.json(Order).name, "size": len(self.body())})


def site(error: Exception | None = None, path: str = OPEN, *, max_body_bytes: int = 100, open_: bool = True) -> Asking:
    return Asking(Route(path, Handler, Failing(error)), max_body_bytes=max_body_bytes, open_=open_)


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (NotFound("no room"), 404, {"code": "not_found", "error": "no room"}),
        (Invalid("is wrong", field="name"), 400, {"code": "invalid", "error": "name: is wrong", "field": "name"}),
        (Moved("a", "b"), 404, {"code": "moved", "moved_to": "b"}),
        (TooMany("slowly", retry_after_s=2.2), 429, {"code": "rate_limited"}),
    ],
)
async def test_an_error_becomes_a_status_and_says_what_is_wrong(
    error: DashboardError, status: int, body: dict[str, str]
) -> None:
    reply = await site(error).ask(OPEN)
    assert (reply.status, reply.json | body) == (status, reply.json)


async def test_a_retry_is_asked_for_only_where_it_can_help() -> None:
    assert (await site(TooMany("slowly", retry_after_s=2.2)).ask(OPEN)).headers["Retry-After"] == "3"
    assert "Retry-After" in (await site(Unavailable("not now")).ask(OPEN)).headers
    assert "Retry-After" not in (await site(NotFound("never")).ask(OPEN)).headers


@pytest.mark.expects_log("failed")
async def test_a_fault_of_this_server_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    reply = await site(ValueError("a secret")).ask(OPEN)
    assert (reply.status, reply.json["code"]) == (500, "internal_server_error")
    assert b"secret" not in reply.body
    assert f"GET {OPEN} failed" in caplog.text


async def test_an_error_is_a_page_for_a_browser_that_shows_pages() -> None:
    reply = await site(NotFound("no <room>")).ask(OPEN, **BROWSER)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"no &lt;room&gt;" in reply.body
    assert "nonce-" in reply.headers["Content-Security-Policy"]
    posted = await site().ask(OPEN, "POST", b"{", **BROWSER)
    assert posted.json["code"] == "invalid"


async def test_whoever_must_log_in_is_sent_to_the_login_or_told() -> None:
    asking = site(path=READS, open_=False)
    page = await asking.ask(f"{READS}?tab=2", **BROWSER)
    assert (page.status, page.headers["Location"]) == (302, "/login?next=%2Fapi%2Fv1%2Fseries%3Ftab%3D2")
    reply = await asking.ask(READS)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Bearer realm="dashboard"')
    assert (await site(path=READS).ask(READS)).json == {"caller": "local"}


async def test_a_body_is_read_up_to_its_limit_and_unpacked() -> None:
    body = b'{"name": "ann"}'
    assert (await site(max_body_bytes=len(body)).ask(OPEN, "POST", body)).json == {"name": "ann", "size": len(body)}
    long = await site(max_body_bytes=len(body) - 1).ask(OPEN, "POST", body)
    assert (long.status, long.json["code"]) == (413, TooLarge.code)
    packed = await site().ask(OPEN, "POST", gzip.compress(body), Content_Encoding="gzip")
    assert packed.json == {"name": "ann", "size": len(body)}
    bomb = await site().ask(OPEN, "POST", gzip.compress(b" " * 10_000), Content_Encoding="gzip")
    assert bomb.status == 413
    assert (await site().ask(OPEN, "POST", body, Content_Encoding="br")).status == 415


@pytest.mark.parametrize(
    ("body", "field"),
    [(b'{"name": 1}', "name"), (b'{"name": "a", "count": "x"}', "count"), (b"[", None), (b"\xff", None)],
)
async def test_a_fault_in_a_body_names_its_field(body: bytes, field: str | None) -> None:
    reply = await site().ask(OPEN, "POST", body)
    assert (reply.status, reply.json["code"], reply.json.get("field")) == (400, "invalid", field)


async def test_head_is_get_without_a_body_and_other_methods_are_named() -> None:
    head = await site().ask(OPEN, "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(b'{"caller":"local"}')))
    refused = await site().ask(OPEN, "DELETE")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD, POST")


async def test_requests_that_run_are_counted_until_they_end() -> None:
    asking = site()
    for method in ("GET", "DELETE"):
        await asking.ask(OPEN, method)
    await asking.context.idle()
    assert (await asking.ask(OPEN)).headers["X-Content-Type-Options"] == "nosniff"
    encrypted = await asking.ask(OPEN, X_Forwarded_Proto="https")
    assert "Strict-Transport-Security" not in encrypted.headers  # by a proxy that is not trusted


def test_a_caller_is_described_with_all_roles_up_to_its_own() -> None:
    ann = Caller("user", "ann", "Ann", Role.EDITOR, grants=(("host", Role.OPERATOR),), expires_ms=9)
    assert describe(ann) == {
        "kind": "user",
        "user": {"id": "ann", "name": "Ann", "role": "editor"},
        "role": "editor",
        "roles": ["viewer", "editor"],
        "grants": {"host": "operator"},
        "expires": 9,
    }
    assert describe(ANONYMOUS)["user"] is None
