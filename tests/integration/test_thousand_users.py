"""Two workers with Redis under a thousand users at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dashboard.domain.identity import Role
from tests.integration.test_people_over_workers import USERS, Page, page, run, served
from tests.support.cluster import Cluster
from tests.support.deadline import within
from tests.support.pulse import seconds_since, waited_for_core_s


@pytest.fixture
def thousand(tmp_path: Path) -> Iterator[tuple[Cluster, dict[str, str]]]:
    crowd = {f"u{number:04d}": Role.VIEWER for number in range(1_000)}
    with served(tmp_path, USERS | crowd) as company:
        yield company


@pytest.mark.alone
@pytest.mark.timeout(90)
def test_a_thousand_users_join_within_5_s_and_all_of_them_hear_what_is_said(
    thousand: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = thousand
    users = [name for name in tokens if name.startswith("u")]

    async def join(number: int, stack: AsyncExitStack) -> Page:
        name = users[number % len(users)]
        return await page(stack, cluster.direct_ports[number % 2], name, tokens[name])

    async def all_join(stack: AsyncExitStack) -> None:
        began, before = time.monotonic(), {pid: waited_for_core_s(pid) for pid in cluster.pids().values()}
        pages: list[Page] = []
        for start in range(0, 1_000, 100):
            pages += await asyncio.gather(*(join(start + number, stack) for number in range(100)))
        took = seconds_since(began)
        waited = max(waited_for_core_s(pid) - already for pid, already in before.items())
        bob = await page(stack, cluster.port, "bob", tokens["bob"])
        await bob.ask("message", roomId="host", text="welcome", key="all")
        ack = await bob.next("ack", key="all")
        await asyncio.gather(*(each.next("message", timeout_s=10, messageId=ack["messageId"]) for each in pages))
        print(f"1,000 users joined in {took:.1f} s, in which a worker waited {waited:.1f} s for a core")
        within(took - waited, 5, "1,000 users join")

    run(all_join)
