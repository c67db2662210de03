"""Our answers equal those that Prometheus 3 gave over the same samples."""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter

from tests.promql import generator, whole_buckets
from tests.promql.compare import compact, difference
from tests.promql.judge import RECORDED, RECORDED_BUCKETS, SEED, cases, parameters
from tests.promql.replay import ask, replica_of
from tests.promql.samples import RECORDED_MS, lines


def test_every_recorded_answer_of_prometheus_is_ours() -> None:
    recorded = json.loads(lzma.decompress(RECORDED.read_bytes()))
    assert [[query, bool(over)] for query, over, _ in recorded] == [[case["q"], case["r"]] for case in cases(SEED)]
    replica, different = replica_of(lines(RECORDED_MS), RECORDED_MS), []
    for query, over, theirs in recorded:
        route, fields = parameters({"q": query, "r": bool(over)}, RECORDED_MS)
        if found := difference(theirs, compact(ask(replica, route, fields)), query):
            different.append(f"{route} {query}: {found}")
    assert different == []


def test_over_whole_buckets_beyond_the_raw_window_the_answers_of_prometheus_are_ours() -> None:
    recorded = json.loads(lzma.decompress(RECORDED_BUCKETS.read_bytes()))
    assert [query for query, _, _ in recorded] == [case["q"] for case in whole_buckets.cases()]
    assert sum(bool(answer["r"]) for _, _, answer in recorded) >= 1_200
    series, different = lines(RECORDED_MS), []
    replica = replica_of(series, RECORDED_MS, whole_buckets.WINDOWS)
    kept = sum(len(each.times) for each in replica.table)
    assert kept < sum(len(line.samples) for line in series) / 3
    for query, _, theirs in recorded:
        route, fields = whole_buckets.parameters({"q": query}, RECORDED_MS)
        if found := difference(theirs, compact(ask(replica, route, fields)), query):
            different.append(f"{query}: {found}")
    assert different == []


def test_most_recorded_answers_have_values_and_all_kinds_of_errors_and_notes_stand_among_them() -> None:
    recorded = json.loads(lzma.decompress(RECORDED.read_bytes()))
    kinds = Counter(answer.get("e") or ("values" if answer["r"] else "nothing") for _, _, answer in recorded)
    assert kinds["values"] > 1_500
    assert kinds["bad_data"] > 30
    assert kinds["execution"] > 10
    notes = {note for _, _, answer in recorded for field in "wi" for note in answer.get(field, ())}
    assert len(notes) >= 4


def test_every_function_operator_and_modifier_stands_ten_times_in_the_generated_expressions() -> None:
    texts = generator.Generator(SEED).expressions(14)
    assert len(set(texts)) >= 1_500
    words = Counter(word for text in set(texts) for word in set(re.findall(r"[a-z_0-9]+(?=\s*\()|[a-z_]+", text)))
    named = [*generator.ELEMENTWISE, *generator.WINDOWED, *generator.AGGREGATIONS, *generator.SETS, "atan2"]
    named += [
        "clamp",
        "clamp_max",
        "clamp_min",
        "histogram_fraction",
        "histogram_quantile",
        "label_join",
        "label_replace",
        "pi",
    ]
    named += ["predict_linear", "quantile_over_time", "scalar", "time", "vector", "offset", "start", "end", "bool"]
    named += ["on", "ignoring", "group_left", "group_right", "by", "without"]
    assert [name for name in named if words[name] < 10] == []
    for sign in (*generator.ARITHMETIC, *generator.COMPARISONS, "@", ":"):
        assert sum(sign in text for text in set(texts)) >= 10, sign
