"""Handlers of listings: ``series``, ``labels``, ``label/NAME/values``, ``metadata``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeVar

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.selector import Selector
from dashboard.query.finding import FoundSeries, SeriesSearch
from dashboard.query.listing import in_order
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import parse
from dashboard.query.promql.syntax import Instant
from dashboard.turns import next_turn
from dashboard.web.prometheus.handlers import FormHandler, PrometheusHandler
from dashboard.web.prometheus.parameters import EARLIEST_MS, LATEST_MS, WrongParameter, limit_of, time_ms
from dashboard.web.server.parts import joined

T = TypeVar("T")

_MAX_COST_US = 2_000_000
_CUT = "results truncated due to limit"
_KINDS = {"delta": "gauge"}


class Listing(PrometheusHandler):
    """Handler of a route about the series that ``match[]`` selects in a range of time."""

    async def found(self, *, field: str = "") -> list[FoundSeries]:
        """Return the series that existed between the parameters ``start`` and ``end``, sorted by name and labels.

        ``field``: name of the parameter at fault, for the error about a wrong selector.
        """
        start_ms = time_ms("start", self.first("start"), EARLIEST_MS)
        end_ms = time_ms("end", self.first("end"), LATEST_MS)
        selectors = list[Selector]()
        for text in self.values("match[]"):
            await next_turn()  # compiling the patterns of one takes up to 20 ms
            selectors.append(self._selector(text, field))
        found: list[FoundSeries] = []
        async with self.services.replicas.wanted(selectors) as replicas:
            search = SeriesSearch(replicas, selectors, start_ms, end_ms)
            if search.cost_us() > _MAX_COST_US:
                raise Invalid("matching the selectors takes too long; name the metrics", field="match[]")
            await next_turn()
            for part in search.steps():
                found += part
                await next_turn()
        return await _aside(lambda: in_order(found))

    def _selector(self, text: str, field: str) -> Selector:
        try:
            expr = parse(text)
        except BadExpression as error:
            raise WrongParameter(field, f"{error.line}:{error.column}: parse error: {error.why}") from None
        if not isinstance(expr, Instant) or expr.when.is_fixed or expr.when.offset_ms:
            raise WrongParameter(field, f'"{text[:80]}" is no series selector')
        return expr.selector


class SeriesListHandler(Listing, FormHandler):
    """``/prometheus/api/v1/series``: labels of the series that match."""

    async def reply(self, *path: str) -> None:
        if not self.values("match[]"):
            raise WrongParameter("", "no match[] parameter provided")
        limit = limit_of(self.first("limit"))
        found = await self.found(field="match[]")
        cut = 0 < limit < len(found)
        rows = (msgspec.json.encode(dict(series.labels)) for series in (found[:limit] if cut else found))
        await self.send(_list_of(rows), [_CUT] if cut else [])


class Names(Listing):
    """Handler of a route that answers with names."""

    async def send_names(self, each: Iterable[str], limit: int) -> None:
        """Send names, each once and in order, at most ``limit`` (0: all)."""
        names = await _aside(lambda: in_order(list(set(each))))
        cut = 0 < limit < len(names)
        await self.send(_list_of(map(msgspec.json.encode, names[:limit] if cut else names)), [_CUT] if cut else [])


class LabelsHandler(Names, FormHandler):
    """``/prometheus/api/v1/labels``: names of labels."""

    async def reply(self, *path: str) -> None:
        limit = limit_of(self.first("limit"))
        found = await self.found()
        await self.send_names((name for series in found for name, _ in series.labels), limit)


class LabelValuesHandler(Names):
    """``/prometheus/api/v1/label/NAME/values``: values of a label."""

    async def reply(self, *path: str) -> None:
        limit = limit_of(self.first("limit"))
        label, found = path[0], await self.found()
        await self.send_names((value for series in found for name, value in series.labels if name == label), limit)


class MetadataHandler(Listing):
    """``/prometheus/api/v1/metadata``: type and unit of the metrics."""

    async def reply(self, *path: str) -> None:
        limit, metric = self._count("limit"), self.first("metric")
        per_metric = self._count("limit_per_metric")
        metrics: dict[str, list[dict[str, str]]] = {}
        for series in await self.found():
            name = series.name
            if metric and name != metric:
                continue
            kind = _KINDS.get(series.kind, series.kind) or "unknown"
            row = {"type": kind, "unit": series.unit, "help": ""}
            if name not in metrics and 0 <= limit <= len(metrics):
                break
            rows = metrics.setdefault(name, [])
            if row not in rows and not 0 < per_metric <= len(rows):
                rows.append(row)
        rows_of = (b"%b:%b" % (msgspec.json.encode(name), msgspec.json.encode(rows)) for name, rows in metrics.items())
        await self.send(chain([b"{"], joined(rows_of), [b"}"]))

    def _count(self, name: str) -> int:
        text = self.first(name)
        if not text:
            return -1
        if not text.removeprefix("-").isdecimal():
            raise WrongParameter("", f"{name} must be a number")
        return int(text)


async def _aside(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, computed in a thread: 10,000 series may have 640,000 labels."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


def _list_of(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a list of values, which are JSON texts, in parts."""
    return chain([b"["], joined(texts), [b"]"])
