from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.line_protocol_parts import Line, take_apart
from dashboard.ingest.parsed import NotFinite


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cpu value=1", Line("cpu", {}, {"value": 1.0})),
        (
            "cpu,host=a,core=0 user=1.5,n=7i,u=8u 99",
            Line("cpu", {"host": "a", "core": "0"}, {"user": 1.5, "n": 7, "u": 8}, 99),
        ),
        (
            r'my\ cpu,a\,b=c\=d up=t,text="say \"hi\", you" -5',
            Line("my cpu", {"a,b": "c=d"}, {"up": True, "text": 'say "hi", you'}, -5),
        ),
        ("cpu,empty=,x=1,x=1 v=+1", Line("cpu", {"x": "1"}, {"v": 1.0})),
    ],
)
def test_a_line_is_taken_apart(text: str, line: Line) -> None:
    assert take_apart(text) == line


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (",a=b v=1", ""),
        ("cpu", ""),
        ("cpu,a v=1", "tags"),
        ("cpu,a=1,a=2 v=1", "tags"),
        ("cpu v=1 now", "timestamp"),
        ('cpu v="x', ""),
    ],
)
def test_what_makes_a_whole_line_unreadable_is_named(text: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        take_apart(text)
    assert refused.value.field == field


def test_a_field_that_is_wrong_costs_only_itself() -> None:
    line = take_apart("cpu good=1,bad=x,nan=NaN,none=,neg=-1u,good2=2")
    assert line.fields == {"good": 1.0, "good2": 2.0}
    assert [fault.field for fault in line.faults] == ["bad", "nan", "none", "neg"]
    assert isinstance(line.faults[1], NotFinite)


@pytest.mark.parametrize("cut", ["v=0,64", "v=0,64,5", "v=-1,234.5", "v=1i,5i"])
def test_of_a_number_with_a_decimal_comma_no_part_is_a_value(cut: str) -> None:
    line = take_apart(f"cpu first=1,{cut},last=2")
    assert line.fields == {"first": 1.0, "last": 2.0}
    assert {fault.field for fault in line.faults} == {"v"}


def test_a_part_that_continues_no_number_is_named_itself() -> None:
    line = take_apart("cpu 7,v=1,loose,w=2")  # as of a name with a line break
    assert (line.fields, [fault.field for fault in line.faults]) == ({"v": 1.0, "w": 2.0}, ["7", "loose"])


@pytest.mark.parametrize("given", ['"a b"', "true"])
def test_a_digit_after_a_text_or_a_boolean_costs_only_itself(given: str) -> None:
    line = take_apart(f"cpu v={given},3,w=2")
    assert (list(line.fields), [fault.field for fault in line.faults]) == (["v", "w"], ["3"])


def test_of_a_field_that_stands_twice_the_last_value_counts_and_that_is_told() -> None:
    line = take_apart("cpu v=1,v=2")
    assert (line.fields, [fault.field for fault in line.faults]) == ({"v": 2.0}, ["v"])
