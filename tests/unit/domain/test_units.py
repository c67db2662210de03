from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.domain.units import BY_LAST_WORD, guess_unit


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("node_memory_MemAvailable_bytes", "B"), ("process_cpu_seconds_total", "s"), ("http_request_duration_seconds_sum", "s"),
        ("http_request_duration_seconds_count", ""), ("http_request_duration_seconds_bucket", ""), ("node_boot_time_seconds", ""),
        ("process_start_time_seconds", ""), ("backup_last_success_timestamp_seconds", ""), ("http_response_time_seconds", "s"),
        ("mem_used_percent", "%"), ("mem_used", "B"), ("mem_commit_limit", "B"), ("mem_swap_free", "B"), ("mem_huge_pages_free", ""),
        ("disk_used", "B"), ("cpu_usage_idle", "%"), ("net_bytes_recv", "B"),
        ("_C_value", "°C"), ("kWh_value", "kWh"), ("W_value", "W"), ("m_value", ""), ("__value", ""), ("percent_value", "%"),
        ("x_kWh_value", ""),
        ("ping_average_response_ms", "ms"), ("system_uptime", "s"), ("diskio_read_time", "ms"), ("docker_container_cpu_usage_percent", "%"),
        ("interface_if_octets_rx", "B"), ("memory", "B"), ("df_df_complex", "B"), ("cpu_percent", "%"), ("sensor.temperature", ""),
        ("kitchen_temperature", "°C"), ("orders", ""), ("cpu_usage", ""), ("system_load1", ""), ("queue_length", ""), ("bytes", "B"),
        ("api.latency_ms_p99", "ms"), ("", ""),
    ],
)  # fmt: skip
def test_the_unit_follows_from_the_name_where_it_says_so(name: str, unit: str) -> None:
    assert guess_unit(name) == unit


def test_the_table_stands_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "feeders.md").read_text()
    for word in BY_LAST_WORD:
        assert f"`_{word}`" in text, word
