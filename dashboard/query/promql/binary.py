"""Binary operators and vector matching. Source: Prometheus, "Operators", binary operators and vector matching."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dashboard.query.promql.budget import Budget
from dashboard.query.promql.errors import FailedExpression
from dashboard.query.promql.syntax import COMPARISONS, Binary, VectorMatching
from dashboard.query.promql.values import (
    NAME,
    PER_SECOND,
    Bools,
    Floats,
    Ints,
    Labels,
    Scalar,
    Vector,
    compact,
    drop,
    empty,
    keep,
    merged,
    shown,
    unnamed,
    with_label,
    without_name,
)

_ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
_COMPARED: dict[str, Callable[[Floats, Floats], Bools]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}


def between_scalars(op: str, left: Floats, right: Floats) -> Floats:
    """Return the operator's result for numbers; comparisons give 0 or 1."""
    if op in _COMPARED:
        return _COMPARED[op](left, right).astype(np.float64)
    return _ARITHMETIC[op](left, right)


def with_scalar(node: Binary, vector: Vector, scalar: Scalar, *, swapped: bool) -> Vector:
    """Return the result for each row; ``swapped``: True if the number is on the left."""
    left, right = (scalar.values, vector.values) if swapped else (vector.values, scalar.values)
    if node.op not in COMPARISONS:
        unit = vector.unit if node.op in "+-*" or (node.op in "/%" and not swapped) else ""
        return unnamed(vector.but(_ARITHMETIC[node.op](left, right), unit=unit))
    holds = _COMPARED[node.op](left, right)
    if node.is_bool:
        return unnamed(vector.but(holds.astype(np.float64), unit=""))
    return compact(vector.but(vector.values, vector.there & holds))


def _signature(labels: Labels, matching: VectorMatching) -> Labels:
    return keep(labels, matching.labels) if matching.on else drop(labels, (NAME, *matching.labels))


def _by_signature(vector: Vector, matching: VectorMatching) -> dict[Labels, list[int]]:
    rows: dict[Labels, list[int]] = {}
    for row, labels in enumerate(vector.labels):
        rows.setdefault(_signature(labels, matching), []).append(row)
    return rows


# --- set operators ---


def combine(node: Binary, left: Vector, right: Vector) -> Vector:
    """Return the result of ``and``, ``or`` or ``unless``."""
    first, second = (left, right) if node.op != "or" else (right, left)
    others = _by_signature(second, node.matching)
    present = {key: second.there[rows].any(axis=0) for key, rows in others.items()}
    nowhere = np.zeros(first.values.shape[1], dtype=np.bool_)
    matched = np.empty_like(first.there)
    for row, labels in enumerate(first.labels):
        matched[row] = present.get(_signature(labels, node.matching), nowhere)
    there = first.there & (matched if node.op == "and" else ~matched)
    inputs = first.inputs
    if inputs and node.op == "and":
        inputs = [
            bits | _inputs_of(second, others.get(_signature(labels, node.matching), []))
            for bits, labels in zip(inputs, first.labels, strict=True)
        ]
    found = compact(Vector(first.labels, first.values, there, inputs, first.unit))
    if node.op != "or":
        return found
    return merged(
        Vector(
            [*left.labels, *found.labels],
            np.concatenate((left.values, found.values)),
            np.concatenate((left.there, found.there)),
            [*left.inputs, *found.inputs],
            left.unit if left.unit == found.unit or not len(found.labels) else "",
        )
    )


def _inputs_of(vector: Vector, rows: list[int]) -> int:
    found = 0
    for row in rows:
        found |= vector.inputs[row]
    return found


# --- arithmetic and comparison ---


def between_vectors(node: Binary, left: Vector, right: Vector, budget: Budget) -> Vector:
    """Return the result for each pair of matching rows; raise FailedExpression when the matching is not unique."""
    many, one = (right, left) if node.matching.group == "right" else (left, right)
    steps = many.values.shape[1]
    pairs_many, pairs_one = _pairs(node, many, one, budget)
    if not len(pairs_many):
        return empty(steps)
    there = many.there[pairs_many] & one.there[pairs_one]
    labels = _result_labels(node, many, one, pairs_many, pairs_one)
    _check_unique(node, many, pairs_many, labels, there)
    many_values, one_values = many.values[pairs_many], one.values[pairs_one]
    swapped = node.matching.group == "right"
    left_values, right_values = (one_values, many_values) if swapped else (many_values, one_values)
    unit = _unit(node, left, right)
    if node.op in COMPARISONS:
        holds = _COMPARED[node.op](left_values, right_values)
        values = holds.astype(np.float64) if node.is_bool else left_values
        there = there if node.is_bool else there & holds
    else:
        values = _ARITHMETIC[node.op](left_values, right_values)
    inputs = [many.inputs[a] | one.inputs[b] for a, b in zip(pairs_many, pairs_one, strict=True)] if many.inputs else []
    return compact(merged(_alive(Vector(labels, values, there, inputs, unit))))


