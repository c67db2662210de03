"""The judged samples in a replica, and queries over it without a server."""

from __future__ import annotations

import json
from typing import Any

from dashboard.domain.errors import DashboardError
from dashboard.domain.position import Position
from dashboard.domain.series import series_key
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import SeriesEnded, encode_samples
from dashboard.journal.port import Entry
from dashboard.query.expression_samples import SampleReading
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import Query, QueryAnswer, instant_query, range_query, run
from dashboard.query.promql.values import Grid
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from dashboard.web.prometheus.answers import result_json
from tests.promql.samples import LENGTH_MS, Line

#: Keeps all judged samples raw.
WINDOWS = Windows(raw_ms=4 * LENGTH_MS)


def replica_of(series: list[Line], start_ms: int, windows: Windows = WINDOWS) -> Replica:
    """Return a replica that got each series as one entry, and then the ends of the series."""
    replica = Replica(windows, Position("0123456789abcdef", 0))
    seq, now_ms = 0, start_ms + LENGTH_MS
    for line in series:
        key = series_key(line.name, line.labels).text
        times, values = [t for t, _ in line.samples], [v for _, v in line.samples]
        payloads = [encode_samples([key] * len(times), times, values)]
        payloads += [encode_change(SeriesEnded(key.encode(), (end,))) for end in line.ends]
        for payload in payloads:
            seq += 1
            replica.apply(Entry(seq, now_ms, payload))
    return replica


def answer(replica: Replica, query: Query) -> QueryAnswer:
    """Read the samples and evaluate at once."""
    budget = Budget()
    reading = SampleReading([replica], query.needs(), query.lookback_ms, budget)
    for _ in reading.steps():
        pass
    return run(query, reading.data, budget)


def query_of(route: str, fields: dict[str, str]) -> Query:
    """Return the query of a request to the API."""
    expr = parse(fields["query"])
    if route == "query":
        return instant_query(expr, round(float(fields["time"]) * 1000))
    start_ms, end_ms = (round(float(fields[name]) * 1000) for name in ("start", "end"))
    step_ms = int(fields["step"]) * 1000
    return range_query(expr, Grid(start_ms, step_ms, (end_ms - start_ms) // step_ms + 1), end_ms)


def ask(replica: Replica, route: str, fields: dict[str, str]) -> dict[str, Any]:
    """Return the answer to a request, as the API's JSON."""
    try:
        found = answer(replica, query_of(route, fields))
    except DashboardError as error:
        return {"status": "error", "errorType": {400: "bad_data", 422: "execution"}.get(error.http_status, "timeout")}
    data = json.loads(b"".join(result_json(found)[0]))
    return {"status": "success", "data": data, "warnings": list(found.notes.warnings), "infos": list(found.notes.infos)}
