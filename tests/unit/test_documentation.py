"""What the docs say is what the code does."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path

from dashboard.domain.position import Position
from dashboard.entries.samples import encode_samples
from dashboard.journal.port import Entry
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.settings import Settings

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


def memory_of(series: Series) -> int:
    columns = [series.seqs, series.times, series.values]
    for buckets in (series.fine, series.coarse):
        columns += [buckets.slots, buckets._mins, buckets._maxs, buckets._sums, buckets._counts]
        columns.append(buckets)  # type: ignore[arg-type]
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
