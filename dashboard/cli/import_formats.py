"""Conversion of a file's lines to a request's body: CSV, NDJSON, line protocol. No I/O.

A CSV file has a header.  Long form: columns ``series`` and ``value``, optionally ``t``, ``unit``, ``every_s``; every other
column is a label.  Wide form: a time column, and each other column is a series.  Time is ``t`` (ms since 1970), or ``time`` or
``timestamp`` (ISO 8601, UTC by default, or seconds since 1970).  Quoted fields must not contain line breaks.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dashboard.domain.decode_faults import json_fault_of

Sample = dict[str, object]

_TIMES = ("t", "time", "timestamp")
_OWN = frozenset({"series", "value", "unit", "every_s", *_TIMES})


@dataclass(slots=True)
class Body:
    """Samples to post, the line that each came from, and the refused lines with their reasons."""

    samples: list[Sample] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def encode(self) -> bytes:
        return json.dumps(self.samples, allow_nan=False).encode()


def read_ndjson(lines: list[bytes], first: int) -> Body:
    """Read one object per line, as in docs/protocol.md; blank lines are skipped, but numbered. ``first``: the number of the first line."""
    body = Body()
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            sample = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_each_once)
            if not isinstance(sample, dict):
                raise ValueError("is not a JSON object")
            json.dumps(sample, allow_nan=False)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            body.refused.append((number, json_fault_of(error)))
            continue
        except ValueError as error:
            body.refused.append((number, str(error)))
            continue
        body.samples.append(sample)
        body.lines.append(number)
    return body


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("contains the same key twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def csv_header(line: bytes) -> list[str]:
    """Return the columns of a header; raise ValueError if no column contains values."""
    columns = [column.strip() for column in _row(line.removeprefix(b"\xef\xbb\xbf"))]
    if "series" in columns and "value" in columns:
        return columns
    if "series" in columns or not set(columns) & set(_TIMES):
        raise ValueError(
            "the first line must name the columns: series,value,… or a time (t, time, timestamp) and one column per series"
        )
    return columns


def read_csv(lines: list[bytes], first: int, columns: list[str]) -> Body:
    """Read lines below a CSV file's header. ``first``: the number of the first line; ``columns``: the header's columns.
    Empty cells are skipped."""
    body = Body()
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            cells = _row(line)
            if len(cells) != len(columns):
                raise ValueError(f"{len(cells)} cells for {len(columns)} columns")
            for sample in _samples(dict(zip(columns, cells, strict=True))):
                body.samples.append(sample)
                body.lines.append(number)
        except ValueError as error:
            body.refused.append((number, str(error)))
    return body


def _row(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")], strict=True), [])
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _samples(cells: dict[str, str]) -> Iterator[Sample]:
    moment = _moment(cells)
    if "series" not in cells:
        named = [(name, text) for name, text in cells.items() if name not in _TIMES and text.strip()]
        yield from [{"series": name, "value": _number(text), **moment} for name, text in named]
        return
    sample: Sample = {"series": cells["series"], "value": _number(cells["value"]), **moment}
    labels = {name: text for name, text in cells.items() if name not in _OWN and text}
    if labels:
        sample["labels"] = labels
    if cells.get("unit"):
        sample["unit"] = cells["unit"]
    if cells.get("every_s"):
        sample["every_s"] = _number(cells["every_s"])
    yield sample


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r:.40} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r:.40} is not a finite number")
    return value


def _moment(cells: dict[str, str]) -> dict[str, int]:
    if text := cells.get("t", "").strip():
        return {"t": int(_number(text))}
    text = next((cells[name].strip() for name in _TIMES[1:] if cells.get(name, "").strip()), "")
    if not text:
        return {}
    try:
        return {"t": round(_number(text) * 1000)}
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r:.40} is not a time") from None
    return {"t": round(when.replace(tzinfo=when.tzinfo or UTC).timestamp() * 1000)}
