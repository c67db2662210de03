"""Credentials that are accepted as a proof of identity, and those that are not."""

from __future__ import annotations

import base64
import errno
import hmac
import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from dashboard.accounts.credentials import Credentials, hash_of, new_token, read_secret
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.errors import BadToken, ConfigurationError

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1_700_000_000_000
NOW_S = NOW // 1000


@pytest.fixture(scope="module")
def credentials() -> Iterator[Credentials]:
    made = Credentials(SECRET)
    yield made
    made.close()


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def signed(claims: str, header: dict[str, Any] | None = None, key: bytes = SECRET) -> str:
    """Return any text as claims, signed with HS256 whatever the header says."""
    said = f"{part(header or {'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    return said + "." + base64.urlsafe_b64encode(hmac.digest(key, said.encode(), "sha256")).rstrip(b"=").decode()


def good(**changes: Any) -> dict[str, Any]:
    return {"sub": "alice", "exp": NOW_S + 60, "jti": "s", "ver": 3, **changes}


def test_a_session_says_what_was_put_into_it(credentials: Credentials) -> None:
    text = credentials.issue("alice", session="s", version=3, now_ms=NOW, expires_ms=NOW + 60_000)
    claims = credentials.claims(text, NOW)
    assert (claims.user, claims.session, claims.expires_ms, claims.version, claims.local) == (
        "alice",
        "s",
        NOW + 60_000,
        3,
        False,
    )
    local = credentials.issue("operator", session="s", version=0, now_ms=NOW, expires_ms=NOW + 60_000, local=True)
    assert credentials.claims(local, NOW).local


def test_a_session_holds_until_its_end_and_not_a_millisecond_longer(credentials: Credentials) -> None:
    text = jwt.encode(good(), SECRET, "HS256")
    assert credentials.claims(text, NOW + 59_999).expires_ms == NOW + 60_000
    with pytest.raises(BadToken):
        credentials.claims(text, NOW + 60_000)


def test_one_made_elsewhere_needs_a_subject_and_an_end_only(credentials: Credentials) -> None:
    text = jwt.encode({"sub": "alice", "exp": NOW_S + 60}, SECRET, "HS256")
    claims = credentials.claims(text, NOW)
    assert (claims.user, claims.version, claims.local) == ("alice", None, False)
    assert 0 < len(claims.session) <= 40
    other = jwt.encode({"sub": "alice", "exp": NOW_S + 61}, SECRET, "HS256")
    assert credentials.claims(other, NOW).session != claims.session
    assert credentials.claims(text, NOW).session == claims.session


def test_a_sessions_name_can_be_stored_however_long_it_was_made_elsewhere(credentials: Credentials) -> None:
    """Otherwise such a session could not be ended."""
    names = ["x" * 41, "x" * 42, "x" * 5000, "nul\0", "ü" * 40, "half \ud800"]
    sessions = [credentials.claims(jwt.encode(good(jti=name), SECRET, "HS256"), NOW).session for name in names]
    assert all(0 < len(session) <= 40 and "\0" not in session and session.encode() for session in sessions)
    assert len(set(sessions)) == len(names)


@pytest.mark.parametrize(
    ("why", "claims"),
    [
        ("expired", {"exp": NOW_S}),
        ("long expired", {"exp": 0}),
        ("negative", {"exp": -1}),
        ("end as text", {"exp": str(NOW_S + 60)}),
        ("end as true", {"exp": True}),
        ("end as list", {"exp": [NOW_S + 60]}),
        ("end as null", {"exp": None}),
        ("end not a number", {"exp": float("nan")}),
        ("no end at all", {"exp": float("inf")}),
        ("end in 10^400", {"exp": 10**400}),
        ("end in 10^12", {"exp": 10**12}),
        ("begins later", {"nbf": NOW_S + 3600}),
        ("begins as text", {"nbf": "0"}),
        ("begins never", {"nbf": float("nan")}),
        ("begins at infinity", {"nbf": float("inf")}),
        ("subject as number", {"sub": 7}),
        ("subject as null", {"sub": None}),
        ("subject as list", {"sub": ["alice"]}),
        ("version as text", {"ver": "3"}),
        ("version as true", {"ver": True}),
        ("version as fraction", {"ver": 3.0}),
        ("name of session as number", {"jti": 7}),
        ("for others", {"aud": "share"}),
        ("for many", {"aud": ["share", "session"]}),
    ],
)  # fmt: skip
def test_claims_that_do_not_hold_are_refused(credentials: Credentials, why: str, claims: dict[str, Any]) -> None:
    assert credentials.claims(signed(json.dumps(good())), NOW)
    with pytest.raises(BadToken):
        credentials.claims(signed(json.dumps(good(**claims))), NOW)


@pytest.mark.parametrize("missing", ["sub", "exp"])
def test_claims_without_subject_or_end_are_refused(credentials: Credentials, missing: str) -> None:
    claims = good()
    del claims[missing]
    with pytest.raises(BadToken):
        credentials.claims(jwt.encode(claims, SECRET, "HS256"), NOW)


