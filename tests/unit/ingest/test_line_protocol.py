from __future__ import annotations

import json
import time

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.units import guess_unit
from dashboard.ingest import line_protocol
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.parsed import Parsed
from tests.support.claims import accepted
from tests.support.deadline import within
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def parse(body: str | bytes, cache: LineCache | None = None, precision: str = "ns") -> Parsed:
    raw = body.encode() if isinstance(body, str) else body
    parsed = parse_line_protocol(raw, LineCache() if cache is None else cache, LATEST_MS, precision=precision)
    check_parsed(parsed)
    return accepted(parsed)


def rows(parsed: Parsed) -> set[tuple[str, int | None, float]]:
    return set(zip(parsed.batch.keys, parsed.batch.times, parsed.batch.values, strict=True))


# What Telegraf 1.3x sends for a laptop, with one text field.
TELEGRAF = """\
cpu,cpu=cpu0,host=web-1 usage_user=12.5,usage_idle=80i,busy=true 1700000000000000000
system,host=web-1 uptime=86400u,uptime_format="1 day,  0:00" 1700000000000000000
disk,host=web\\ 1,path=/var/lib\\,x,mode=a\\=b used=7 1700000000500000000
# a comment
mem free=1e9
"""


def test_numbers_and_booleans_become_samples_and_texts_documents() -> None:
    parsed = parse(TELEGRAF)
    assert rows(parsed) == {
        ('cpu_usage_user{cpu="cpu0",host="web-1"}', T, 12.5),
        ('cpu_usage_idle{cpu="cpu0",host="web-1"}', T, 80),
        ('cpu_busy{cpu="cpu0",host="web-1"}', T, 1),
        ('system_uptime{host="web-1"}', T, 86_400),
        ('disk_used{host="web 1",mode="a=b",path="/var/lib,x"}', T + 500, 7),
        ("mem_free", None, 1e9),
    }
    assert parsed.documents == [("system_uptime_format/host:web-1", b'{"text":"1 day,  0:00"}', None)]
    assert parsed.batch.refused == []


def test_the_second_time_and_both_ways_give_the_same() -> None:
    cache = LineCache()
    lines = [line for line in TELEGRAF.splitlines() if '"' not in line and "#" not in line]
    quick = parse("\n".join(lines), cache)
    assert rows(parse("\n".join(lines), cache)) == rows(quick)
    assert rows(parse("\n".join([*lines, "# the slow way"]), cache)) == rows(quick)
    assert rows(parse("\r\n".join(lines) + "\r\n\r\n")) == rows(quick)


