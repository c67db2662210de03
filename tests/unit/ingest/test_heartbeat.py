from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.heartbeat import parse_ping, parse_ping_path, parse_push
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import check_parsed


def samples(parsed: Parsed) -> dict[str, float]:
    check_parsed(parsed)
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_an_uptime_kuma_push() -> None:
    up = parse_push("web", {"status": "up", "msg": "OK", "ping": "12.5"}, every_s=60)
    assert samples(up) == {"web_up": 1, "web_ping_ms": 12.5}
    assert up.batch.declared == [(0, None, 60), (1, "ms", 60)]
    assert up.documents == [("web", b'{"title":"web","text":"OK","status":"","state":"ok"}', 60)]
    assert [(event.kind, event.state) for event in up.events] == [("check", "ok")]
    down = parse_push("web", {"status": "down", "msg": "no answer"})
    assert samples(down) == {"web_up": 0}
    assert [(event.state, event.text) for event in down.events] == [("critical", "no answer")]
    assert samples(parse_push("web", {})) == {"web_up": 1}
    assert samples(parse_push("web", {"ping": "x"})) == {"web_up": 1}
    for ping, kept in (("12ms", 12), (" 3.5", 3.5), ("-1e2x", -100), ("1,5", 1)):
        assert samples(parse_push("web", {"ping": ping}))["web_ping_ms"] == kept
    for ping in ("null", "NaN", "1e400", ".", "Infinity"):
        assert samples(parse_push("web", {"ping": ping})) == {"web_up": 1}
    assert samples(parse_push("web", {"status": "maybe"})) == {"web_up": 0}


@pytest.mark.parametrize(
    ("path", "check", "action"),
    [
        ("u", "u", ""),
        ("u/", "u", ""),
        ("u/start", "u", "start"),
        ("u/fail", "u", "fail"),
        ("u/log", "u", "log"),
        ("u/0", "u", "0"),
        ("u/255", "u", "255"),
    ],
)
def test_ping_paths(path: str, check: str, action: str) -> None:
    assert parse_ping_path(path) == (check, action, "")


@pytest.mark.parametrize(
    ("path", "slug", "action"),
    [("k/backup", "backup", ""), ("k/backup/", "backup", ""), ("k/stop/start", "stop", "start"), ("k/2024", "2024", ""),
     ("k/start/7", "start", "7"), ("k/a_b-C/log", "a_b-C", "log")],
)  # fmt: skip
def test_ping_paths_with_a_key_and_a_slug(path: str, slug: str, action: str) -> None:
    assert parse_ping_path(path) == ("k", action, slug)


def test_an_exit_code_of_a_check_with_a_uuid_has_a_byte() -> None:
    uuid = "3bb2a1b6-0000-4000-8000-00000000000a"
    assert parse_ping_path(f"{uuid}/255") == (uuid, "255", "")
    for code in ("256", "3221225477"):
        with pytest.raises(Invalid, match="0 to 255"):
            parse_ping_path(f"{uuid}/{code}")


@pytest.mark.parametrize("path", ["", "/", "u/a/stop", "u/a/256", "u/a b", "u/1/2/3", "u/²", "x" * 201])
def test_paths_that_are_no_ping_are_invalid(path: str) -> None:
    with pytest.raises(Invalid):
        parse_ping_path(path)


def test_pings() -> None:
    assert samples(parse_ping("backup", "")) == {"backup_up": 1}
    assert samples(parse_ping("backup", "0")) == {"backup_up": 1, "backup_exit_code": 0}
    failed = parse_ping("backup", "3", b"disk full\n")
    assert samples(failed) == {"backup_up": 0, "backup_exit_code": 3}
    assert failed.events[0].text == "disk full"
    assert samples(parse_ping("backup", "fail", b"\xff")) == {"backup_up": 0}
    for action in ("start", "log"):
        told = parse_ping("backup", action, b"hello")
        assert (samples(told), told.events[0].title, told.events[0].text) == ({}, f"backup {action}", "hello")
