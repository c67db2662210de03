"""Heads of answers that are prepared once."""

from __future__ import annotations

import pytest

from dashboard.web.server.prepared_heads import COMMON_HEADERS, PreparedHeads

JSON = "application/json; charset=utf-8"


class Watch:
    now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


def lines(head: bytes) -> list[str]:
    assert head.endswith(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n")[:-2]


def test_a_head_has_the_status_the_common_headers_the_date_and_the_length() -> None:
    watch = Watch()
    heads = PreparedHeads(watch)
    common = [f"{name}: {value}" for name, value in COMMON_HEADERS.items()]
    date = "Date: Tue, 14 Nov 2023 22:13:20 GMT"
    for length in (14, 3):
        assert lines(heads.head(202, JSON, (), length)) == [
            "HTTP/1.1 202 Accepted",
            f"Content-Type: {JSON}",
            *common,
            date,
            f"Content-Length: {length}",
        ]
    assert lines(heads.head(204, JSON, (), 0)) == ["HTTP/1.1 204 No Content", *common, date]
    watch.now_s += 1
    assert "Date: Tue, 14 Nov 2023 22:13:21 GMT" in lines(heads.head(202, JSON, (), 14))


def test_an_answers_own_headers_come_first_and_are_not_mixed_up_with_those_of_others() -> None:
    heads = PreparedHeads(Watch())
    own = lines(heads.head(200, "", (("cache-control", "max-age=5"), ("X-Version", "1")), 0))
    assert "Cache-Control: max-age=5" in own
    assert "Cache-Control: no-store" not in own
    assert "X-Version: 1" in own
    assert not any(line.startswith("Content-Type") for line in own)
    assert "X-Version: 2" in lines(heads.head(200, "", (("X-Version", "2"),), 0))


def test_no_header_can_begin_a_line_of_its_own() -> None:
    heads = PreparedHeads(Watch())
    for _ in range(2):
        with pytest.raises(ValueError, match="header"):
            heads.head(200, "", (("X-Name", "a\r\nSet-Cookie: b"),), 0)


def test_the_number_of_heads_is_bounded() -> None:
    heads = PreparedHeads(Watch())
    for number in range(1_000):
        heads.head(200, "", (("X-Number", str(number)),), 0)
    assert len(heads._heads) <= 200
