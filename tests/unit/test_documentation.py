"""Statements of the documents, compared with the code."""

from __future__ import annotations

import re
import sys
from array import array
from dataclasses import fields
from pathlib import Path

import dashboard
from dashboard.accounts import credentials, login_tries
from dashboard.domain.position import Position
from dashboard.domain.selector import MAX_PATTERN_WEIGHT
from dashboard.entries.samples import encode_samples
from dashboard.expressions import derived, live, runner
from dashboard.hub import preparation
from dashboard.ingest import batch
from dashboard.intake import stats
from dashboard.journal.port import Entry
from dashboard.query.promql import budget
from dashboard.replica.buckets import Buckets
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.settings import Settings
from dashboard.store import users
from dashboard.web.feed import feeding
from dashboard.web.prometheus import answers
from dashboard.web.server import request_body

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()


def test_the_table_of_settings_is_the_table_of_settings() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|$", OPERATIONS, re.MULTILINE)
    expected = []
    for field in fields(Settings):
        default = field.default
        shown = (
            ("on" if default else "off")
            if isinstance(default, bool)
            else ", ".join(default)
            if isinstance(default, tuple)
            else str(default)
        )
        expected.append((field.name, shown or "–", field.metadata["help"]))
    assert rows == expected


def test_every_room_is_on_both_maps() -> None:
    package = ROOT / "dashboard"
    rooms = sorted(each.parent.name for each in package.glob("*/__init__.py"))
    files = sorted(each.stem for each in package.glob("*.py") if not each.stem.startswith("__"))
    development = (ROOT / "docs" / "development.md").read_text()
    assert [name for name in rooms if f"`dashboard/{name}/`" not in development] == []
    assert [name for name in files if f"`dashboard/{name}.py`" not in development] == []
    assert [name for name in rooms if not re.search(rf"^    {name}  ", dashboard.__doc__ or "", re.MULTILINE)] == []
    assert [name for name in files if not re.search(rf"\b{name}\b", dashboard.__doc__ or "")] == []


def test_the_example_of_a_new_entry_fits_the_code() -> None:
    development = (ROOT / "docs" / "development.md").read_text()
    (example,) = re.findall(r"^```diff\n(.*?)^```$", development, re.MULTILINE | re.DOTALL)
    files = re.split(r"^diff --git a/(\S+) .*\n", example, flags=re.MULTILINE)[1:]
    there = 0
    for path, change in zip(files[::2], files[1::2], strict=True):
        for hunk in re.split(r"^@@ .*\n", change, flags=re.MULTILINE)[1:]:
            before = [line[1:] for line in hunk.splitlines() if not line.startswith("+")]
            assert not before or "\n".join(before) in (ROOT / path).read_text(), path
            there += bool(before)
    assert there >= 3


def memory_of(series: Series) -> int:
    columns = [series.seqs, series.times, series.values]
    for buckets in (series.fine, series.coarse.stored or Buckets(1)):
        opened = {id(c): c for c in (buckets._slots, buckets._mins, buckets._maxs, buckets._sums, buckets._counts)}
        order = buckets._order
        columns += [*opened.values(), order._starts, order._values or array("d"), order, buckets, *buckets._chunks]  # type: ignore[list-item]
        columns += [part for chunk in buckets._chunks for part in (chunk.data, chunk.order)]  # type: ignore[misc]
    return sum(sys.getsizeof(column) for column in [*columns, series, series.text])


def fed_for_48_hours(rate_hz: int) -> Series:
    replica = Replica(Windows(), Position("0" * 16, 0))
    start = 1_700_000_000_000
    coarse = range(0, 172_800 - 1_000, 10)
    fine = [172_800 - 1_000 + i / rate_hz for i in range(1_000 * rate_hz)]
    for seq, second in enumerate([*coarse, *fine], 1):
        t = start + int(second * 1000)
        replica.apply(Entry(seq, t, encode_samples(['cpu{host="web-1"}'], t, [second])))
    (series,) = replica.table
    assert len(series.fine) >= 2_160
    assert len(series.coarse) >= 2_880
    return series


def test_a_series_takes_no_more_memory_than_operations_md_says() -> None:
    once, ten = re.findall(r"at most (\d+) KiB", OPERATIONS)[:2]
    assert memory_of(fed_for_48_hours(1)) <= int(once) * 1024
    assert memory_of(fed_for_48_hours(10)) <= int(ten) * 1024


