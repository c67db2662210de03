from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.prometheus_text import group_labels, parse_prometheus
from tests.support.parsed_checks import LATEST_MS, fuzz

SEEDS = [
    b'# TYPE a_total counter\na_total{x="y",z="\\"\\n"} 5 1700000000000\na_total 3\n# HELP b text\nb NaN\n',
    b'# TYPE l histogram\nl_bucket{le="1"} 1\nl_bucket{le="+Inf"} 2\nl_sum 3\nl_count 2\n# EOF\n',
    b'# TYPE s summary\n# UNIT s seconds\ns{quantile="0.5"} 1 # {a="b"} 2\n{"x.y","k"="v"} 1\n# EOF\n',
    b'# TYPE c counter\nc 1\n# TYPE i info\ni_info{v="1"} 1\n# EOF\n',
]
OPENMETRICS = [
    b'# TYPE a counter\na_total{x="y",z="\\"\\n"} 5 1700000000\n# TYPE b gauge\nb NaN\n# EOF\n',
    b'# TYPE l histogram\nl_bucket{le="1.0"} 1\nl_bucket{le="+Inf"} 2\nl_sum 3\nl_count 2\nl_created 1700000000\n# EOF\n',
    b'# TYPE s_seconds summary\n# UNIT s_seconds seconds\ns_seconds{quantile="0.5"} 1\n# TYPE u unknown\nu 1\n# EOF\n',
    b'# TYPE c counter\nc_total 1 # {a="b"} 2\n# TYPE i info\ni_info{v="1"} 1\n# EOF\n',
]
PIECES = [
    b'"', b"\\", b"{", b"}", b",", b"=", b" ", b"\n", b"#", b"# TYPE a gauge\n", b"NaN", b"+Inf", b"1e400", b"9" * 330, b"\xff", b"\x00",
    b'"le"', b"# EOF", b"\t", b"_total", b"_bucket", b"1_0", b"-1", b"\r", b"\xc2\x85", b"# UNIT a s\n", b"_created 1\n", b" # {} 1",
]  # fmt: skip


@pytest.mark.parametrize("openmetrics", [False, True])
def test_no_text_makes_the_parser_raise_anything_but_invalid(openmetrics: bool) -> None:
    labels = {"job": "j"} if openmetrics else None
    fuzz(
        lambda body: parse_prometheus(body, LATEST_MS, openmetrics=openmetrics, labels=labels),
        OPENMETRICS if openmetrics else SEEDS, PIECES, inputs=50_000, least=0.01,
    )  # fmt: skip


def test_no_path_makes_a_grouping_key_raise_anything_but_invalid() -> None:
    def parse(path: bytes) -> None:
        labels = group_labels(path.decode("utf-8", "replace"))
        assert labels["job"]
        raise Invalid("counted")

    fuzz(
        parse,
        [b"job/a/x/y", b"job@base64/YS9i/z@base64/="],
        [b"/", b"%", b"%00", b"@base64", b"="],
        inputs=10_000,
        least=0,
    )
