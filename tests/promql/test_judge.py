"""A real Prometheus 3 beside this server, both by HTTP, with a seed of the day: nightly, where the program is."""

from __future__ import annotations

import os
import time

import pytest

from tests.promql.judge import compare

pytestmark = pytest.mark.gen_test(timeout=600)


@pytest.mark.skipif(
    not (os.environ.get("NIGHTLY") and os.environ.get("PROMETHEUS")),
    reason="nightly, with the path of a Prometheus 3 in the variable PROMETHEUS",
)
async def test_no_answer_differs_from_prometheus_but_for_a_magnified_last_digit() -> None:
    different, magnified = await compare(os.environ["PROMETHEUS"], int(time.time()) // 86_400)
    assert (different, magnified <= 20) == (0, True)
