"""Health, status and list of groups of a Pushgateway, and deletion of all groups.

Source: the Pushgateway's README, "Query API", "Management API" and "Admin API".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from dashboard.intake.push_groups import PushGroups
from dashboard.query.push_listing import describe_group, labels_of
from dashboard.replication.replicas import Replicas
from dashboard.web.feed.open_handler import OpenHandler
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.parts import write_parts

_STARTED = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class GroupServices(NamedTuple):
    """Services of the routes that list or delete a Pushgateway's groups."""

    groups: PushGroups
    replicas: Replicas


class PushHealthHandler(OpenHandler):
    """``GET /-/healthy`` and ``/-/ready``: 200 as long as the process answers."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("OK")


class PushStatusHandler(OpenHandler):
    """``GET /api/v1/status``: the start time, no flags, and a fixed version, because this server is not a Pushgateway."""

    def get(self) -> None:
        data = {"flags": {}, "start_time": _STARTED, "build_information": {"version": "1.11.0"}}
        self.write_json({"status": "success", "data": data})


class PushGroupsHandler(BaseHandler[GroupServices]):
    """``GET /api/v1/metrics``: each group with its metrics."""

    async def get(self) -> None:
        groups, replicas = self.services
        await groups.catch_up()
        async with replicas.wanted(()) as followed:
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.write(b'{"status":"success","data":[')
            for number, (group, keys) in enumerate(groups.every()):
                self.write(b"," if number else b"")
                await write_parts(self, describe_group(group, keys, followed))
        self.finish(b"]}")


class PushWipeHandler(BaseHandler[GroupServices]):
    """``PUT /api/v1/admin/wipe``: end all groups."""

    async def put(self) -> None:
        groups = self.services.groups
        for labels, _ in list(groups.every()):
            await groups.replace(labels_of(labels), (), caller=self.caller)
        self.set_status(202)
        self.clear_header("Content-Type")
        self.finish()
