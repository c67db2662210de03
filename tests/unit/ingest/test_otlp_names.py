from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_names import label_name, labels_of, metric_name, shown_unit


@pytest.mark.parametrize(
    ("name", "unit", "monotonic", "gauge", "expected"),
    [
        ("http.server.duration", "ms", False, False, "http_server_duration_milliseconds"),
        ("process.io", "By", True, False, "process_io_bytes_total"),
        ("requests.total", "{request}", True, False, "requests_total"),
        ("net.rate", "By/s", False, True, "net_rate_bytes_per_second"),
        ("cpu.utilization", "1", False, True, "cpu_utilization_ratio"),
        ("disk_bytes", "By", False, True, "disk_bytes"),
        ("9lives", "", False, True, "_9lives"),
        ("a..b//c", "", False, True, "a_b_c"),
    ],
)
def test_a_metric_is_called_as_prometheus_would(
    name: str, unit: str, monotonic: bool, gauge: bool, expected: str
) -> None:
    assert metric_name(name, unit, monotonic=monotonic, gauge=gauge) == expected


def test_a_name_may_stay_as_it_was_sent() -> None:
    assert metric_name("http.duration", "ms", monotonic=True, gauge=False, names="as_sent") == "http.duration"


def test_a_name_of_which_nothing_can_be_kept_is_refused() -> None:
    with pytest.raises(Invalid):
        metric_name("…", "s", monotonic=False, gauge=False)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("By", "B"), ("MBy", "MB"), ("ms", "ms"), ("us", "µs"), ("bytes", "B"), ("milliseconds", "ms"), ("rows", "rows"),
        ("1", None), ("{request}", None), (7, None),
    ],
)  # fmt: skip
def test_a_unit_is_shown_by_its_symbol(sent: object, shown: str | None) -> None:
    assert shown_unit(sent) == shown


@pytest.mark.parametrize(("name", "label"), [("host.name", "host_name"), ("0x", "key_0x"), ("", "_"), ("a--b", "a_b")])
def test_an_attribute_becomes_a_label(name: str, label: str) -> None:
    assert label_name(name) == label


def test_attributes_of_one_name_are_one_label_and_those_that_are_taken_are_exported() -> None:
    assert labels_of([("a.b", "2"), ("a-b", "1"), ("c", "3")]) == {"a_b": "1;2", "c": "3"}
    assert labels_of([("job", "own"), ("x", "1")], {"job": "service"}) == {"exported_job": "own", "x": "1"}
