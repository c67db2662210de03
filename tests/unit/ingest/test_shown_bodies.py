from __future__ import annotations

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from dashboard.ingest.shown_bodies import otlp_names, remote_write_names
from tests.support.write_request import encode, snappy

T = 1_700_000_000_000


def test_the_first_names_of_an_otlp_body_are_found_also_if_it_is_cut_off() -> None:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    metrics = resource.scope_metrics.add().metrics
    for number in range(900):
        metrics.add(name=f"m.{number}").gauge.data_points.add(as_double=1)
    metrics[1].name = "温度"
    data = bytes(request.SerializeToString())
    assert otlp_names(data) == otlp_names(data[:512]) == ["m.0", "温度", "m.2", "m.3", "m.4"]
    assert otlp_names(b"") == otlp_names(b"\xff" * 100) == otlp_names(b"{}") == []


def test_the_first_names_of_a_remote_write_body_are_found() -> None:
    data = snappy(encode([({"__name__": "up", "job": "a"}, [(1, T)]), ({"__name__": "down"}, [(2, T)])]))
    assert remote_write_names(data) == ["up", "down"]
    assert remote_write_names(data[:-3]) == remote_write_names(b"no snappy") == []
    symbols = b"".join(b"\x22" + bytes([len(each)]) + each for each in (b"", b"__name__", b"up", b"job"))
    assert remote_write_names(snappy(symbols)) == ["up", "job"]