def test_only_our_algorithm_and_our_key_are_taken(credentials: Credentials) -> None:
    body = json.dumps(good())
    for header in ({"alg": "none"}, {"alg": "None"}, {"alg": "NONE"}, {"alg": ""}, {"alg": None}, {"typ": "JWT"}):
        for signature in ("", "x", signed(body).rpartition(".")[2]):
            with pytest.raises(BadToken):
                credentials.claims(f"{part(header)}.{part(body)}.{signature}", NOW)
    for algorithm in ("HS384", "HS512"):
        with pytest.raises(BadToken):
            credentials.claims(jwt.encode(good(), SECRET.ljust(64, b"x")[:64], algorithm), NOW)
        with pytest.raises(BadToken):
            credentials.claims(signed(body, {"alg": algorithm}), NOW)
    for alg in ("RS256", "ES256", "EdDSA", "hs256", "HS256 ", 7):
        with pytest.raises(BadToken):
            credentials.claims(signed(body, {"alg": alg}), NOW)
    for key in (b"x" * 32, SECRET[:-1], SECRET + b"x", SECRET.upper()):
        with pytest.raises(BadToken):
            credentials.claims(signed(body, key=key), NOW)
    with pytest.raises(BadToken):
        credentials.claims(signed(body, {"alg": "HS256", "crit": ["x"], "x": 1}), NOW)


def test_a_signature_holds_for_its_own_claims_only(credentials: Credentials) -> None:
    head, _, signature = signed(json.dumps(good())).split(".")
    with pytest.raises(BadToken):
        credentials.claims(f"{head}.{part(good(sub='admin'))}.{signature}", NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        "\0.\0.\0",
        "ü.ü.ü",
        "\ud800.x.x",
        "=.=.=",
        "e30.e30.e30",
        "dsh_x.y.z",
        "[" * 5000,
    ],
)
def test_what_is_no_token_is_refused(credentials: Credentials, text: str) -> None:
    for check in (credentials.claims, credentials.share):
        with pytest.raises(BadToken):
            check(text, NOW)


@pytest.mark.parametrize("claims", ["[]", "7", '"x"', "null", "{", "", "[" * 100_000, '{"exp":1e999,"sub":"a"}'])
def test_claims_that_are_no_object_are_refused(credentials: Credentials, claims: str) -> None:
    with pytest.raises(BadToken):
        credentials.claims(signed(claims), NOW)


def test_a_share_link_is_no_session_and_a_session_no_share_link(credentials: Credentials) -> None:
    share = credentials.issue_share("host", "link", NOW + 60_000)
    claims = credentials.share(share, NOW)
    assert (claims.user, claims.session, claims.expires_ms, claims.local) == ("host", "link", NOW + 60_000, False)
    with pytest.raises(BadToken):
        credentials.claims(share, NOW)
    with pytest.raises(BadToken):
        credentials.share(share, NOW + 60_000)
    session = credentials.issue("host", session="s", version=1, now_ms=NOW, expires_ms=NOW + 60_000)
    with pytest.raises(BadToken):
        credentials.share(session, NOW)


def test_a_share_link_without_a_name_is_refused(credentials: Credentials) -> None:
    """Such a link could not be revoked."""
    for claims in (
        {"sub": "host", "aud": "share", "exp": NOW_S + 9},
        {"sub": "host", "aud": ["share"], "exp": NOW_S + 9},
    ):
        with pytest.raises(BadToken):
            credentials.share(jwt.encode(claims, SECRET, "HS256"), NOW)


# --- secrets, tokens, passwords ---


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        Credentials(b"x" * 31)


def test_a_secret_that_nobody_set_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    first = read_secret("", DataFolder(tmp_path / "data"))
    assert len(first) >= 32
    assert read_secret("", DataFolder(tmp_path / "data")) == first
    assert read_secret("", DataFolder(tmp_path / "other")) != first
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert read_secret("given", DataFolder(tmp_path / "data")) == b"given"
    (tmp_path / "data" / "secret").write_text("short")
    with pytest.raises(ConfigurationError, match="damaged"):
        read_secret("", DataFolder(tmp_path / "data"))


@pytest.mark.parametrize("garbage", [b"", b"short", b"\xff" * 64, b"x" * 40 + b"\0" + b"x" * 40])
def test_garbage_in_the_secret_is_refused_with_one_line(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "secret").write_bytes(garbage)
    with pytest.raises(ConfigurationError, match="is damaged; delete it"):
        read_secret("", DataFolder(tmp_path))


def test_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: read_secret("", DataFolder(tmp_path)), range(64)))
    assert len(found) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


def test_a_full_disk_leaves_no_half_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigurationError, match="secret cannot be used: No space left on device"):
        read_secret("", DataFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_tokens_are_random_and_their_hash_says_nothing_of_them() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("dsh_") and len(token) >= 40 for token in tokens)
    assert all(token[4:] not in hash_of(token) and len(hash_of(token)) == 64 for token in tokens)
    assert hash_of("\ud800")


@pytest.mark.gen_test
async def test_only_the_right_password_of_somebody_who_is_there_is_right(credentials: Credentials) -> None:
    stored = await credentials.hash_password("correct horse ü")
    assert "correct" not in stored
    assert stored != await credentials.hash_password("correct horse ü")
    for hashed, password, right in (
        (stored, "correct horse ü", True),
        (stored, "correct horse u", False),
        (stored, "", False),
        (None, "correct horse ü", False),
        ("", "", False),
        ("no hash", "x", False),
    ):
        assert await credentials.check_password(hashed, password) is right
