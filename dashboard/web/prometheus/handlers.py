"""Handlers of queries: ``query``, ``query_range``, ``format_query``, ``parse_query``, ``query_exemplars``, ``status/buildinfo``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.expressions.runner import QueryRunner
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import layout, parse
from dashboard.query.promql.query import MAX_STEPS, Query, QueryAnswer, instant_query, range_query
from dashboard.query.promql.syntax import Expr
from dashboard.query.promql.values import Grid
from dashboard.replication.replicas import Replicas
from dashboard.turns import next_turn
from dashboard.web.prometheus.answers import result_json, success, with_cpu
from dashboard.web.prometheus.parameters import (
    EARLIEST_MS,
    LATEST_MS,
    WrongParameter,
    duration_ms,
    limit_of,
    time_ms,
)
from dashboard.web.prometheus.tree import tree_json
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.parts import write_parts

_TYPES = {400: "bad_data", 422: "execution", 503: "timeout", 404: "not_found", 413: "bad_data", 429: "unavailable"}
#: The version of Prometheus with the same language and API; clients ask for it.
_VERSION = "3.13.2"
#: A longer form is parsed in a thread: 1 MiB of escapes takes 50 ms.
_SHORT_FORM_BYTES = 65_536


class PrometheusServices(NamedTuple):
    """Services of the API. ``now_ms`` is the journal's time."""

    queries: QueryRunner
    replicas: Replicas
    now_ms: Callable[[], int]


class PrometheusHandler(BaseHandler[PrometheusServices]):
    """Handler of a route of the API: parameters from the URL and, for POST, from the form; errors as JSON in Prometheus' format."""

    has_foreign_errors = True
    _form: Mapping[str, list[str]] = {}

    async def get(self, *path: str) -> None:
        await self.reply(*path)

    async def reply(self, *path: str) -> None:
        """Send the response."""
        raise NotImplementedError

    def values(self, name: str) -> list[str]:
        """Return all values of a parameter: first from the form, then from the URL."""
        return [*self._form.get(name, ()), *self.get_query_arguments(name, strip=False)]

    def first(self, name: str) -> str:
        """Return a parameter's first value, "" if there is none."""
        return next(iter(self.values(name)), "")

    async def read_form(self) -> None:
        """Parse the form of a POST, a long one in a thread."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            body, loop = self.body(), asyncio.get_running_loop()
            short = len(body) <= _SHORT_FORM_BYTES
            self._form = _fields_of(body) if short else await loop.run_in_executor(None, _fields_of, body)

    def expression(self) -> Expr:
        """Return the tree of the parameter ``query``; raises WrongParameter."""
        try:
            return parse(self.first("query"))
        except BadExpression as error:
            raise WrongParameter("query", f"{error.line}:{error.column}: parse error: {error.why}") from None

    async def send(self, data: Iterable[bytes], warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> None:
        """Send a successful response with ``data`` (parts of JSON, a list if they are made), warnings and remarks."""
        self.set_header("Content-Type", "application/json")
        await write_parts(self, success(data, list(warnings), list(infos)), are_made=isinstance(data, list))
        self.finish()

    @property
    def caller_key(self) -> str:
        """Name by which the caller's queries are counted."""
        return f"{self.caller.kind}:{self.caller.id}" if self.caller.id else f"address:{self.address}"

    def write_fault(self, code: str, text: str, extra: dict[str, object]) -> None:
        status = self.get_status()
        kind = _TYPES.get(status, code if status < 500 else "internal")
        if status == 503 and code != "timeout":
            kind = "unavailable"
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode({"status": "error", "errorType": kind, "error": text}))

    def _wants_page(self) -> bool:
        return False


class FormHandler(PrometheusHandler):
    """Handler of a route whose parameters may also come in a form."""

    async def post(self, *path: str) -> None:
        await self.read_form()
        await self.reply(*path)


