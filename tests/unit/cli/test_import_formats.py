"""Lines of files become samples, each with the line from which it was read."""

from __future__ import annotations

import pytest

from dashboard.cli.import_formats import csv_header, read_csv, read_ndjson


def test_a_long_csv_has_a_sample_a_line_and_labels_in_the_other_columns() -> None:
    columns = csv_header(b"\xef\xbb\xbfseries, value,t,unit,every_s,shop\r\n")
    body = read_csv([b'orders,3,1700000000000,EUR,5,"a, b"\r\n', b"\n", b"orders,4,,,,\n"], 2, columns)
    assert body.samples == [
        {"series": "orders", "value": 3, "t": 1700000000000, "labels": {"shop": "a, b"}, "unit": "EUR", "every_s": 5},
        {"series": "orders", "value": 4},
    ]
    assert (body.lines, body.refused) == ([2, 4], [])


def test_a_wide_csv_has_a_series_a_column_and_empty_cells_are_none() -> None:
    columns = csv_header(b"timestamp,cpu,load\n")
    body = read_csv([b"2023-11-14T22:13:20Z,1,2\n", b"1700000000.5,,3\n"], 2, columns)
    assert body.samples == [
        {"series": "cpu", "value": 1, "t": 1700000000000},
        {"series": "load", "value": 2, "t": 1700000000000},
        {"series": "load", "value": 3, "t": 1700000000500},
    ]
    assert body.lines == [2, 2, 3]


@pytest.mark.parametrize("text", ["2023-11-14T22:13:20", "2023-11-14 23:13:20+01:00", "1700000000"])
def test_times(text: str) -> None:
    (sample,) = read_csv([f"{text},1\n".encode()], 2, ["time", "a"]).samples
    assert sample["t"] == 1_700_000_000_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a,x\n", "'x' is not a number"),
        (b"a,nan\n", "not a finite number"),
        (b"a\n", "1 cells for 2 columns"),
        (b'"a,1\n', "unexpected end of data"),
        (b"\xff,1\n", "utf-8"),
    ],
)
def test_a_line_that_is_none_is_refused_by_its_number(line: bytes, reason: str) -> None:
    body = read_csv([b"a,1\n", line], 2, ["series", "value"])
    assert [number for number, _ in body.refused] == [3]
    assert reason in body.refused[0][1]
    assert len(body.samples) == 1


@pytest.mark.parametrize("line", [b"a,b\n", b"", b"series,x\n"])
def test_a_first_line_that_names_no_columns_is_said(line: bytes) -> None:
    with pytest.raises(ValueError, match="the first line must name the columns"):
        csv_header(line)


def test_ndjson_lines_that_are_no_samples_do_not_cost_the_others() -> None:
    lines = [
        b'{"series":"a","value":1}\n',
        b"\n",
        b"{\n",
        b"[1]\n",
        b'{"value":NaN}\n',
        b'{"value":1e999}\n',
        b'{"b":2}\n',
        b'{"value":1,"value":2}',
    ]
    body = read_ndjson(lines, 1)
    assert body.lines == [1, 7]
    assert [number for number, _ in body.refused] == [3, 4, 5, 6, 8]