def _alive(vector: Vector) -> Vector:
    return compact(vector)


def _unit(node: Binary, left: Vector, right: Vector) -> str:
    """Return the unit of the result. A factor without a unit, such as a share or an info metric, keeps the other one's."""
    if node.is_bool:
        return ""
    if node.op == "*":
        return _product(left.unit, right.unit)
    if node.op == "/":
        return _quotient(left.unit, right.unit)
    if node.op in COMPARISONS or (node.op in "+-" and left.unit == right.unit):
        return left.unit
    return ""


def _product(left: str, right: str) -> str:
    """Return the unit of a product: ``B`` times ``/s``, of packets, is ``B/s``."""
    if left and right:
        unit = left if right == PER_SECOND else right if left == PER_SECOND else ""
        return unit + PER_SECOND if unit and not unit.endswith(PER_SECOND) else ""
    return left or right


def _quotient(left: str, right: str) -> str:
    """Return the unit of a quotient: ``s/s`` divided by ``/s``, as in a mean duration, is ``s``."""
    if not right:
        return left
    return left.removesuffix(PER_SECOND) if right == PER_SECOND and left.endswith(PER_SECOND) else ""


def _pairs(node: Binary, many: Vector, one: Vector, budget: Budget) -> tuple[Ints, Ints]:
    """Return the matching rows of both sides; check that the rows of ``one`` are unique at each step where ``many`` has values."""
    ones = _by_signature(one, node.matching)
    asked = many.there.any(axis=0) if len(many.labels) else np.zeros(many.values.shape[1], dtype=np.bool_)
    for key, rows in ones.items():
        if len(rows) > 1 and (one.there[rows].sum(axis=0)[asked] > 1).any():
            side = "left" if node.matching.group == "right" else "right"
            names = ", ".join(shown(one.labels[row]) for row in rows[1::-1])
            raise FailedExpression(
                f"found duplicate series for the match group {shown(key)} on the {side} hand-side of the operation: "
                f"[{names}];many-to-many matching not allowed: matching labels must be unique on one side"
            )
    found_many, found_one = list[int](), list[int]()
    for row, labels in enumerate(many.labels):
        for other in ones.get(_signature(labels, node.matching), ()):
            found_many.append(row)
            found_one.append(other)
    budget.spend(len(found_many) * many.values.shape[1])
    return np.array(found_many, dtype=np.int64), np.array(found_one, dtype=np.int64)


def _check_unique(node: Binary, many: Vector, pairs: Ints, labels: list[Labels], there: Bools) -> None:
    """Raise FailedExpression if several rows of ``many`` match one row and no grouping keeps their labels distinct."""
    grouped: dict[tuple[Labels, Labels], list[int]] = {}
    is_grouped = bool(node.matching.group)
    for place, row in enumerate(pairs):
        signature = _signature(many.labels[row], node.matching)
        grouped.setdefault((signature, labels[place] if is_grouped else ()), []).append(place)
    for places in grouped.values():
        if len(places) > 1 and (there[places].sum(axis=0) > 1).any():
            if is_grouped:
                raise FailedExpression("multiple matches for labels: grouping labels must ensure unique matches")
            raise FailedExpression(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )


def _result_labels(node: Binary, many: Vector, one: Vector, pairs_many: Ints, pairs_one: Ints) -> list[Labels]:
    matching, found = node.matching, list[Labels]()
    drops_name = node.op not in COMPARISONS or node.is_bool
    for a, b in zip(pairs_many, pairs_one, strict=True):
        labels = without_name(many.labels[a]) if drops_name else many.labels[a]
        if not matching.group:
            labels = keep(labels, matching.labels) if matching.on else drop(labels, matching.labels)
        if matching.include:
            others = dict(one.labels[b])
            for name in matching.include:
                labels = with_label(labels, name, others.get(name, ""))
        found.append(labels)
    return found