class InstantQueryHandler(FormHandler):
    """``/prometheus/api/v1/query``: an expression at one time."""

    async def reply(self, *path: str) -> None:
        limit = limit_of(self.first("limit"))
        at_ms = time_ms("time", self.first("time"), self.services.now_ms())
        await self.answer(instant_query(self.expression(), at_ms, self.lookback_ms()), limit)

    def lookback_ms(self) -> int:
        """Return the parameter ``lookback_delta``, or the default lookback."""
        text = self.first("lookback_delta")
        usual = self.services.queries.limits.lookback_ms
        return round(duration_ms("lookback_delta", text)) or usual if text else usual

    async def answer(self, query: Query, limit: int) -> None:
        """Evaluate a query and send its answer."""
        timeout = self.first("timeout")
        timeout_s = duration_ms("timeout", timeout) / 1000 if timeout else None
        is_cpu_wanted = bool(self.first("stats"))

        def finish(answer: QueryAnswer, _: object) -> tuple[list[bytes], list[str], list[str]]:
            data, is_cut = result_json(answer, limit)
            if is_cpu_wanted:
                data = with_cpu(data, answer.cpu_s)
            warnings = [*answer.notes.warnings, *(["results truncated due to limit"] if is_cut else [])]
            return data, warnings, list(answer.notes.infos)

        await self.send(*await self.services.queries.run(self.caller_key, query, finish, timeout_s=timeout_s))


class QueryRangeHandler(InstantQueryHandler):
    """``/prometheus/api/v1/query_range``: an expression over steps."""

    async def reply(self, *path: str) -> None:
        limit = limit_of(self.first("limit"))
        start_ms, end_ms = time_ms("start", self.first("start")), time_ms("end", self.first("end"))
        if end_ms < start_ms:
            raise WrongParameter("end", "end timestamp must not be before start time")
        step_ms = duration_ms("step", self.first("step"))
        if step_ms <= 0:
            raise WrongParameter(
                "step",
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            )
        if (end_ms - start_ms) // step_ms > MAX_STEPS:
            raise WrongParameter(
                "",
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)",
            )
        step = max(int(step_ms), 1)
        grid = Grid(start_ms, step, (end_ms - start_ms) // step + 1)
        expr = self.expression()
        try:
            query = range_query(expr, grid, end_ms, self.lookback_ms())
        except Invalid as invalid:
            raise WrongParameter("query", invalid.reason) from None
        await self.answer(query, limit)


class FormatQueryHandler(FormHandler):
    """``/prometheus/api/v1/format_query``: an expression in Prometheus' standard layout."""

    async def reply(self, *path: str) -> None:
        self.expression()
        await next_turn()  # each of the two takes up to 20 ms
        await self.send([msgspec.json.encode(layout(self.first("query")))])


class ParseQueryHandler(FormHandler):
    """``/prometheus/api/v1/parse_query``: the tree of an expression."""

    async def reply(self, *path: str) -> None:
        expression = self.expression()
        await next_turn()  # each of the two takes up to 20 ms
        await self.send([msgspec.json.encode(tree_json(expression))])


class ExemplarsHandler(FormHandler):
    """``/prometheus/api/v1/query_exemplars``: always empty, because exemplars are not stored."""

    async def reply(self, *path: str) -> None:
        start_ms = time_ms("start", self.first("start"), EARLIEST_MS)
        end_ms = time_ms("end", self.first("end"), LATEST_MS)
        if end_ms < start_ms:
            raise WrongParameter("", "end timestamp must not be before start timestamp")
        self.expression()
        await self.send([b"[]"])


class RootHandler(PrometheusHandler):
    """``/prometheus/``: redirect to the page for trying expressions. Clients also request this path to check that the API exists."""

    async def reply(self, *path: str) -> None:
        self.redirect("/explore")


class BuildHandler(PrometheusHandler):
    """``/prometheus/api/v1/status/buildinfo``: the version of Prometheus whose language this server supports."""

    async def reply(self, *path: str) -> None:
        build = {
            "version": _VERSION,
            "revision": self.context.build,
            "branch": "live-dashboard",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        }
        await self.send([msgspec.json.encode(build)])


def _fields_of(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1_000)
    except ValueError:
        raise WrongParameter("", "error parsing form values: too many fields") from None