def test_every_close_code_that_is_sent_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"\b([14]\d{3})\b", PROTOCOL)}
    used = {CloseCode.DRAIN, CloseCode.SLOW, CloseCode.NO_PONG, CloseCode.RATE_LIMIT, CloseCode.NO_HELLO,
            CloseCode.TOO_MANY_SUBSCRIPTIONS, CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA, CloseCode.TOO_BIG}  # fmt: skip
    assert used <= documented


def test_files_and_functions_keep_to_their_size() -> None:
    import ast

    too_long = []
    for path in [
        *(ROOT / "dashboard").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "scripts").rglob("*.py"),
    ]:
        text = path.read_text()
        if text.count("\n") > 400:
            too_long.append(str(path.relative_to(ROOT)))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 60:
                    too_long.append(f"{path.relative_to(ROOT)} {node.name} ({length})")
    too_long += [
        str(path.relative_to(ROOT))
        for path in (ROOT / "static" / "js").rglob("*.js")
        if path.read_text().count("\n") > 400
    ]
    assert too_long == []


def test_only_the_runtime_creates_tasks() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "dashboard").rglob("*.py")
        if re.search(r"create_task|ensure_future", path.read_text())
        and path.name != "runtime.py"
        and path.parent.name != "client"  # stands alone, in programs that have no runtime of ours
    ]
    assert offenders == []


def test_the_figures_of_exposure_are_those_of_the_code() -> None:
    section = re.sub(r"\s+", " ", OPERATIONS.partition("## Exposure\n")[2].partition("\n## ")[0])
    s, mib, kib = Settings(), 1 << 20, 1 << 10
    for said in (
        f"{feeding._UNPROVEN_BYTES // kib} KiB of a feeder's body without a token, {s.max_body_bytes // mib} MiB elsewhere",
        f"{s.max_lines_bytes // 1_000_000} MB a request, unpacked (remote write {s.max_remote_write_bytes // mib} MiB)",
        f"{s.max_bodies_mib} MiB (`max_bodies_mib`)",
        f"{request_body._MAX_MEMBERS:,} gzip members",
        f"{s.answer_timeout_s:g} s without a byte; all callers together {s.max_answers_mib} MiB",
        f"| {s.max_idle_connections:,}; the oldest are closed |",
        f"{s.max_anonymous_per_address:,} an address, over all workers of a machine; {s.hello_s:g} s without a view",
        f"at most {s.max_connections * 4 // 5:,} of {s.max_connections:,}",
        f"{s.max_user_connections} a user, over all processes",
        f"{s.max_queue_bytes // mib} MiB of answers and one frame, for {s.stalled_s:g} s",
        f"{s.messages_per_s:g} a second, burst {s.message_burst:g}; {s.max_message_bytes // kib} KiB each",
        f"{s.max_subscriptions} views; selectors that take over {preparation._MAX_COST_US // 1_000_000} s to match by estimate, or "
        f"{preparation._MAX_S:g} s in fact, are refused, and regular expressions that take over about "
        f"{MAX_PATTERN_WEIGHT // 500} ms to compile; "
        f"{preparation._MAX_WAITING} requests wait",
        f"in steps of {preparation._SLICE_S * 1000:g} ms",
        f"{s.max_query_samples // 1_000_000} million samples, {s.query_timeout_s:g} s of a thread, "
        f"{budget.MAX_TEXT // mib} MiB of text in labels that it makes, an answer of {answers.MAX_ANSWER_BYTES // mib} MiB; "
        f"{runner._AT_ONCE} run and {runner._MOST_WAITING} wait for each caller",
        f"{derived.MOST_SERIES:,} of one expression; {live.MOST_DERIVED:,} of all expressions",
        f"{batch.MAX_REFUSALS:,} refusals; the rest is refused unread",
        f"{credentials._HASHED_AT_ONCE} at once (64 MiB each), {credentials._MAX_WAITING_OF_ADDRESS} wait an address, "
        f"{credentials._MAX_WAITING} in all",
        f"{login_tries.MAX_TRIES} a name and address in {login_tries.TRIES_WINDOW_MS // 60_000} minutes, "
        f"{users.MOST_TRIES_OF_ADDRESS} an address",
        f"{stats._MAX_UNKNOWN} addresses",
        f"{stats._MAX_FEEDERS:,} feeders with {stats.KEPT_REFUSALS} refusals each",
        f"{s.chat_per_s:g} message a second, burst {s.chat_burst:g}, of 4,000 characters; kept {s.message_days} days",
        f"{s.max_series:,} (1.6 GiB at most with all windows full)",
        f"{s.max_series_bytes // kib} KiB of text each",
        f"{s.max_documents:,} of {s.max_document_bytes // kib} KiB",
        f"| {s.journal_max_mib} MiB |",
    ):
        assert said in section, said
