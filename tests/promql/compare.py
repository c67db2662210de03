"""Answers of Prometheus' API in a compact form, and what differs between two of them."""

from __future__ import annotations

import math
from typing import Any

from dashboard.query.promql.notes import OWN

#: Values may differ by this part of the greater.
TOLERANCE = 1e-9


def compact(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer without what may differ: error texts, positions in notes, and remarks about buckets, which are ours."""
    if answer["status"] != "success":
        return {"e": answer["errorType"]}
    data = answer["data"]
    kind, result = data["resultType"], data["result"]
    found: dict[str, Any] = {"t": kind}
    if kind in ("scalar", "string"):
        found["r"] = _value(result[1]) if kind == "scalar" else result[1]
    else:
        found["r"] = [[row["metric"], *_points(row)] for row in result]
    for field in ("warnings", "infos"):
        if kinds := sorted({_kind(text) for text in answer.get(field, ()) if not text.startswith(OWN)}):
            found[field[0]] = kinds
    return found


def _points(row: dict[str, Any]) -> list[Any]:
    points = [row["value"]] if "value" in row else row["values"]
    return [[round(1000 * t) for t, _ in points], [_value(v) for _, v in points]]


def _value(text: str) -> str:
    number = float(text)
    return f"{number:.12g}" if math.isfinite(number) else str(number)


def _kind(note: str) -> str:
    """Return the kind of a warning or remark: its first words."""
    return note.removeprefix("PromQL ").partition(" (")[0][:60]


def difference(theirs: dict[str, Any], ours: dict[str, Any], expression: str = "") -> str:
    """Describe the difference of two answers; "" if there is none. Of equal values, ``topk`` and ``bottomk`` may choose any."""
    if theirs.get("e") != ours.get("e"):
        return f"error {theirs.get('e')}, ours {ours.get('e')}"
    if "e" in theirs:
        return ""
    for field in ("t", "w", "i"):
        if theirs.get(field) != ours.get(field):
            return f"{field}: {theirs.get(field)}, ours {ours.get(field)}"
    if theirs["t"] == "string":
        return "" if theirs["r"] == ours["r"] else "the strings"
    if theirs["t"] == "scalar":
        return "" if _same(theirs["r"], ours["r"]) else f"{theirs['r']}, ours {ours['r']}"
    if is_in_order(expression) and (found := _order(theirs["r"], ours["r"])):
        return found
    if "topk" in expression or "bottomk" in expression:
        return "" if _sorted_values(theirs["r"]) == _sorted_values(ours["r"]) else _rows(theirs["r"], ours["r"])
    return _rows(theirs["r"], ours["r"])


def _order(theirs: list[Any], ours: list[Any]) -> str:
    """Describe the difference in the order of the values at one time."""
    if len(theirs) != len(ours) or any(len(row[2]) != 1 for row in theirs):
        return ""
    pairs = [(a[2][0], b[2][0]) for a, b in zip(theirs, ours, strict=True)]
    return "" if all(_same(a, b) for a, b in pairs) else f"order: {pairs[:6]}"


def _sorted_values(rows: list[Any]) -> list[tuple[int, str]]:
    return sorted((t, f"{float(v):.8g}") for row in rows for t, v in zip(row[1], row[2], strict=True))


def _rows(theirs: list[Any], ours: list[Any]) -> str:
    left, right = ({_labels(row[0]): row for row in rows} for rows in (theirs, ours))
    if left.keys() != right.keys():
        return f"series {sorted(left.keys() - right.keys())[:3]} missing, {sorted(right.keys() - left.keys())[:3]} too much"
    for labels, (_, times, values) in left.items():
        _, own_times, own_values = right[labels]
        if times != own_times:
            return f"times of {dict(labels)}: {times}, ours {own_times}"
        for t, a, b in zip(times, values, own_values, strict=True):
            if not _same(a, b):
                return f"{dict(labels)} at {t}: {a}, ours {b}"
    return ""


def _labels(metric: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the labels; a value that count_values made a label is rounded like other values."""
    made = {name: metric[name] for name in ("value", "v") if name in metric}
    rounded = {name: f"{float(text):.9g}" for name, text in made.items() if text.lstrip("+-")[:1].isdigit()}
    return tuple(sorted((metric | rounded).items()))


def is_in_order(expression: str) -> bool:
    """Return whether the order of the rows matters."""
    return expression.startswith(("sort(", "sort_desc(", "topk(", "bottomk("))


def _same(a: str, b: str) -> bool:
    x, y = float(a), float(b)
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return x == y or abs(x - y) <= TOLERANCE * max(abs(x), abs(y))
