"""Answers of queries as Prometheus' JSON. Source: Prometheus, "HTTP API", expression query result formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from dashboard.query.promql.errors import OverBudget
from dashboard.query.promql.query import AnswerRow, QueryAnswer
from dashboard.query.promql.syntax import Kind
from dashboard.query.promql.values import Floats, Ints
from dashboard.web.server.parts import joined

#: Most bytes of an answer: over two million points. Half of what all answers together may have unread.
MAX_ANSWER_BYTES = 64 << 20


def number(value: float) -> str:
    """Return a number as Prometheus writes it: in the fewest digits, without an exponent from 1e-6 up to 1e21."""
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2]
    if "e" not in text and "n" not in text:
        return text
    if value != value:
        return "NaN"
    if text in ("inf", "-inf"):
        return "+Inf" if value > 0 else "-Inf"
    if 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(text), "f")
        return plain[:-2] if plain.endswith(".0") else plain
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa.removesuffix('.0')}e{exponent}"


def _times(times: Ints) -> list[str]:
    """Return times in seconds, each as the first part of a point's JSON."""
    return [f'[{ms // 1000}.{ms % 1000:03d},"' if ms % 1000 else f'[{ms // 1000},"' for ms in times.tolist()]


def _values(values: Floats) -> list[str]:
    return [number(value) for value in values.tolist()]


class _Points:
    """Encoder of a row's points as JSON. It caches the encoded times, because consecutive rows often have the same times."""

    def __init__(self) -> None:
        self._key = b""
        self._heads: list[str] = []

    def of(self, row: AnswerRow) -> str:
        key = row.times.tobytes()
        if key != self._key:
            self._key, self._heads = key, _times(row.times)
        return '"],'.join(map(str.__add__, self._heads, _values(row.values))) + '"]'


def result_json(answer: QueryAnswer, limit: int = 0) -> tuple[list[bytes], bool]:
    """Return the field ``data`` of the response in parts, and whether it was cut to ``limit`` series (0: no limit).

    Raises OverBudget.
    """
    points, rows = _Points(), answer.rows
    is_cut = 0 < limit < len(rows) and answer.kind in (Kind.VECTOR, Kind.MATRIX)
    if is_cut:
        rows = rows[:limit]
    if answer.kind is Kind.STRING:
        at = _times(rows[0].times)[0].removesuffix('"').encode()
        return [b'{"resultType":"string","result":%b%b]}' % (at, msgspec.json.encode(answer.text))], False
    if answer.kind is Kind.SCALAR:
        return [b'{"resultType":"scalar","result":%b}' % points.of(rows[0]).encode()], False
    field = '"value":' if answer.kind is Kind.VECTOR else '"values":['
    end = "}" if answer.kind is Kind.VECTOR else "]}"
    texts = (f'{{"metric":{_metric(row)},{field}{points.of(row)}{end}' for row in rows)
    parts = [b'{"resultType":"%b","result":[' % answer.kind.value.encode()]
    length = 0
    for part in joined(text.encode("utf-8", "surrogatepass") for text in texts):
        length += len(part)
        if length > MAX_ANSWER_BYTES:
            raise OverBudget(
                f"the answer is longer than {MAX_ANSWER_BYTES >> 20} MiB: ask for fewer series or a longer step"
            )
        parts.append(part)
    return [*parts, b"]}"], is_cut


def _metric(row: AnswerRow) -> str:
    return msgspec.json.encode(dict(row.labels)).decode()


def with_cpu(data: list[bytes], cpu_s: float) -> list[bytes]:
    """Return the field ``data`` of a response with the CPU time of the query, where Prometheus has its own statistics."""
    return [*data[:-1], data[-1][:-1] + b',"stats":{"timings":{"cpuTime":%s}}}' % number(cpu_s).encode()]


def success(
    data: Iterable[bytes], warnings: list[str] | None = None, infos: list[str] | None = None
) -> Iterator[bytes]:
    """Yield the body of a successful response with ``data`` (parts of JSON), warnings and remarks."""
    yield b'{"status":"success","data":'
    yield from data
    if warnings:
        yield b',"warnings":' + msgspec.json.encode(warnings)
    if infos:
        yield b',"infos":' + msgspec.json.encode(infos)
    yield b"}"