@pytest.mark.parametrize(
    ("precision", "time_", "t_ms"),
    [("ns", T * 10**6, T), ("n", T * 10**6 + 999_999, T), ("", T * 10**6, T), ("us", T * 10**3, T), ("u", T * 10**3, T),
     ("µ", T * 10**3, T), ("ms", T, T), ("s", T // 1000, T), ("m", T // 60_000, T // 60_000 * 60_000),
     ("h", T // 3_600_000, T // 3_600_000 * 3_600_000)],
)  # fmt: skip
def test_times_are_taken_by_their_precision(precision: str, time_: int, t_ms: int) -> None:
    assert parse(f"m f=1 {time_}", precision=precision).batch.times == [t_ms]


def test_an_unknown_precision_is_invalid() -> None:
    with pytest.raises(Invalid, match="not one of"):
        parse("m f=1", precision="d")


def test_a_field_that_cannot_be_kept_costs_only_itself() -> None:
    parsed = parse("mem,host=a limit=no,usage=1024i,percent=1.5,rate=nan 1700000000000000000\nb f=2")
    assert rows(parsed) == {('mem_percent{host="a"}', T, 1.5), ('mem_usage{host="a"}', T, 1024), ("b_f", None, 2)}
    assert [(r.index, r.field, r.reason, r.code) for r in parsed.batch.refused] == [
        (0, "limit", "line 1: 'no' is neither a number nor a boolean; write text in quotes", "invalid"),
        (0, "rate", "line 1: is not a finite number", "not_finite"),
    ]


def test_integers_of_64_bits_become_the_nearest_double() -> None:
    parsed = parse("m a=9223372036854775807i,b=-9223372036854775808i,c=18446744073709551615u,d=1795900000123456789i")
    assert parsed.batch.refused == []
    assert sorted(parsed.batch.values) == [-(2.0**63), float(1795900000123456789), 2.0**63, 2.0**64]


def test_a_byte_order_mark_is_not_part_of_a_name() -> None:
    assert parse(b"\xef\xbb\xbfa f=1\r\nb f=2\r\n").batch.keys == ["a_f", "b_f"]
    assert parse(b'a f=1\n\xef\xbb\xbfb f=2\n\xef\xbb\xbfc f="x",g=3').batch.keys == ["a_f", "b_f", "c_g"]


def test_two_names_that_would_become_one_series_are_told_apart_or_refused() -> None:
    cache = LineCache()
    parsed = parse("edge_a b=1\nedge a_b=2\nedge,host=x a_b=3\nedge\\ a b=4", cache)
    assert rows(parsed) == {("edge_a_b", None, 1), ('edge_a_b{host="x"}', None, 3)}
    assert [(r.index, r.field, r.code) for r in parsed.batch.refused] == [
        (1, "a_b", "name_taken"),
        (3, "b", "name_taken"),
    ]
    assert "'edge a_b' and 'edge_a b' would both be edge_a_b here; rename one" in parsed.batch.refused[0].reason
    assert parse("m,a.b=1 f=1\nm,a_b=1 f=2", cache).batch.keys == ['m_f{a_b="1"}']


def test_the_owner_of_a_series_that_falls_silent_loses_it() -> None:
    cache = LineCache()
    for minutes, line, is_taken in ((0, "edge_a b=1", True), (11, "edge a_b=1", False), (12, "edge_a b=1", True),
                                    (33, "edge a_b=1", True), (34, "edge_a b=1", False)):  # fmt: skip
        parsed = accepted(parse_line_protocol(line.encode(), cache, LATEST_MS + minutes * 60_000))
        assert bool(parsed.batch.keys) is is_taken, minutes


def test_a_field_that_stands_twice_is_said_and_its_last_value_counts() -> None:
    for text in ("", ',s="x=y"'):
        parsed = parse(f"m,t=a\\=b v=1,v=2,w=3{text}\nn,t=a\\=b v=5{text}")
        assert rows(parsed) == {('m_v{t="a=b"}', None, 2), ('m_w{t="a=b"}', None, 3), ('n_v{t="a=b"}', None, 5)}
        assert [(r.index, r.field) for r in parsed.batch.refused] == [(0, "v")]
        assert "appears twice" in parsed.batch.refused[0].reason


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("m,host f=1", "tags", "the tag 'host' is not name=value"),
        ("m,a=1,a=2 f=1", "tags", "the tag 'a' appears twice"),
        ("m,path=" + "x" * 65_537 + " f=1", "f", "the tag path is 65537 bytes long"),
        ("m f", "f", "is not name=value"),
        ("m f=", "f", "has no value"),
        ("m,a=1", "", "has no fields after 'm,a=1'"),
        (",a=1 f=1", "", "has no measurement"),
        ('m a=1,f="x', "", "has no end"),
        ("m f=-1u", "f", "'-1u' is below 0; write -1i"),
        ("m f=1 yesterday", "timestamp", "'yesterday' is not a whole number"),
    ],
)
def test_what_is_wrong_with_a_line_names_its_tag_or_field(line: str, field: str, reason: str) -> None:
    parsed = parse(f"{line}\nb f=2")
    assert parsed.batch.keys == ["b_f"]
    assert [r.field for r in parsed.batch.refused] == [field]
    assert reason in parsed.batch.refused[0].reason


def test_what_clients_write_and_the_c_parser_refuses_is_taken() -> None:
    parsed = parse(
        "m,empty=,a=1,a=1 f=+1.5,g=-.5e1,h=+7i 1700000000000000000 \nlong " + ",".join(f"f{n}={n}" for n in range(800))
    )
    assert rows(parsed) >= {
        ('m_f{a="1"}', T, 1.5),
        ('m_g{a="1"}', T, -5),
        ('m_h{a="1"}', T, 7),
        ("long_f799", None, 799),
    }
    assert parsed.batch.refused == []


def test_the_good_lines_are_kept_and_each_bad_one_is_named_with_its_bytes() -> None:
    parsed = parse(
        "a f=1\n\nbad\nb f=2\nc f=nan\nd f=1e400\ne f=1 17\nf,x=\ud800 f=1\ng f=3".encode("utf-8", "surrogatepass")
    )
    assert parsed.batch.keys == ["a_f", "b_f", "g_f"]
    assert [(r.index, r.snippet) for r in parsed.batch.refused][:4] == [
        (2, "bad"), (4, "c f=nan"), (5, "d f=1e400"), (6, "e f=1 17"),
    ]  # fmt: skip
    assert [r.index for r in parsed.batch.refused] == [2, 4, 5, 6, 7]
    assert all(f"line {r.index + 1}: " in r.reason for r in parsed.batch.refused)


@pytest.mark.parametrize(
    "line",
    [b'm f="\xff"', b"m\xff f=1", b"m f=inf", b"m f=1e400", b"m f", b"m", b"m,a=1,a=2 f=1",
     b'm f="x', b"m f=1 x", b"m f=1 -5", b"m f=1 99999999999999999999", b"m f=-1u", b"m f=1 0",
     b"m,a.b=1,a_b=2 f=1", b"m," + b",".join(b"t%d=1" % i for i in range(257)) + b" f=1", b"m" * 2_049 + b" f=1",
     b"m,a=" + b"x" * 65_537 + b" f=1", b"m f=1 " + b"%d" % ((LATEST_MS + 1) * 10**6)],
)  # fmt: skip
def test_a_bad_line_is_refused_alone(line: bytes) -> None:
    parsed = parse(b"a f=1\n" + line + b"\nb f=2")
    assert parsed.batch.keys == ["a_f", "b_f"]
    assert [r.index for r in parsed.batch.refused] == [1]


def test_names_are_mapped_and_values_kept() -> None:
    parsed = parse("win\\ cpu,data.center=a\\ b,9=x,__r=y 100%=1")
    assert parsed.batch.keys == ['win_cpu_100_{_9="x",_r="y",data_center="a b"}']


def test_a_text_may_hold_line_ends_quotes_and_backslashes() -> None:
    parsed = parse('log m="one\ntwo \\"x\\" \\\\",n=1i 1700000000000000000\nb f=2\nc,q=" s="a"')
    assert [json.loads(body)["text"] for _, body, _ in parsed.documents] == ['one\ntwo "x" \\', "a"]
    assert parsed.batch.keys == ["log_n", "b_f"]
    assert parsed.documents[1][0].startswith("c_s/q:_-")


def test_documents_of_different_tags_never_collide() -> None:
    parsed = parse('m,h=a\\ b s="1"\nm,h=a_b s="2"\nm,h=a/b s="3"\nm s="4"')
    assert len({key for key, _, _ in parsed.documents}) == 4


def test_a_cached_head_is_not_mistaken_for_another() -> None:
    cache = LineCache()
    assert parse("a\\ b,t=1 f=1\na\\ c,t=1 f=1\n f=1 f=2\n", cache).batch.keys[:2] == ['a_b_f{t="1"}', 'a_c_f{t="1"}']
    assert parse(" x f=1\n y f=1", cache).batch.keys == ["x_f", "y_f"]
    assert parse(" y f=1\n x f=1", cache).batch.keys == ["y_f", "x_f"]


def test_lines_of_which_much_would_have_to_be_remembered_are_not_remembered() -> None:
    cache = LineCache()
    tags = ",".join(f"t{number}={'x' * 190}" for number in range(8))
    fields = ",".join(f"f{number}=1" for number in range(100))
    for _ in range(2):
        assert len(parse(f"a,{tags} {fields}", cache).batch.keys) == 100
    assert not cache
    for _ in range(2):
        parse(f"a,{tags} f=1", cache)
    assert len(cache) == 1


def test_the_fields_behind_one_head_are_remembered_in_whatever_order_they_come() -> None:
    cache = LineCache()
    for _ in range(2):
        assert parse("a,t=1 f=1\na,t=1 g=2\na,t=1 f=3,g=4", cache).batch.keys[:2] == ['a_f{t="1"}', 'a_g{t="1"}']
    assert len(cache) == 1
    assert rows(parse("a,t=1 g=4,f=3", cache)) == {('a_g{t="1"}', None, 4.0), ('a_f{t="1"}', None, 3.0)}
    many = [f"a,t=1 {'x' * 1_000}{number}=1" for number in range(20)]
    assert len(parse("\n".join(many), cache).batch.keys) == 20
    assert sum(map(len, cache["a,t=1"][3].values())) < 10_000


def test_lines_with_texts_keep_their_place_among_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    body = 'a f=1 1700000000000000000\na f=2,s="x y",g=7 1700000000000000000\na f=3\nb,t="q" f=4\nc s="1\\"2=",f=5'
    slowly = parse(body + "\n# the slow way")
    monkeypatch.setattr(line_protocol, "_each", None)
    quickly = parse(body)
    assert rows(quickly) == rows(slowly)
    values = quickly.batch.values
    assert [values[0], *sorted(values[1:3]), *values[3:]] == [1.0, 2.0, 7.0, 3.0, 4.0, 5.0]
    assert (quickly.documents, quickly.places) == (slowly.documents, slowly.places)
    assert quickly.batch.where is not None
    assert quickly.batch.where() == [0, 1, 1, 2, 3, 4]


def test_a_text_over_several_lines_is_one_field() -> None:
    parsed = parse('a f=1\na s="x\ny=2",f=2\na f=3')
    assert parsed.batch.values == [1.0, 2.0, 3.0]
    assert [body for _, body, _ in parsed.documents] == [b'{"text":"x\\ny=2"}']


@pytest.mark.parametrize(
    "body",
    [b'a"b f="\n' * 200_000, b"x\n" * 200_000, b"m " + b",".join(b"f%d=1" % i for i in range(100_000)),
     (b"m," + b",".join(b"t%d=1" % i for i in range(1_900)) + b" f=1\n") * 100, b'm f="' + b"x" * 4_000_000],
)  # fmt: skip
def test_hostile_bodies_take_bounded_time(body: bytes) -> None:
    began = time.process_time()
    assert parse(body).batch.refused
    within(time.process_time() - began, 4, "the CPU time")


def test_too_many_lines_are_invalid() -> None:
    with pytest.raises(Invalid, match="200000 lines"):
        parse(b"\n" * 200_001)


def test_a_measurement_that_is_only_a_sign_is_named_in_words() -> None:
    parsed = parse('%,entity_id=a value=5,state="on"\n°,entity_id=b value=90\n€,entity_id=c value=7\n€/kWh value=1')
    assert parsed.batch.keys == [
        'percent_value{entity_id="a"}', 'degree_value{entity_id="b"}', 'euro_value{entity_id="c"}', "_/kWh_value",
    ]  # fmt: skip
    assert parsed.documents[0][0] == "percent_state/entity_id:a"
    units = ["m²", "m³", "ft²", "ft³", "m³/h", "W/m²", "µg/m³", "mg/m³"]
    keys = parse("\n".join(f"{unit},entity_id=a value=1" for unit in units)).batch.keys
    assert [guess_unit(key.partition("{")[0]) for key in keys] == units
    assert parse("μg/m³ value=1").batch.keys == parse("µg/m³ value=1").batch.keys  # two signs for micro
    cache = LineCache()
    assert parse("percent value=5", cache).batch.keys == ["percent_value"]
    assert [refusal.code for refusal in parse("% value=5", cache).batch.refused] == ["name_taken"]
